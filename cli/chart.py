"""Line charts in a terminal, eight dots a character (Unicode's braille patterns)."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # by column and row of a character
_COLORS = (36, 33, 35, 32, 34, 31)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_GREATEST = 8e307  # the difference of two such values is still a number
_PLAIN = dict.fromkeys(range(0x2801, 0x2900), "*") | str.maketrans("┤│└─┴·⠀", "||+-+- ")


class Line(NamedTuple):
    """One line of a chart.

    Attributes:
        label: What it is.
        xs: Ascending.
        ys: As many; what is not a finite number leaves a gap.
    """

    label: str
    xs: Sequence[float]
    ys: Sequence[float]


class _Axis(NamedTuple):
    """Numbers on an axis that has so many dots."""

    low: float
    high: float
    dots: int

    def dot(self, value: float) -> int:
        return round((value - self.low) / (self.high - self.low) * (self.dots - 1))

    def at(self, share: float) -> float:
        return self.low + share * (self.high - self.low)


def chart(
    lines: Sequence[Line],
    *,
    width: int,
    height: int,
    log: bool = False,
    x_text: Callable[[float], str] = "{:,.0f}".format,
    color: bool = False,
) -> list[str]:
    """The chart of `lines`, and a legend.

    Args:
        lines: What is drawn.
        width: Characters in all.
        height: Characters of the plot itself, 3 at least.
        log: Whether the vertical axis is logarithmic; values of 0 and less leave gaps.
        x_text: Shows a number of the horizontal axis.
        color: Whether lines have colors.
    """
    drawn = [list(_finite(line, log)) for line in lines]
    points = [point for line in drawn for point in line if point is not None]
    if not points:
        return ["no finite values" + (" above 0" if log else ""), *_legend(lines, color)]
    ys = _axis([y for _, y in points], 4 * height)
    middle = (height - 1) // 2
    labels = _labels([ys.at(1 - row / (height - 1)) for row in (0, middle, height - 1)], log)
    margin = max(map(len, labels))
    columns = max(10, width - margin - 2)
    xs = _axis([x for x, _ in points], 2 * columns)
    rows = _Canvas(columns, height).draw(drawn, xs, ys, color)
    shown = dict(zip((0, middle, height - 1), labels, strict=True))
    body = [
        f"{shown.get(row, ''):>{margin}} {'┤' if row in shown else '│'}{text}"
        for row, text in enumerate(rows)
    ]
    ends = [x_text(xs.at(share)) for share in (0, 0.5, 1)]
    inside = columns - len(ends[0]) - len(ends[2])
    below = ends[0] + (ends[1].center(inside) if len(ends[1]) < inside else " " * inside) + ends[2]
    indent = " " * (margin + 1)
    return [*body, f"{indent}└{'─' * columns}", f"{indent} {below}", *_legend(lines, color)]


def plain(text: str) -> str:
    """The same in ASCII.

    >>> plain("0.5 ┤⠁⠀⢀")
    '0.5 |* *'
    """
    return text.translate(_PLAIN)


class _Canvas:
    def __init__(self, columns: int, rows: int) -> None:
        self._columns, self._rows = columns, rows
        self._dots = [[0] * columns for _ in range(rows)]
        self._owner = [[0] * columns for _ in range(rows)]

    def draw(
        self, lines: Sequence[list[tuple[float, float] | None]], xs: _Axis, ys: _Axis, color: bool
    ) -> list[str]:
        """The rows of the plot, with each line's letter where it ends if there are several."""
        ends: list[tuple[int, int, int]] = []
        for number, line in enumerate(lines):
            last: tuple[int, int] | None = None
            for point in _strokes(line, xs, ys):
                if point is not None:
                    self._stroke(last or point, point, number)
                    ends[number:] = [(*point, number)]
                last = point
            if len(ends) <= number:
                ends.append((-1, -1, number))
        letters = {
            (self._rows - 1 - y // 4, x // 2): number
            for x, y, number in ends
            if x >= 0 and len(lines) > 1
        }
        return [
            "".join(self._cell(row, column, letters, color) for column in range(self._columns))
            for row in range(self._rows)
        ]

    def _stroke(self, one: tuple[int, int], other: tuple[int, int], owner: int) -> None:
        """Dots from one to the other."""
        steps = max(abs(other[0] - one[0]), abs(other[1] - one[1]), 1)
        for step in range(steps + 1):
            x = one[0] + round(step * (other[0] - one[0]) / steps)
            y = one[1] + round(step * (other[1] - one[1]) / steps)
            row, column = self._rows - 1 - y // 4, x // 2
            self._dots[row][column] |= _BITS[x % 2][3 - y % 4]
            self._owner[row][column] = owner

    def _cell(self, row: int, column: int, letters: dict[tuple[int, int], int], color: bool) -> str:
        number = letters.get((row, column))
        if number is not None:
            return _painted(_letter(number), number, color)
        dots = self._dots[row][column]
        text = chr(0x2800 + dots) if dots else " "
        return _painted(text, self._owner[row][column], color and bool(dots))


def _finite(line: Line, log: bool) -> Iterator[tuple[float, float] | None]:
    """The points that can be drawn; None for a gap."""
    for x, y in zip(line.xs, line.ys, strict=True):
        if not math.isfinite(y) or (log and y <= 0):
            yield None
        else:
            yield x, math.log10(y) if log else max(-_GREATEST, min(_GREATEST, y))


def _axis(values: Sequence[float], dots: int) -> _Axis:
    low, high = min(values), max(values)
    if low == high:
        more = abs(low) / 10 or 1.0
        return _Axis(low - more, high + more, dots)
    return _Axis(low, high, dots)


def _strokes(
    line: list[tuple[float, float] | None], xs: _Axis, ys: _Axis
) -> Iterator[tuple[int, int] | None]:
    """The dots that a line goes through; of those in one column no more than four."""
    column, found = -1, list[int]()
    for point in [*line, None]:
        x = xs.dot(point[0]) if point else -1
        if x != column and found:
            yield from ((column, y) for y in (found[0], min(found), max(found), found[-1]))
            found = []
        column = x
        if point:
            found.append(ys.dot(point[1]))
        else:
            yield None


def _labels(values: Sequence[float], log: bool) -> list[str]:
    """As few digits as tell them apart."""
    shown = [10 ** min(value, 308) for value in values] if log else list(values)
    for digits in range(3, 17):
        texts = [f"{value:.{digits}g}" for value in shown]
        if len(set(texts)) == len(texts):
            break
    return texts


def _legend(lines: Sequence[Line], color: bool) -> list[str]:
    several = len(lines) > 1
    return [
        (_painted(_letter(number), number, color) + "  " if several else "") + line.label
        for number, line in enumerate(lines)
    ]


def _letter(number: int) -> str:
    return _LETTERS[number % len(_LETTERS)]


def _painted(text: str, number: int, color: bool) -> str:
    return f"\x1b[{_COLORS[number % len(_COLORS)]}m{text}\x1b[0m" if color else text
