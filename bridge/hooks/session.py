"""`SessionRunHook`s beside a loop that has no session of its own.

Hooks were written for a graph and its session: `begin` may add to the default graph,
`after_create_session` and every context get a session, and `before_run` may ask for tensors. They
get a small graph of their own, with `global_step`, `loss` and each metric as tensors of these
names, and a real session on it that is told the values after each step.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

import tensorflow as tf
import tensorflow.compat.v1 as v1

_TENSOR_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*")
_NEVER = 2**62
LOSS = "loss"


def checked_hooks(hooks: Iterable[Any] | None) -> tuple[Any, ...]:
    """Returns the hooks as a tuple.

    Raises:
        TypeError: One of them is no `SessionRunHook`.
    """
    listed = () if hooks is None else tuple(hooks)
    for hook in listed:
        if not isinstance(hook, v1.train.SessionRunHook):
            raise TypeError(
                "hooks must be SessionRunHooks (tf.compat.v1.train.SessionRunHook or "
                f"kerasrun.estimator.SessionRunHook); received {hook!r}."
            )
    return listed


class HookSession:
    """The hooks of one training, evaluation or prediction.

    A hook watches every iteration, unless it has a method `next_iteration(done)` that tells, when
    `done` iterations are over, the number of the next one that it wants to watch (None: none that
    is known yet). Iterations that nobody watches run many a call. A hook with a method
    `goes_on_after(done)` is told before its `after_create_session` where the counting begins.

    Args:
        hooks: In the order in which they are called.
        names: What hooks may fetch besides `global_step` and `loss`: the metrics.
        values: Returns the metrics' values by name.
        global_step: Where the iterations begin.
        counts: Whether an iteration is a step.
        done: How many iterations an interrupted training had done before it goes on now.
    """

    def __init__(
        self,
        hooks: Sequence[Any],
        names: Iterable[str],
        values: Callable[[], Mapping[str, Any]],
        global_step: int,
        counts: bool = True,
        done: int = 0,
    ) -> None:
        self._hooks = hooks
        self._values = values
        self._step = global_step
        self._counts = counts
        self._done = done
        self._loss = 0.0
        self._watching: dict[Any, Any] = {}
        self._names = [n for n in dict.fromkeys([LOSS, *names]) if _TENSOR_NAME.fullmatch(n)]
        self._session: Any = None

    def begin(self) -> None:
        """Calls the hooks' `begin` in their graph, and `after_create_session`."""
        if not self._hooks:
            return
        with tf.Graph().as_default() as graph:
            self._told_step = _Told(v1.GraphKeys.GLOBAL_STEP, tf.int64)
            self._told = [_Told(name, tf.float32) for name in self._names]
            for hook in self._hooks:
                hook.begin()
            initializers = [
                v1.global_variables_initializer(),
                v1.local_variables_initializer(),
                v1.tables_initializer(),
            ]
        self._session = v1.Session(graph=graph)
        self._session.run(initializers)
        self._tell_step()
        coordinator = tf.train.Coordinator()
        for hook in self._hooks:
            if (tell := getattr(hook, "goes_on_after", None)) is not None:
                tell(self._done)
            hook.after_create_session(self._session, coordinator)

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
                arguments = v1.train.SessionRunArgs(LOSS)
                context = v1.train.SessionRunContext(arguments, self._session)
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
        self._loss = loss
        if self._watching:
            self._tell_values()
            self._tell_step()
        fetched = self._fetched()
        self._step += iterations if self._counts else 0
        if self._watching:
            self._tell_step()
        for hook, (context, _) in self._watching.items():
            values = v1.train.SessionRunValues(fetched.get(hook), None, v1.RunMetadata())
            hook.after_run(context, values)
        stop = any(context.stop_requested for context, _ in self._watching.values())
        self._watching = {}
        return stop

    def end(self) -> None:
        """Calls the hooks' `end`. Not called when an exception ends the loop."""
        if self._hooks:
            self._tell_values()
            self._tell_step()
        for hook in self._hooks:
            hook.end(self._session)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        """Closes the session."""
        if self._session is not None:
            self._session.close()

    def _tell_step(self) -> None:
        self._told_step.tell(self._session, self._step)

    def _tell_values(self) -> None:
        values = {**self._values(), LOSS: self._loss} if len(self._told) > 1 else {LOSS: self._loss}
        for told in self._told:
            told.tell(self._session, values.get(told.name, float("nan")))

    def _fetched(self) -> dict[Any, Any]:
        """What the hooks asked for, as of this iteration; `global_step` as before it."""
        asked = {hook: args for hook, (_, args) in self._watching.items() if args is not None}
        feeds: dict[Any, Any] = {}
        for args in asked.values():
            feeds.update(args.feed_dict or {})
        fetches = [args.fetches for args in asked.values()]
        return dict(zip(asked, self._session.run(fetches, feeds), strict=True)) if asked else {}


class _Told:
    """A tensor of the hooks' graph, by its name, that holds what it was told last."""

    def __init__(self, name: str, dtype: tf.DType) -> None:
        self.name = name
        self._value: Any = None
        kinds = [v1.GraphKeys.GLOBAL_VARIABLES]
        if name == v1.GraphKeys.GLOBAL_STEP:
            kinds.append(name)
        # Not a resource: its name is to give the value, as in the graphs that hooks know.
        variable = v1.get_variable(
            name,
            shape=[],
            dtype=dtype,
            initializer=v1.zeros_initializer(),
            trainable=False,
            use_resource=False,
            collections=kinds,
        )
        self._given = v1.placeholder(dtype, [])
        self._assign = variable.assign(self._given).op

    def tell(self, session: Any, value: Any) -> None:
        """Gives it a value, unless it has it."""
        if value != self._value:
            session.run(self._assign, {self._given: value})
            self._value = value


def _next_iteration(hook: Any, done: int) -> int:
    tell = getattr(hook, "next_iteration", None)
    if tell is None:
        return done + 1
    following = tell(done)
    return _NEVER if following is None else max(int(following), done + 1)
