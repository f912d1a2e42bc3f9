"""A chart of a report: an inline picture (SVG), and its points for those who hover over it."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from kerasrun.cli.html import Markup, element

WIDTH, HEIGHT = 640, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 12, 12, 30
_WIDE = 30.0  # the greatest to the least value
_DOTTED_BELOW = 30  # points
COLORS = 10


class Shown(NamedTuple):
    """A line of a chart.

    Attributes:
        label: What it is.
        color: Which of the colors.
        pale: Whether it stands back.
        xs: Ascending steps.
        ys: As many values; one that is not finite leaves a gap.
    """

    label: str
    color: int
    pale: bool
    xs: Sequence[float]
    ys: Sequence[float]


class _Box(NamedTuple):
    """The ranges of both axes; of a logarithmic one, of the logarithms."""

    x0: float
    x1: float
    y0: float
    y1: float
    log: bool

    def x(self, value: float) -> float:
        share = (value - self.x0) / (self.x1 - self.x0)
        return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        share = ((math.log10(value) if self.log else value) - self.y0) / (self.y1 - self.y0)
        return round(HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM), 1)


def chart(title: str, lines: Sequence[Shown], number: int, *, log: bool = False) -> Markup:
    """The picture of some lines.

    Args:
        title: Of what.
        lines: These.
        number: Of the chart, by which the points are found.
        log: Whether the vertical axis is logarithmic where the values are far apart.
    """
    box = _box_of(lines, log)
    if box is None:
        picture = element("p", "no finite values", class_="muted")
    else:
        picture = element(
            "svg",
            *_axes(box),
            *[_line(line, box) for line in lines],
            element("g", class_="hover"),
            viewBox=f"0 0 {WIDTH} {HEIGHT}",
            role="img",
            aria_label=title,
            data_chart=str(number),
        )
    scale = element("small", "logarithmic") if box and box.log else None
    return element("figure", element("figcaption", title, scale), picture)


def points_of(lines: Sequence[Shown], *, log: bool = False) -> dict[str, Any]:
    """What the script needs to tell values: the box, and the points where they are drawn."""
    box = _box_of(lines, log)
    if box is None:
        return {}
    return {
        "x": [box.x0, box.x1, _LEFT, WIDTH - _RIGHT],
        "y": [box.y0, box.y1, HEIGHT - _BOTTOM, _TOP],
        "log": box.log,
        "lines": [
            {
                "label": line.label,
                "color": line.color,
                "xs": [x for x, y in zip(line.xs, line.ys, strict=True) if math.isfinite(y)],
                "ys": [float(f"{y:.6g}") for y in line.ys if math.isfinite(y)],
            }
            for line in lines
        ],
    }


def thinned(xs: Sequence[float], ys: Sequence[float], most: int) -> tuple[list[float], list[float]]:
    """At most about so many points: the least and the greatest of each stretch, and both ends.

    >>> thinned([0, 1, 2, 3, 4, 5], [0.0, 9.0, 1.0, 1.0, -9.0, 2.0], 4)
    ([0, 1, 4, 5], [0.0, 9.0, -9.0, 2.0])
    """
    if len(xs) <= most:
        return list(xs), list(ys)
    size = math.ceil(2 * len(xs) / most)
    kept = {0, len(xs) - 1}
    for start in range(0, len(xs), size):
        stretch = range(start, min(len(xs), start + size))
        finite = [place for place in stretch if math.isfinite(ys[place])]
        gaps = [place for place in stretch if not math.isfinite(ys[place])]
        kept |= (
            {min(finite, key=ys.__getitem__), max(finite, key=ys.__getitem__)} if finite else set()
        )
        kept |= set(gaps[:1])
    places = sorted(kept)
    return [xs[place] for place in places], [ys[place] for place in places]


def _box_of(lines: Sequence[Shown], log: bool) -> _Box | None:
    points = [
        (x, y)
        for line in lines
        for x, y in zip(line.xs, line.ys, strict=True)
        if math.isfinite(y) and abs(y) < 1e307
    ]
    if not points:
        return None
    xs, ys = zip(*points, strict=True)
    if log and min(ys) > 0 and max(ys) / min(ys) > _WIDE:
        return _Box(*_range(xs), *_range([math.log10(y) for y in ys]), True)
    return _Box(*_range(xs), *_range(ys), False)


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    more = (high - low) * 0.02 if high > low else abs(low) / 10 or 1.0
    return low - more, high + more


def _axes(box: _Box) -> list[Markup]:
    parts = []
    for value in _log_ticks(box.y0, box.y1) if box.log else ticks(box.y0, box.y1, 5):
        y = box.y(value)
        parts.append(element("line", x1=_LEFT, x2=WIDTH - _RIGHT, y1=y, y2=y, class_="grid"))
        parts.append(element("text", _tick_text(value), x=_LEFT - 8, y=y + 4, class_="y"))
    for value in ticks(box.x0, box.x1, 6):
        parts.append(element("text", _tick_text(value), x=box.x(value), y=HEIGHT - 10, class_="x"))
    return parts


def _log_ticks(low: float, high: float) -> list[float]:
    """Of an axis of logarithms: powers of ten, and twice and five times them on a short one."""
    powers = range(math.floor(low), math.ceil(high) + 1)
    every = max(1, math.ceil(len(powers) / 6))
    factors = (1, 2, 5) if high - low < 3 else (1,)
    shown = [float(f"{factor}e{power}") for power in powers[::every] for factor in factors]
    return [value for value in shown if low <= math.log10(value) <= high]


def ticks(low: float, high: float, about: int) -> list[float]:
    """Round numbers between `low` and `high`.

    >>> ticks(0.13, 0.61, 5)
    [0.2, 0.3, 0.4, 0.5, 0.6]
    """
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(
        power * factor for factor in (1, 2, 2.5, 5, 10, 20) if power * factor >= rough * 0.9
    )
    first = math.ceil(low / step)
    return [float(f"{number * step:.12g}") for number in range(first, math.floor(high / step) + 1)]


def _tick_text(value: float) -> str:
    """Short, and exact for the round number that a tick is."""
    if value and not 1e-4 <= abs(value) < 1e6:
        return f"{value:.3g}"
    return f"{value:,.10g}"


def _line(line: Shown, box: _Box) -> Markup:
    points = [
        (box.x(x), box.y(y)) if math.isfinite(y) and abs(y) < 1e307 else None
        for x, y in zip(line.xs, line.ys, strict=True)
    ]
    pen, way = "M", []
    for point in points:
        if point is not None:
            way.append(f"{pen}{point[0]:g} {point[1]:g}")
        pen = "M" if point is None else "L"
    dots = [point for point in points if point] if len(points) < _DOTTED_BELOW else []
    return element(
        "g",
        element("title", line.label),
        element("path", d="".join(way)),
        *[element("circle", cx=x, cy=y, r=3) for x, y in dots],
        class_=f"line c{line.color % COLORS}" + (" pale" if line.pale else ""),
    )
