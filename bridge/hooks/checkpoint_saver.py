"""A hook that says when to save, in place of the RunConfig's cadence."""

from collections.abc import Iterable, Sequence
from typing import Any

import tensorflow.compat.v1 as v1

from kerasrun.bridge.listeners import SavingListener, checked_listeners
from kerasrun.bridge.run_config import RunConfig


class CheckpointSaverHook(v1.train.SessionRunHook):
    """Saves every so many seconds or steps; see `tf.estimator.CheckpointSaverHook`.

    Given to `train`, its cadence takes the place of `RunConfig.save_checkpoints_*`; the saving
    itself is the Estimator's. TensorFlow's own hook of this name serves as well.

    Args:
        checkpoint_dir: The Estimator's `model_dir`.
        save_secs: In seconds.
        save_steps: In steps. Excludes `save_secs`.
        listeners: `CheckpointSaverListener`s, told before and after each checkpoint.

    Raises:
        ValueError: Both or neither cadence are given.
    """

    def __init__(
        self,
        checkpoint_dir: str,
        save_secs: float | None = None,
        save_steps: int | None = None,
        listeners: Iterable[Any] | None = None,
    ) -> None:
        if (save_secs is None) == (save_steps is None):
            raise ValueError(
                "CheckpointSaverHook takes save_secs or save_steps, one of them; received "
                f"save_secs={save_secs!r} and save_steps={save_steps!r}."
            )
        self.checkpoint_dir = checkpoint_dir
        self.save_secs, self.save_steps = save_secs, save_steps
        self.listeners = checked_listeners(listeners)


def apart_from_savers(
    hooks: Sequence[Any], config: RunConfig
) -> tuple[list[Any], RunConfig, list[SavingListener]]:
    """Takes the saver hooks out of `hooks`.

    Returns:
        The other hooks, the config with the first saver's cadence, and the savers' listeners.

    Raises:
        ValueError: A saver's folder is not the `model_dir`.
    """
    others: list[Any] = []
    listeners: list[SavingListener] = []
    for hook in reversed(hooks):  # so that the first one has the last word
        if isinstance(hook, v1.train.CheckpointSaverHook):
            hook = _understood(hook)
        if not isinstance(hook, CheckpointSaverHook):
            others.insert(0, hook)
            continue
        if hook.checkpoint_dir != config.model_dir:
            raise ValueError(
                f"CheckpointSaverHook saves into {hook.checkpoint_dir!r}, but the Estimator's "
                f"checkpoints are in {config.model_dir!r}."
            )
        config = config.replace(
            save_checkpoints_steps=hook.save_steps, save_checkpoints_secs=hook.save_secs
        )
        listeners = [*hook.listeners, *listeners]
    return others, config, listeners


def _understood(hook: Any) -> CheckpointSaverHook:
    """TensorFlow's saver hook as ours: what it was told is not public."""
    timer = hook._timer
    return CheckpointSaverHook(
        hook._checkpoint_dir, timer._every_secs, timer._every_steps, hook._listeners
    )
