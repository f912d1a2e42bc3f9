"""`SessionRunHook`s beside a loop that has no session of its own.

Hooks were written for a graph and its session: `begin` may add to the default graph,
`after_create_session` and every context get a session, and `before_run` may ask for tensors. They
get a small graph of their own, with `global_step`, `loss` and each metric as tensors of these
names, and a real session on it that is told the values after each step.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.hooks.hook_calls import HookCalls
from kerasrun.bridge.mode_keys import ModeKeys

_TENSOR_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*")
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


class HookSession(HookCalls):
    """Hooks beside a loop that has no graph; see `HookCalls`.

    Args:
        hooks: In the order in which they are called.
        mode: What is done: in training an iteration is a step, in a prediction there are no
            metrics.
        results: Returns the metrics' values by name, numpy arrays: what hooks may fetch besides
            `global_step` and `loss`.
        global_step: Where the iterations begin.
        done: How many iterations an interrupted training had done before it goes on now.
    """

    def __init__(
        self,
        hooks: Sequence[Any],
        mode: str,
        results: Callable[..., Mapping[str, Any]],
        global_step: int,
        done: int = 0,
    ) -> None:
        super().__init__(hooks, done)
        self._mode, self._results = mode, results
        self._step = global_step
        self._loss = 0.0
        names = dict.fromkeys([LOSS, *self._values()])
        self._names = [name for name in names if _TENSOR_NAME.fullmatch(name)]

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
        self.created(self._session)

    def original_args(self) -> Any:
        """The loss."""
        return v1.train.SessionRunArgs(LOSS)

    def observed(self, iterations: int, loss: float) -> Mapping[Any, Any]:
        """What hooks have asked for, as of this iteration; `global_step` as before it."""
        self._loss = loss
        if self._watching:
            self._tell_values()
            self._tell_step()
        fetched = self._fetched()
        self._step += iterations if self._mode == ModeKeys.TRAIN else 0
        if self._watching:
            self._tell_step()
        return fetched

    def told(self) -> None:
        """The tensors have the last values."""
        self._tell_values()
        self._tell_step()

    def _values(self) -> dict[str, Any]:
        if self._mode == ModeKeys.PREDICT:
            return {}
        found = self._results(training=self._mode == ModeKeys.TRAIN)
        return {name: value for name, value in found.items() if value.ndim == 0}

    def _tell_step(self) -> None:
        self._told_step.tell(self._session, self._step)

    def _tell_values(self) -> None:
        values = {**self._values(), LOSS: self._loss} if len(self._told) > 1 else {LOSS: self._loss}
        for told in self._told:
            told.tell(self._session, values.get(told.name, float("nan")))

    def _fetched(self) -> dict[Any, Any]:
        feeds: dict[Any, Any] = {}
        for args in self.asked.values():
            feeds.update(args.feed_dict or {})
        fetches = [args.fetches for args in self.asked.values()]
        if not fetches:
            return {}
        return dict(zip(self.asked, self._session.run(fetches, feeds), strict=True))


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
