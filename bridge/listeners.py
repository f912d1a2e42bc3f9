"""Who is told of checkpoints: `tf.compat.v1.train.CheckpointSaverListener`s."""

from collections.abc import Iterable
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class SavingListener(Protocol):
    """The methods of `tf.compat.v1.train.CheckpointSaverListener`.

    `session` is None: there is none on today's TensorFlow.
    """

    def begin(self) -> None:
        """Called once, before training starts."""

    def before_save(self, session: Any, global_step_value: int) -> None:
        """Called before each checkpoint is written."""

    def after_save(self, session: Any, global_step_value: int) -> bool | None:
        """Called when a checkpoint is whole on disk; returning True stops training."""

    def end(self, session: Any, global_step_value: int) -> None:
        """Called once, after the last checkpoint."""


def checked_listeners(listeners: Iterable[Any] | None) -> tuple[SavingListener, ...]:
    """Returns the listeners as a tuple.

    Raises:
        TypeError: One of them lacks a listener's methods.
    """
    listed = () if listeners is None else tuple(listeners)
    for listener in listed:
        if not isinstance(listener, SavingListener):
            raise TypeError(
                "saving_listeners must be CheckpointSaverListeners (begin, before_save, "
                f"after_save, end); received {listener!r}."
            )
    return listed
