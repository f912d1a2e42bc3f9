"""Finding the run that an id, a name, `@last`, `@best:METRIC` or `@running` means."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from kerasrun.runs.errors import AmbiguousRun, NoSuchRun, UnreadableRun
from kerasrun.runs.fields import UNDEFINED, check_known, field
from kerasrun.runs.listing import list_runs, read_runs, run_ids
from kerasrun.runs.run import Run, read_run
from kerasrun.runs.sweep.find import SweepGiven, sweep_meant, with_trials

_LEAST_CHARACTERS = 4
_LAST = re.compile(r"@last(?:~(\d+))?")
_BEST = re.compile(r"@best:(.+?)(?::(min|max))?")
_LESS_IS_BETTER = ("loss", "error", "mae", "mse", "rmse", "mape", "divergence", "perplexity")


def find_run(asked: str, root: Path) -> Run:
    """The run that `asked` means.

    Args:
        asked: A whole id, a prefix or suffix of one with at least 4 characters, a name, `@last`,
            `@last~1` for the one before, `@best:METRIC` (`:min` or `:max` after it says which is
            better), or `@running`.
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


def find_runs(
    asked: Sequence[str],
    root: Path,
    *,
    where: str | None = None,
    unreadable: Callable[[UnreadableRun], None] = lambda _: None,
) -> list[Run]:
    """The runs that are named, each once and in this order, then those that fulfil a condition.

    Args:
        asked: As for `find_run`, each; a sweep stands for its trials.
        root: Where the runs live.
        where: A condition, see `kerasrun.runs.where`.
        unreadable: Told of each run of which nobody knows whether it fulfils that.

    Raises:
        NoSuchRun, AmbiguousRun, UnreadableRun: As `find_run`.
        UsageError: The condition is wrong.
    """
    found = {run.id: run for run in (find_run(one, root) for one in with_trials(asked, root))}
    if where is not None:
        listing = list_runs(root, where=where)
        found |= {run.id: run for run in listing.runs if run.id not in found}
        for error in listing.unreadable:
            unreadable(error)
    return list(found.values())


def find_id(asked: str, root: Path) -> str:
    """The whole id of the run that `asked` means, as `find_run`."""
    every_id = run_ids(root)
    if asked in every_id:
        return asked
    if last := _LAST.fullmatch(asked):
        return _nth_newest(asked, every_id, int(last[1] or 0), root)
    if asked == "@running":
        return _only_running(asked, every_id, root)
    if best := _BEST.fullmatch(asked):
        return _best(asked, best[1], best[2], every_id, root)
    matches = _by_part_of_id(asked, every_id) or _by_name(asked, every_id, root)
    if not matches:
        if sweep := sweep_meant(asked, root):
            raise SweepGiven(sweep)
        names = {run.name for run in _readable(every_id, root) if run.name}
        raise NoSuchRun(asked, str(root), names | set(every_id))
    if len(matches) > 1:
        raise AmbiguousRun(asked, matches)
    return matches[0]


def _nth_newest(asked: str, every_id: list[str], back: int, root: Path) -> str:
    if back >= len(every_id):
        raise NoSuchRun(asked, str(root))
    return every_id[back]


def _only_running(asked: str, every_id: list[str], root: Path) -> str:
    active = [run.id for run in _readable(every_id, root) if run.status.active]
    if not active:
        raise NoSuchRun(asked, str(root))
    if len(active) > 1:
        raise AmbiguousRun(asked, active)
    return active[0]


def _best(asked: str, metric: str, direction: str | None, every_id: list[str], root: Path) -> str:
    one = field(f"metric:{metric}")
    runs = _readable(every_id, root)
    check_known([one], runs)
    scored = [(run, one.of(run)) for run in runs]
    scored = [(run, score) for run, score in scored if score is not UNDEFINED and score == score]
    if not scored:
        raise NoSuchRun(asked, str(root))
    least = direction == "min" if direction else less_is_better(metric)
    pick = min if least else max
    return pick(scored, key=lambda pair: pair[1])[0].id


def less_is_better(metric: str) -> bool:
    """Whether a metric of this name is a loss or an error.

    >>> less_is_better("val_loss"), less_is_better("mae"), less_is_better("accuracy")
    (True, True, False)
    """
    words = re.split(r"[^a-z]+", metric.lower())
    return any(word in words or metric.lower().endswith("_" + word) for word in _LESS_IS_BETTER)


def _by_part_of_id(asked: str, every_id: list[str]) -> list[str]:
    if len(asked) < _LEAST_CHARACTERS:
        return []
    return [run_id for run_id in every_id if run_id.startswith(asked) or run_id.endswith(asked)]


def _by_name(asked: str, every_id: list[str], root: Path) -> list[str]:
    return [run.id for run in _readable(every_id, root) if run.name == asked]


def _readable(every_id: list[str], root: Path) -> list[Run]:
    return read_runs(every_id, root)[0]
