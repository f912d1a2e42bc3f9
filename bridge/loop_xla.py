"""Many steps as one XLA computation, over batches that are stacked before it begins."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import tensorflow as tf

from kerasrun.bridge.batch_shapes import batch_of, tensors_of
from kerasrun.bridge.loop_graph import Step, Steps, unharmed
from kerasrun.bridge.nan import holds_nan
from kerasrun.bridge.xla_tracing import for_xla

_STACKED_BATCHES = 128
_STACKED_BYTES = 2**24


class XlaLoop:
    """Fetches some batches, and takes the steps on them in a loop that XLA compiles as a whole.

    A call ends where it is told to: nothing has been read ahead. A batch of another shape, as the
    last of an epoch may be, takes its step outside XLA.

    Args:
        step: Takes a batch, returns its loss, a scalar.
        spec: The batches' structure, dense.
        shapes: The shapes that most batches' tensors have.
        until_nan: Whether a loss that is NaN or infinite ends the call.
        weights: The trained variables. XLA's minimum and maximum swallow a NaN, so a loss that is
            clipped may hide it; where it has come to the weights, it is the loss.
    """

    name = "xla"

    def __init__(
        self,
        step: Step,
        spec: Any,
        shapes: Sequence[tf.TensorShape],
        *,
        until_nan: bool,
        weights: Callable[[], Iterable[tf.Variable]] = tuple,
    ) -> None:
        self._step, self._until_nan, self._weights = step, until_nan, weights
        self._spec, self._specs, self._shapes = spec, tensors_of(spec), list(shapes)
        self._alike = all(one.shape.is_fully_defined() for one in self._specs)
        self._stacked = _how_many(self._specs, self._shapes)
        self._stacks = [
            tf.TensorSpec([self._stacked, *shape], one.dtype)
            for one, shape in zip(self._specs, self._shapes, strict=True)
        ]
        scalars = tf.TensorSpec([], tf.int32), tf.TensorSpec([], tf.float32)
        scan = tf.function(self._scanned, jit_compile=True, autograph=False)
        self._scan: Any = scan.get_concrete_function(self._stacks, *scalars)
        self._call: Any = tf.function(self.steps, autograph=False, reduce_retracing=True)

    def __call__(self, iterator: Any, limit: int, *, known: bool, due_in: int = 0) -> Steps:
        """Takes up to `limit` steps."""
        steps: Steps = self._call(iterator, tf.constant(limit, tf.int64), known)
        return steps

    def compile(self) -> None:
        """Compiles the computation; takes no step.

        Raises:
            tf.errors.OpError: XLA cannot compile the step.
        """
        batches = [tf.zeros(one.shape, one.dtype) for one in self._stacks]
        self._scan(batches, tf.constant(0), tf.constant(0.0))

    def steps(self, iterator: Any, limit: tf.Tensor, known: bool) -> Steps:
        """What a call does, as graph code."""

        def goes_on(done: tf.Tensor, more: tf.Tensor, loss: tf.Tensor) -> tf.Tensor:
            return (done < limit) & more & unharmed(loss, self._until_nan)

        def some(done: tf.Tensor, more: tf.Tensor, loss: tf.Tensor) -> Any:
            wanted = tf.cast(tf.minimum(limit - done, self._stacked), tf.int32)
            found, more, odd, last, batches = self._fetched(iterator, wanted, known)
            ran, loss = self._scan(batches, found, loss)
            if not self._alike:
                ran, loss = tf.cond(
                    odd & unharmed(loss, self._until_nan),
                    lambda: (ran + 1, self._loss(last)),
                    lambda: (ran, loss),
                )
            return done + tf.cast(ran, tf.int64), more, loss

        start = (tf.constant(0, tf.int64), tf.constant(True), tf.constant(0.0))
        done, more, loss = tf.while_loop(goes_on, some, start, parallel_iterations=1)
        return Steps(done, more, loss, tf.zeros([0], tf.int32))

    def _fetched(self, iterator: Any, wanted: tf.Tensor, known: bool) -> Any:
        """Stacks up to `wanted` batches of the usual shape.

        Returns:
            How many; whether the data may hold more; whether one of another shape has ended the
            reading, and that one; the stacked tensors, zeros or anything behind the last.
        """

        def goes_on(found: tf.Tensor, more: tf.Tensor, odd: tf.Tensor, *_: Any) -> tf.Tensor:
            return (found < wanted) & more & ~odd

        def one(found: tf.Tensor, *carried: Any) -> Any:
            there, tensors = self._next(iterator, known)
            fits = there if self._alike else there & self._fits(tensors)
            arrays = [
                array.write(found, tensor)
                for array, tensor in zip(carried[-1], self._slots(tensors), strict=True)
            ]
            last = [] if self._alike else tensors
            return found + tf.cast(fits, tf.int32), there, there & ~fits, last, arrays

        arrays = [
            tf.TensorArray(one.dtype, self._stacked, element_shape=shape)
            for one, shape in zip(self._specs, self._shapes, strict=True)
        ]
        last = [] if self._alike else self._nothing()
        shapes = [one.shape for one in self._specs[: len(last)]]
        scalar = tf.TensorShape([])
        found, more, odd, last, arrays = tf.while_loop(
            goes_on,
            one,
            (tf.constant(0), tf.constant(True), tf.constant(False), last, arrays),
            (scalar, scalar, scalar, shapes, [scalar] * len(arrays)),
            parallel_iterations=1,
        )
        return found, more, odd, last, [array.stack() for array in arrays]

    def _next(self, iterator: Any, known: bool) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Whether there is a batch, and its tensors."""
        if known:
            return tf.constant(True), tensors_of(iterator.get_next())
        batch = iterator.get_next_as_optional()
        there = batch.has_value()
        return there, tf.cond(there, lambda: tensors_of(batch.get_value()), self._nothing)

    def _nothing(self) -> list[tf.Tensor]:
        return [
            tf.zeros([size or 0 for size in one.shape.as_list()], one.dtype) for one in self._specs
        ]

    def _fits(self, tensors: Sequence[tf.Tensor]) -> tf.Tensor:
        """Whether these have the usual shapes."""
        both = zip(tensors, self._specs, self._shapes, strict=True)
        agree = [
            tf.reduce_all(tf.equal(tf.shape(tensor), shape.as_list()))
            for tensor, one, shape in both
            if not one.shape.is_fully_defined()
        ]
        return tf.reduce_all(tf.stack(agree))

    def _slots(self, tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """The tensors, brought to the usual shapes where they have others."""
        return [
            tensor if one.shape.is_fully_defined() else _padded_or_cut(tensor, shape)
            for tensor, one, shape in zip(tensors, self._specs, self._shapes, strict=True)
        ]

    def _scanned(self, batches: Sequence[tf.Tensor], count: tf.Tensor, loss: tf.Tensor) -> Any:
        def goes_on(index: tf.Tensor, loss: tf.Tensor) -> tf.Tensor:
            return (index < count) & unharmed(loss, self._until_nan)

        def one(index: tf.Tensor, _: tf.Tensor) -> Any:
            with for_xla():
                return index + 1, self._loss([stacked[index] for stacked in batches])

        return tf.while_loop(goes_on, one, (tf.constant(0), loss))

    def _loss(self, tensors: Sequence[tf.Tensor]) -> tf.Tensor:
        loss = tf.cast(self._step(batch_of(self._spec, tensors)), tf.float32)
        harmed = [holds_nan(tf.convert_to_tensor(one)) for one in self._weights()]
        return tf.where(tf.reduce_any(tf.stack(harmed)), float("nan"), loss) if harmed else loss


def _padded_or_cut(tensor: tf.Tensor, shape: tf.TensorShape) -> tf.Tensor:
    """Without a condition, which takes longer than this for each batch."""
    missing = tf.maximum(shape.as_list() - tf.shape(tensor), 0)
    padded = tf.pad(tensor, tf.stack([tf.zeros_like(missing), missing], axis=1))
    return tf.ensure_shape(tf.slice(padded, [0] * shape.rank, shape), shape)


def _how_many(specs: Sequence[tf.TensorSpec], shapes: Sequence[tf.TensorShape]) -> int:
    """Batches that are stacked at once: enough to make a call's cost vanish, in little memory."""
    both = zip(specs, shapes, strict=True)
    batch_bytes = sum(int(one.dtype.size * shape.num_elements()) for one, shape in both)
    return max(min(_STACKED_BATCHES, _STACKED_BYTES // max(batch_bytes, 1)), 1)
