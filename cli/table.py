"""Tables in plain text: they are read by people, and by `awk`."""

import re
from collections.abc import Sequence

_NUMBER = re.compile(r"-?[\d,.:]+(e[-+]\d+)?[a-z]?")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of columns, two blanks apart; a column of numbers is set to the right.

    >>> table(["RUN", "STEP"], [["a", "1,000"], ["b", "20"]])
    ['RUN   STEP', 'a    1,000', 'b       20']
    """
    cells = [list(header), *[list(row) for row in rows]]
    columns = list(zip(*cells, strict=True))
    widths = [max(len(cell) for cell in column) for column in columns]
    right = [_is_numeric(column[1:]) for column in columns]
    return [
        "  ".join(
            cell.rjust(width) if numeric else cell.ljust(width)
            for cell, width, numeric in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in cells
    ]


def _is_numeric(cells: Sequence[str]) -> bool:
    said = [cell for cell in cells if cell != "-"]
    return bool(said) and all(_NUMBER.fullmatch(cell) for cell in said)
