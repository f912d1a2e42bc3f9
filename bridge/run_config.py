"""How an Estimator runs: where it saves, how often, how much it keeps."""

import os
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from kerasrun.bridge.suggest import did_you_mean


class _Default:
    """Tells "not given" from None, which has a meaning of its own here."""

    def __repr__(self) -> str:
        return "<default>"


_DEFAULT: Any = _Default()
_DEFAULT_SAVE_CHECKPOINTS_SECS = 600


@dataclass(frozen=True, init=False)
class RunConfig:
    """Settings of an Estimator's runs; the fields of `tf.estimator.RunConfig` that apply here.

    Instances cannot be changed: `replace` makes a changed copy.

    Args:
        model_dir: Folder of checkpoints, event files and exports.
        tf_random_seed: Seed of `tf.random.set_seed`, set anew by each `train`; None leaves the
            global seed alone.
        save_summary_steps: Training summaries are written at steps 1, 1+N, 1+2N...; 0 or None
            turns them off.
        save_checkpoints_steps: Save every so many steps. Excludes `save_checkpoints_secs`.
        save_checkpoints_secs: Save every so many seconds; 600 unless either is given. Both None:
            no checkpoints at all.
        keep_checkpoint_max: How many recent checkpoints are kept; 0 or None keeps all.
        keep_checkpoint_every_n_hours: One checkpoint in so many hours is kept for good.
        log_step_count_steps: `global_step/sec` is written at 1+N, 1+2N...; None turns it off.

    Raises:
        ValueError: A field has a value that it cannot have, or both save cadences are given.
        TypeError: An argument is unknown.
    """

    model_dir: str | None
    tf_random_seed: int | None
    save_summary_steps: int | None
    save_checkpoints_steps: int | None
    save_checkpoints_secs: float | None
    keep_checkpoint_max: int | None
    keep_checkpoint_every_n_hours: float | None
    log_step_count_steps: int | None

    def __init__(
        self,
        model_dir: str | os.PathLike[str] | None = None,
        tf_random_seed: int | None = None,
        save_summary_steps: int | None = 100,
        save_checkpoints_steps: int | None = _DEFAULT,
        save_checkpoints_secs: float | None = _DEFAULT,
        keep_checkpoint_max: int | None = 5,
        keep_checkpoint_every_n_hours: float | None = 10_000,
        log_step_count_steps: int | None = 100,
    ) -> None:
        if save_checkpoints_steps is _DEFAULT and save_checkpoints_secs is _DEFAULT:
            save_checkpoints_secs = _DEFAULT_SAVE_CHECKPOINTS_SECS
        values: dict[str, Any] = {
            "model_dir": None if model_dir is None else os.fspath(model_dir),
            "tf_random_seed": tf_random_seed,
            "save_summary_steps": save_summary_steps,
            "save_checkpoints_steps": _given(save_checkpoints_steps),
            "save_checkpoints_secs": _given(save_checkpoints_secs),
            "keep_checkpoint_max": keep_checkpoint_max,
            "keep_checkpoint_every_n_hours": keep_checkpoint_every_n_hours,
            "log_step_count_steps": log_step_count_steps,
        }
        _validate(values)
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def saves_checkpoints(self) -> bool:
        """Whether either cadence is on."""
        return bool(self.save_checkpoints_steps or self.save_checkpoints_secs)

    def replace(self, **changes: Any) -> "RunConfig":
        """Returns a copy with these fields changed; giving one save cadence clears the other.

        Raises:
            ValueError: A field is unknown or its value cannot be.
        """
        known = [field.name for field in fields(self)]
        for name in changes:
            if name not in known:
                raise ValueError(
                    f"RunConfig has no field {name!r} to replace."
                    f"{did_you_mean(name, known)} Its fields: {', '.join(known)}."
                )
        if "save_checkpoints_steps" in changes and "save_checkpoints_secs" not in changes:
            changes["save_checkpoints_secs"] = None
        elif "save_checkpoints_secs" in changes and "save_checkpoints_steps" not in changes:
            changes["save_checkpoints_steps"] = None
        return replace(self, **changes)


def _given(value: Any) -> Any:
    return None if value is _DEFAULT else value


def _validate(values: dict[str, Any]) -> None:
    if values["save_checkpoints_steps"] is not None and values["save_checkpoints_secs"] is not None:
        raise ValueError(
            "RunConfig takes save_checkpoints_steps or save_checkpoints_secs, not both; received "
            f"save_checkpoints_steps={values['save_checkpoints_steps']!r} and "
            f"save_checkpoints_secs={values['save_checkpoints_secs']!r}."
        )
    for name, (holds, expected) in _RULES.items():
        value = values[name]
        if value is not None and not holds(value):
            raise ValueError(f"RunConfig: {name} must be {expected}; received {value!r}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_Rule = tuple[Callable[[Any], bool], str]
_NOT_NEGATIVE: _Rule = (lambda v: _is_number(v) and v >= 0, "a number >= 0")
_POSITIVE: _Rule = (lambda v: _is_number(v) and v > 0, "a number > 0")
_RULES: dict[str, _Rule] = {
    "model_dir": (lambda v: v != "", "a folder's path, not an empty string"),
    "tf_random_seed": (lambda v: isinstance(v, int) and not isinstance(v, bool), "an integer"),
    "save_summary_steps": _NOT_NEGATIVE,
    "save_checkpoints_steps": _NOT_NEGATIVE,
    "save_checkpoints_secs": _NOT_NEGATIVE,
    "keep_checkpoint_max": _NOT_NEGATIVE,
    "keep_checkpoint_every_n_hours": _POSITIVE,
    "log_step_count_steps": _POSITIVE,
}
