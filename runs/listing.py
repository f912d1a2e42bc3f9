"""The runs of a root: those that fulfil a condition, newest first or sorted."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kerasrun.runs.errors import UnreadableRun, UsageError, did_you_mean
from kerasrun.runs.fields import UNDEFINED, check_known, field, sort_key
from kerasrun.runs.ids import is_run_id
from kerasrun.runs.outcome import describe
from kerasrun.runs.run import Run, read_run
from kerasrun.runs.status import ACTIVE, ENDED
from kerasrun.runs.where import where as parse_where

_STATES = {"active": ACTIVE, "ended": ENDED}


@dataclass(frozen=True)
class Listing:
    """The runs of a root.

    Attributes:
        runs: Those that were asked for and could be read, newest first or as sorted.
        unreadable: What is wrong with the others.
        matched: How many would be listed without a limit; those that cannot be read among them.
        total: How many runs the root holds.
    """

    runs: list[Run]
    unreadable: list[UnreadableRun]
    matched: int
    total: int


def run_ids(root: Path) -> list[str]:
    """The ids of all runs under `root`, newest first; reads no run.

    Raises:
        UsageError: The folder is not ours to read.
    """
    return ids_in(root, is_run_id, "the runs")


def ids_in(root: Path, is_id: Callable[[str], bool], what: str) -> list[str]:
    """The names under `root` that are ids of a kind, newest first; none where there is no folder.

    Raises:
        UsageError: The folder is not ours to read: `what` cannot be listed.
    """
    try:
        names = [entry.name for entry in root.iterdir() if is_id(entry.name)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise UsageError(f"cannot list {what}: {describe(error)}") from error
    return sorted(names, reverse=True)


def list_runs(
    root: Path,
    *,
    limit: int | None = None,
    where: str | None = None,
    states: Collection[str] = (),
    sort: Sequence[str] = (),
) -> Listing:
    """Reads the runs under `root`; damage hides no other run.

    Args:
        root: Where the runs live.
        limit: How many at most; None: all.
        where: A condition, see `kerasrun.runs.where`.
        states: Only runs of these states: one of `kerasrun.runs.status`, `active` or `ended`.
        sort: Fields to sort by, see `kerasrun.runs.fields`; with `-` before it the greatest first.
            None: the newest first.

    Raises:
        UsageError: A condition, a state or a field is wrong.
    """
    wanted = _wanted_states(states)
    condition = None if where is None else parse_where(where)
    every_id = run_ids(root)
    reads_all = condition is not None or bool(wanted) or bool(sort)
    found, unreadable = read_runs(every_id if reads_all else every_id[:limit], root)
    if wanted:
        found = [run for run in found if run.status.state in wanted]
    if condition:
        found = condition.of(found)
    if sort:
        found = sorted_runs(found, sort)
    matched = len(found) + len(unreadable) if reads_all else len(every_id)
    return Listing(found[:limit], unreadable, matched, len(every_id))


def sorted_runs(runs: Sequence[Run], keys: Sequence[str]) -> list[Run]:
    """By fields, the first first; `-loss` has the greatest first. What lacks one comes last.

    Raises:
        UsageError: No run has such a field.
    """
    found = list(runs)
    for key in reversed(keys):
        one = field(key.removeprefix("-"))
        check_known([one], found)
        values = {run.id: one.of(run) for run in found}
        there = [run for run in found if values[run.id] is not UNDEFINED]
        lacking = [run for run in found if values[run.id] is UNDEFINED]
        ordered = sorted(
            there, key=lambda run: sort_key(values[run.id]), reverse=key.startswith("-")
        )
        found = ordered + lacking
    return found


def _wanted_states(states: Collection[str]) -> set[str]:
    known = {*ACTIVE, *ENDED, *_STATES}
    for state in states:
        if state not in known:
            raise UsageError(
                f"there is no status {state!r}; there are {', '.join((*ACTIVE, *ENDED))}, active "
                f"and ended.{did_you_mean(state, known)}"
            )
    return {one for state in states for one in _STATES.get(state, (state,))}


def read_runs(every_id: Iterable[str], root: Path) -> tuple[list[Run], list[UnreadableRun]]:
    """Reads the runs of these ids; returns them, and what is wrong with the others."""
    runs: list[Run] = []
    unreadable: list[UnreadableRun] = []
    for run_id in every_id:
        try:
            runs.append(read_run(root / run_id))
        except UnreadableRun as error:
            unreadable.append(error)
        except FileNotFoundError:  # removed meanwhile
            continue
    return runs, unreadable
