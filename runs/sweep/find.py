"""Finding the sweep that an id, a part of one, or `@last` means; and the runs of sweeps."""

from collections.abc import Sequence
from pathlib import Path

from kerasrun.runs.errors import AmbiguousRun, NoSuchRun, RunError, did_you_mean
from kerasrun.runs.ids import is_run_id
from kerasrun.runs.listing import ids_in
from kerasrun.runs.sweep.files import SweepFiles, is_sweep_id
from kerasrun.runs.sweep.plan import read_plan

_LEAST_CHARACTERS = 4


class NoSuchSweep(NoSuchRun):
    """No sweep answers to the given id."""

    def __init__(self, asked: str, root: Path, known: Sequence[str]) -> None:
        held = f"there are {', '.join(known[:5])}" if known else "there is none"
        more = ", …" if len(known) > 5 else ""
        near = did_you_mean(asked, known)
        RunError.__init__(self, f"no sweep {asked!r} under {root}; {held}{more}.{near}")


class SweepGiven(NoSuchRun):
    """A sweep was named where one run is expected."""

    def __init__(self, files: SweepFiles) -> None:
        short = files.id[-4:]
        RunError.__init__(
            self,
            f"{files.id} is a sweep, expected one run: mlrun show {short} has those of its trials; "
            f"mlrun sweep --resume {short} goes on with it",
        )


def sweep_ids(root: Path) -> list[str]:
    """The ids of all sweeps under `root`, newest first.

    Raises:
        UsageError: The folder is not ours to read.
    """
    return ids_in(root, is_sweep_id, "the sweeps")


def find_sweep(asked: str, root: Path) -> SweepFiles:
    """The sweep that `asked` means: its id, the beginning or end of one, or `@last`.

    Raises:
        NoSuchRun: Nothing answers to it.
        AmbiguousRun: More than one does.
    """
    known = sweep_ids(root)
    if asked == "@last" and known:
        return SweepFiles(root / known[0])
    found = _matches(asked, known)
    if not found:
        raise NoSuchSweep(asked, root, known)
    if len(found) > 1:
        raise AmbiguousRun(asked, found)
    return SweepFiles(root / found[0])


def sweep_meant(asked: str, root: Path) -> SweepFiles | None:
    """The sweep that `asked` means where a run may be meant too; None: a run is.

    Raises:
        AmbiguousRun: It is part of the ids of both, or of several sweeps.
    """
    if asked.startswith("@"):
        return None
    found = _matches(asked, sweep_ids(root))
    if not found:
        return None
    runs = [one for one in _run_ids(root) if one.startswith(asked) or one.endswith(asked)]
    if len(found) + len(runs) > 1:
        raise AmbiguousRun(asked, [*found, *runs])
    return SweepFiles(root / found[0])


def with_trials(asked: Sequence[str], root: Path) -> list[str]:
    """The same names; in place of each that means a sweep, the ids of its trials' runs.

    Raises:
        AmbiguousRun: See `sweep_meant`.
        RunError: A sweep's record is damaged.
    """
    names: list[str] = []
    for one in asked:
        sweep = sweep_meant(one, root)
        names += trial_ids(sweep) if sweep else [one]
    return names


def trial_ids(files: SweepFiles) -> list[str]:
    """The ids of the runs of a sweep that are there, by the numbers of its trials.

    Raises:
        RunError: Its record is damaged.
    """
    ids = [trial.run for trial in read_plan(files).trials if trial.run]
    return [one for one in ids if (files.root / one).is_dir()]


def _matches(asked: str, known: Sequence[str]) -> list[str]:
    if asked in known:
        return [asked]
    if len(asked) < _LEAST_CHARACTERS:
        return []
    return [one for one in known if one.startswith(asked) or one.endswith(asked)]


def _run_ids(root: Path) -> list[str]:
    return [entry.name for entry in root.iterdir() if is_run_id(entry.name)]
