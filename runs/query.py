"""Finding runs: all of a root, newest first, or the one that an id, a name or `@last` means."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kerasrun.runs.errors import AmbiguousRun, NoSuchRun, UnreadableRun, UsageError
from kerasrun.runs.ids import is_run_id
from kerasrun.runs.outcome import describe
from kerasrun.runs.run import Run, read_run

_LEAST_CHARACTERS = 4
_LAST = re.compile(r"@last(?:~(\d+))?")


@dataclass(frozen=True)
class Listing:
    """The runs of a root.

    Attributes:
        runs: Those that could be read, newest first.
        unreadable: What is wrong with the others.
        total: How many runs the root holds.
    """

    runs: list[Run]
    unreadable: list[UnreadableRun]
    total: int


def run_ids(root: Path) -> list[str]:
    """The ids of all runs under `root`, newest first; reads no run.

    Raises:
        UsageError: The folder is not ours to read.
    """
    try:
        names = [entry.name for entry in root.iterdir() if is_run_id(entry.name)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise UsageError(f"cannot list the runs: {describe(error)}") from error
    return sorted(names, reverse=True)


def list_runs(root: Path, *, limit: int | None = None) -> Listing:
    """Reads the newest `limit` runs under `root` (all when None); damage hides no other run."""
    every_id = run_ids(root)
    runs: list[Run] = []
    unreadable: list[UnreadableRun] = []
    for run_id in every_id[:limit]:
        try:
            runs.append(read_run(root / run_id))
        except UnreadableRun as error:
            unreadable.append(error)
        except FileNotFoundError:  # removed meanwhile
            continue
    return Listing(runs, unreadable, len(every_id))


def find_run(asked: str, root: Path) -> Run:
    """The run that `asked` means.

    Args:
        asked: A whole id, a prefix or suffix of one with at least 4 characters, a name, `@last`,
            or `@last~1` for the one before.
        root: Where the runs live.

    Raises:
        NoSuchRun: Nothing answers to it.
        AmbiguousRun: More than one run does.
        UnreadableRun: The run's record is damaged.
    """
    folder = root / find_id(asked, root)
    try:
        return read_run(folder)
    except FileNotFoundError:  # removed meanwhile
        raise NoSuchRun(asked, str(root)) from None


def find_id(asked: str, root: Path) -> str:
    """The whole id of the run that `asked` means, as `find_run`."""
    every_id = run_ids(root)
    if asked in every_id:
        return asked
    if last := _LAST.fullmatch(asked):
        return _nth_newest(asked, every_id, int(last[1] or 0), root)
    matches = _by_part_of_id(asked, every_id) or _by_name(asked, every_id, root)
    if not matches:
        names = {run.name for run in _readable(every_id, root) if run.name}
        raise NoSuchRun(asked, str(root), names | set(every_id))
    if len(matches) > 1:
        raise AmbiguousRun(asked, matches)
    return matches[0]


def _nth_newest(asked: str, every_id: list[str], back: int, root: Path) -> str:
    if back >= len(every_id):
        raise NoSuchRun(asked, str(root))
    return every_id[back]


def _by_part_of_id(asked: str, every_id: list[str]) -> list[str]:
    if len(asked) < _LEAST_CHARACTERS:
        return []
    return [run_id for run_id in every_id if run_id.startswith(asked) or run_id.endswith(asked)]


def _by_name(asked: str, every_id: list[str], root: Path) -> list[str]:
    return [run.id for run in _readable(every_id, root) if run.name == asked]


def _readable(every_id: list[str], root: Path) -> Iterator[Run]:
    for run_id in every_id:
        try:
            yield read_run(root / run_id)
        except (UnreadableRun, FileNotFoundError):
            continue
