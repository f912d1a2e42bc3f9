"""The trials of a CSV file: a column for each parameter, a row for each trial."""

import csv
from pathlib import Path

from kerasrun.runs.errors import UsageError
from kerasrun.runs.outcome import describe
from kerasrun.runs.sweep.space import Params

SEED = "seed"


def read_trials(path: Path) -> list[tuple[Params, int | None]]:
    """The parameters of each row, and its seed where there is a column `seed`.

    An empty cell leaves its parameter at its default.

    Raises:
        UsageError: The file cannot be read, or is no table of parameters.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file) if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"--trials {path}: {describe(error)}") from error
    if len(rows) < 2:
        raise UsageError(f"--trials {path}: expected a header of parameters and a row each trial")
    header = [name.strip() for name in rows[0]]
    for name in header:
        if not name.isidentifier():
            raise UsageError(f"--trials {path}: column {name!r} is not the name of a parameter")
    if len(set(header)) < len(header):
        raise UsageError(f"--trials {path}: a column comes twice in {', '.join(header)}")
    return [_trial(path, number, header, row) for number, row in enumerate(rows[1:], 1)]


def _trial(path: Path, number: int, header: list[str], row: list[str]) -> tuple[Params, int | None]:
    if len(row) != len(header):
        raise UsageError(
            f"--trials {path}: row {number} has {len(row)} cells, the header {len(header)}"
        )
    given = {name: cell.strip() for name, cell in zip(header, row, strict=True) if cell.strip()}
    text = given.pop(SEED, None)
    if text is None:
        return given, None
    if not text.isdecimal() or int(text) >= 2**32:
        raise UsageError(
            f"--trials {path}: row {number}: seed {text!r} is no number from 0 to 2^32-1"
        )
    return given, int(text)
