"""When which `SessionRunHook` is called, whatever its session is."""

import abc
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import tensorflow as tf
import tensorflow.compat.v1 as v1

_NEVER = 2**62


class HookCalls(abc.ABC):
    """The hooks of one training, evaluation or prediction.

    A hook watches every iteration, unless it has a method `next_iteration(done)` that tells, when
    `done` iterations are over, the number of the next one that it wants to watch (None: none that
    is known yet). Iterations that nobody watches run many a call. A hook with a method
    `goes_on_after(done)` is told before its `after_create_session` where the counting begins.

    Args:
        hooks: In the order in which they are called.
        done: How many iterations an interrupted training had done before it goes on now.

    Attributes:
        step: Does an iteration that is watched, on a batch, and returns its loss or its outputs;
            None: it is done as the others are.
    """

    step: Callable[[Any], Any] | None = None

    def __init__(self, hooks: Sequence[Any], done: int = 0) -> None:
        self._hooks = hooks
        self._done = done
        self._watching: dict[Any, Any] = {}
        self._session: Any = None

    @abc.abstractmethod
    def begin(self) -> None:
        """Calls the hooks' `begin` in their graph, and `after_create_session`."""

    @abc.abstractmethod
    def original_args(self) -> Any:
        """What an iteration computes anyway, as `SessionRunArgs`."""

    @abc.abstractmethod
    def observed(self, iterations: int, loss: float) -> Mapping[Any, Any]:
        """What hooks have asked for, by hook, now that these iterations are over."""

    def told(self) -> None:  # noqa: B027 (most have nothing to tell)
        """Called before the hooks' `end`."""

    def created(self, session: Any) -> None:
        """Calls the hooks' `after_create_session`."""
        self._session = session
        coordinator = tf.train.Coordinator()
        for hook in self._hooks:
            if (tell := getattr(hook, "goes_on_after", None)) is not None:
                tell(self._done)
            hook.after_create_session(session, coordinator)

    def unwatched(self) -> int:
        """How many iterations may run before the next that a hook watches: 0, that is it."""
        following = [_next_iteration(hook, self._done) for hook in self._hooks]
        return min(following, default=_NEVER) - self._done - 1

    @property
    def watches_next(self) -> bool:
        """Whether a hook watches the next iteration."""
        return self.unwatched() == 0

    def before_run(self) -> bool:
        """Calls the hooks that watch the next iteration; returns whether one asks to stop."""
        self._watching = {}
        for hook in self._hooks:
            if _next_iteration(hook, self._done) == self._done + 1:
                context = v1.train.SessionRunContext(self.original_args(), self._session)
                self._watching[hook] = (context, hook.before_run(context))
        return any(context.stop_requested for context, _ in self._watching.values())

    def after_run(self, iterations: int, loss: float) -> bool:
        """Tells that iterations are over; calls those hooks that watched.

        Args:
            iterations: How many; one if it was watched.
            loss: The loss of the last of them.

        Returns:
            Whether a hook asks to stop.
        """
        self._done += iterations
        found = self.observed(iterations, loss)
        for hook, (context, _) in self._watching.items():
            values = v1.train.SessionRunValues(found.get(hook), None, v1.RunMetadata())
            hook.after_run(context, values)
        stop = any(context.stop_requested for context, _ in self._watching.values())
        self._watching = {}
        return stop

    def end(self) -> None:
        """Calls the hooks' `end`. Not called when an exception ends the loop."""
        if self._hooks:
            self.told()
        for hook in self._hooks:
            hook.end(self._session)

    @property
    def asked(self) -> dict[Any, Any]:
        """What the hooks that watch have asked for, as `SessionRunArgs`, by hook."""
        return {hook: args for hook, (_, args) in self._watching.items() if args is not None}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        """Closes the session."""
        if self._session is not None:
            self._session.close()


def _next_iteration(hook: Any, done: int) -> int:
    tell = getattr(hook, "next_iteration", None)
    if tell is None:
        return done + 1
    following = tell(done)
    return _NEVER if following is None else max(int(following), done + 1)
