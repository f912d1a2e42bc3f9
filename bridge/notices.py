"""Sentences for who watches a training: what happened that was probably not meant to."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from kerasrun.bridge.observer import Observer

_LOGGER = logging.getLogger("tensorflow")


def give_notice(observers: Iterable[Observer], text: str) -> None:
    """Logs a warning, and tells the observers.

    The log record has an attribute `notice`, so that an observer which shows notices may keep the
    same sentence out of the log.
    """
    _LOGGER.warning("%s", text, extra={"notice": True})
    for observer in observers:
        observer.notice(text)


def nothing_left(step: int, max_steps: int) -> str:
    """Training was asked to end where it has been already."""
    return (
        f"Nothing is left to train: the checkpoint of step {step} has reached max_steps "
        f"{max_steps}. Raise max_steps, or use a new model_dir."
    )


def data_ended(step: int, stop_at: int) -> str:
    """The data did not last as long as training was to."""
    return (
        f"The training data ended at step {step}; training was to go on to step {stop_at}. "
        "Let input_fn repeat its dataset (.repeat()), or ask for fewer steps."
    )


def throttled(name: str | None, skipped: int, seen: int, throttle_secs: float) -> str:
    """Checkpoints were passed over by the evaluation `name`."""
    named = f" by {name!r}" if name else ""
    return (
        f"{skipped} of {seen} checkpoints were not evaluated{named}: less than "
        f"throttle_secs={throttle_secs:g} had passed since the evaluation before. A lower "
        "throttle_secs in EvalSpec, or every_steps in its place, evaluates more of them."
    )


def learning_rates(variables: Mapping[str, Any]) -> dict[str, float]:
    """The learning rates among a program's variables, by name; a schedule is none."""
    return {
        name: float(variable.numpy())
        for name, variable in variables.items()
        if name.startswith("optimizer/") and name.endswith("/learning_rate")
    }


def other_learning_rate(
    compiled: Mapping[str, float], restored: Mapping[str, float], step: int
) -> str | None:
    """The checkpoint of `step` holds another learning rate than the model did; None if it does not.

    Args:
        compiled: What `learning_rates` gave before the checkpoint was loaded.
        restored: What it gives now.
        step: The checkpoint's.
    """
    for name, rate in compiled.items():
        found = restored.get(name, rate)
        if found != rate:
            return (
                f"The model is compiled with learning rate {rate:g}, but the checkpoint of step "
                f"{step} holds {found:g}, and training goes on with that. To train on with "
                f"{rate:g}, call model.optimizer.learning_rate.assign({rate:g}) in a hook's "
                "after_create_session, or use a new model_dir."
            )
    return None
