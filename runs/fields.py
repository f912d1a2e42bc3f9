"""What can be asked of a run by name: its params, metrics, attributes and tags.

lr, accuracy, status            a param, else a metric, else an attribute
param:lr   attr:status   tag:baseline
metric:loss                     the last value: of the evaluation, else of the training
metric:train/loss.min           of a group, and not the last: first min max step n
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from kerasrun.runs import clock
from kerasrun.runs.errors import UsageError, did_you_mean
from kerasrun.runs.run import Run


class _Undefined:
    def __repr__(self) -> str:
        return "undefined"


UNDEFINED: Final = _Undefined()
_KINDS = ("param", "metric", "attr", "tag")
_PARTS = {
    "last": "last",
    "first": "first",
    "min": "min",
    "max": "max",
    "step": "last_step",
    "min_step": "min_step",
    "max_step": "max_step",
    "n": "n",
}


def _of_last_attempt(run: Run, key: str) -> Any:
    return (run.attempts[-1].get("host") or {}).get(key) if run.attempts else None


def _of_git(run: Run, key: str) -> Any:
    return (run.record.get("git") or {}).get(key)


_ATTRIBUTES: Mapping[str, Callable[[Run], Any]] = {
    "id": lambda run: run.id,
    "name": lambda run: run.name,
    "status": lambda run: run.status.state,
    "reason": lambda run: run.status.reason or None,
    "started": lambda run: run.started,
    "age": lambda run: (clock.now() - run.started).total_seconds(),
    "time": lambda run: run.seconds(),
    "step": lambda run: run.step,
    "max_steps": lambda run: run.max_steps,
    "steps_per_sec": lambda run: run.metrics.get("steps_per_sec"),
    "attempts": lambda run: len(run.attempts),
    "seed": lambda run: (run.record.get("seed") or {}).get("value"),
    "model": lambda run: (run.record.get("model") or {}).get("file"),
    "commit": lambda run: _of_git(run, "commit"),
    "branch": lambda run: _of_git(run, "branch"),
    "dirty": lambda run: _of_git(run, "dirty"),
    "host": lambda run: _of_last_attempt(run, "name"),
    "user": lambda run: _of_last_attempt(run, "user"),
    "tags": lambda run: list(run.labels.tags),
    "note": lambda run: run.labels.note or None,
    "exit": lambda run: (run.outcome or {}).get("code"),
    "signal": lambda run: (run.outcome or {}).get("signal"),
    "parent": lambda run: (run.record.get("parent") or {}).get("run"),
    "dir": lambda run: str(run.folder),
}
ATTRIBUTES: Final = tuple(_ATTRIBUTES)


@dataclass(frozen=True)
class Field:
    """One thing to ask of a run.

    Attributes:
        text: As it was written.
        kind: `param`, `metric`, `attr`, `tag`, or None where it was not said.
        name: What comes after the kind.
    """

    text: str
    kind: str | None
    name: str

    def of(self, run: Run) -> Any:
        """The value, or `UNDEFINED`: a number, text, bool, datetime (UTC) or a list of these."""
        for kind in [self.kind] if self.kind else ("param", "metric", "attr"):
            value = _LOOKUPS[kind](run, self.name)
            if value is not UNDEFINED:
                return value
        return UNDEFINED


def field(text: str) -> Field:
    """Reads the name of a field.

    Raises:
        UsageError: An attribute of this name does not exist.
    """
    kind, colon, name = text.partition(":")
    if not colon or kind not in _KINDS:
        return Field(text, None, text)
    if kind == "attr" and name not in ATTRIBUTES:
        raise UsageError(
            f"{text}: there is no such attribute; there are {', '.join(ATTRIBUTES)}."
            f"{did_you_mean(name, ATTRIBUTES)}"
        )
    return Field(text, kind, name)


def check_known(fields: Iterable[Field], runs: Iterable[Run]) -> None:
    """Raises if there is a field that no run knows: a typing error would find nothing, in silence.

    Raises:
        UsageError: It names the field, and the nearest that there is.
    """
    found = list(runs)
    if not found:
        return
    for one in fields:
        if one.kind in ("attr", "tag") or one.name in ATTRIBUTES:
            continue
        if all(one.of(run) is UNDEFINED for run in found):
            near = did_you_mean(one.name, names_of(found))
            kind = f"{one.kind} " if one.kind else ""
            raise UsageError(f"no run has a {kind}{one.name!r}.{near}")


def names_of(runs: Iterable[Run]) -> set[str]:
    """The names that can be asked for, of any of these runs."""
    found = set(ATTRIBUTES)
    for run in runs:
        found |= run.params.keys()
        for group, tags in _groups(run).items():
            found |= tags.keys() | {f"{group}/{tag}" for tag in tags}
    return found


def shown_metrics(run: Run) -> dict[str, float | None]:
    """The last values of the evaluation; while there is none, of the training."""
    return {tag: summary.get("last") for tag, summary in _shown_group(run).items()}


def shown_metric(run: Run, tag: str) -> float | None:
    """One of `shown_metrics`; None where it is not among them."""
    value: float | None = _shown_group(run).get(tag, {}).get("last")
    return value


def _shown_group(run: Run) -> dict[str, dict[str, Any]]:
    groups = _groups(run)
    return groups.get("eval") or groups.get("train") or {}


def _groups(run: Run) -> dict[str, dict[str, dict[str, Any]]]:
    found: dict[str, dict[str, dict[str, Any]]] = run.metrics.get("metrics", {})
    return found


def _param(run: Run, name: str) -> Any:
    return run.params.get(name, UNDEFINED)


def _attribute(run: Run, name: str) -> Any:
    if name not in _ATTRIBUTES:
        return UNDEFINED
    value = _ATTRIBUTES[name](run)
    return UNDEFINED if value is None else value


def _tag(run: Run, name: str) -> Any:
    return name in run.labels.tags


def _metric(run: Run, name: str) -> Any:
    part = "last"
    summary = _summary(run, name)
    if summary is None:
        stem, dot, part = name.rpartition(".")
        summary = _summary(run, stem) if dot and part in _PARTS else None
    value = summary.get(_PARTS[part]) if summary else None
    return UNDEFINED if value is None else value


def _summary(run: Run, name: str) -> dict[str, Any] | None:
    groups = _groups(run)
    group, slash, tag = name.partition("/")
    if slash and tag in groups.get(group, {}):
        return groups[group][tag]
    order = sorted(groups, key=lambda one: (one != "eval", one != "train", one))
    return next((groups[one][name] for one in order if name in groups[one]), None)


_LOOKUPS: Mapping[str, Callable[[Run, str], Any]] = {
    "param": _param,
    "metric": _metric,
    "attr": _attribute,
    "tag": _tag,
}


def sort_key(value: Any) -> tuple[int, Any]:
    """Orders values of different types: numbers, times, texts; what is undefined comes last."""
    if value is UNDEFINED:
        return 9, 0
    if isinstance(value, bool | int | float):
        return 0, value
    if isinstance(value, datetime):
        return 1, value.timestamp()
    return 2, str(value)
