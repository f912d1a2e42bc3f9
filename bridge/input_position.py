"""Where a pass over the training data stands, in a checkpoint and out of it.

`tf.data` saves an iterator with all that its stages hold: counters, states of random numbers,
shuffle buffers. Restored, it goes on with the very next batch. Stages that run Python code or keep
random numbers of their own cannot be saved so, nor can some moments between two epochs (see
`kerasrun.bridge.shuffle_seeds`); then the batches are counted, and read over.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from kerasrun.bridge.checkpoint_files import exists
from kerasrun.bridge.checkpoint_names import input_path
from kerasrun.bridge.loop import Running
from kerasrun.bridge.reasons import reason_of
from kerasrun.bridge.shuffle_seeds import holds_shuffles, shuffles_in

_BATCHES, _STATE, _PIPELINE, _SHUFFLES = "batches", "iterator", "pipeline", "shuffles"
_FAIL = 2  # tf.data's external_state_policy: state that cannot be saved is an error


class SavedPosition(NamedTuple):
    """What a checkpoint says of the training input.

    Attributes:
        batches: How many batches had been taken since the training began; None where the
            checkpoint does not tell.
        state: The iterator's state, a variant tensor; None where it was not saved.
        pipeline: Tells one pipeline from another.
    """

    batches: int | None = None
    state: tf.Tensor | None = None
    pipeline: bytes = b""


def read_position(path: str) -> SavedPosition:
    """Reads what the checkpoint at the prefix `path` says; nothing, if another program saved it."""
    prefix = input_path(path)
    if not exists(prefix):
        return SavedPosition()
    reader = tf.train.load_checkpoint(prefix)
    batches = int(reader.get_tensor(_BATCHES))
    if not reader.has_tensor(_STATE):
        return SavedPosition(batches)
    (state,) = tf.raw_ops.RestoreV2(
        prefix=prefix, tensor_names=[_STATE], shape_and_slices=[""], dtypes=[tf.variant]
    )
    return SavedPosition(batches, state, reader.get_tensor(_PIPELINE))


class InputPosition:
    """Saves and restores where a pass over the training data stands.

    Args:
        running: The pass; nothing may have been taken yet.
        wanted: Whether the position is saved; the batches are counted in any case.
        cannot: Told why the position cannot be saved, once, when that turns out.
    """

    def __init__(self, running: Running, *, wanted: bool, cannot: Callable[[str], None]) -> None:
        self._running = running
        self._pipeline = _fingerprint(running.dataset)
        self._wanted, self._cannot = wanted, cannot
        self._state()  # what cannot be saved is said before hours have passed

    def tensors(self) -> dict[str, tf.Tensor]:
        """What a checkpoint holds of it, by name."""
        found = {_BATCHES: tf.constant(self._running.batches, tf.int64)}
        state = self._state()
        if state is not None:
            found |= {_STATE: state, _PIPELINE: tf.constant(self._pipeline)}
            found[_SHUFFLES] = tf.constant(shuffles_in(self._running.dataset))
        return found

    def restore(self, saved: SavedPosition) -> str | None:
        """Goes on where `saved` was; returns why that could not be, or None.

        If it could not be, the pass begins again.
        """
        if saved.state is None:
            return "it was not saved"
        if saved.pipeline != self._pipeline:
            return "the input pipeline has changed"
        try:
            tf.raw_ops.DeserializeIterator(
                resource_handle=self._running.iterator._iterator_resource, serialized=saved.state
            )
        except tf.errors.OpError as error:
            self._running.begin_again()
            return reason_of(error)
        self._running.goes_on_at(saved.batches or 0)
        return None

    def _state(self) -> tf.Tensor | None:
        if not self._wanted:
            return None
        try:
            return tf.raw_ops.SerializeIterator(
                resource_handle=self._running.iterator._iterator_resource,
                external_state_policy=_FAIL,
            )
        except tf.errors.OpError as error:
            self._wanted = False
            self._cannot(reason_of(error))
            return None


def usable(tensors: Mapping[str, tf.Tensor]) -> Mapping[str, tf.Tensor]:
    """What `InputPosition.tensors` gave, without a state that does not hold all there is.

    It may take a while: called beside the training.
    """
    state = tensors.get(_STATE)
    if state is None or holds_shuffles(state, int(tensors[_SHUFFLES])):
        return tensors
    return {_BATCHES: tensors[_BATCHES]}


def _fingerprint(dataset: tf.data.Dataset) -> bytes:
    """Tells pipelines apart by their stages and what they yield.

    A state restored into stages of other types could make TensorFlow end the process.
    """
    told = "\n".join(_stages(dataset))
    return hashlib.sha256(told.encode()).hexdigest().encode()


def _stages(dataset: Any) -> list[str]:
    inputs = [stage for each in dataset._inputs() for stage in _stages(each)]
    return [f"{type(dataset).__name__} {dataset.element_spec}", *inputs]
