"""One version of a model, loaded and ready to answer."""

import math
import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kerasrun.exporters.serving.errors import ServingError, from_tensorflow, serving_api
from kerasrun.exporters.serving.fitting import Tensors, checked_inputs, checked_outputs
from kerasrun.exporters.serving.signature import (
    DEFAULT_SIGNATURE,
    Signature,
    signatures_of,
)

__all__ = ["Call", "Servable", "Tensors"]

_KEPT_CALLS = 64  # one for each set of outputs that was asked for
_KEPT_SECONDS = 1024
QUICK_SECS = 500e-6  # of a small model: see _prepared


class Call(NamedTuple):
    """A request that was found to fit the model.

    Attributes:
        signature: The name of the signature.
        inputs: All its inputs, in its order, of its types.
        outputs: The names of what is wanted.
    """

    signature: str
    inputs: dict[str, NDArray[Any]]
    outputs: tuple[str, ...]

    @property
    def rows(self) -> int | None:
        """The size of the first dimension, where all inputs have the same one."""
        sizes = [each.shape[:1] for each in self.inputs.values()]
        return sizes[0][0] if sizes and sizes[0] and sizes.count(sizes[0]) == len(sizes) else None

    @property
    def size(self) -> int:
        """How many numbers or texts the inputs hold."""
        return sum(each.size for each in self.inputs.values())


class Servable:
    """One version of a model. Any number of threads may run it at once.

    Args:
        name: The model's name.
        version: Its number.
        session: A `tf.compat.v1.Session` that holds it; closed by `close`.
        signature_defs: The `SignatureDef`s in the file, by name.

    Attributes:
        name: The model's name.
        version: Its number.
        signature_defs: The `SignatureDef`s in the file, by name, with TensorFlow's own.
        signatures: What can be run, by name.
        batchable: The names of those of which several requests may be joined.
    """

    def __init__(
        self, name: str, version: int, session: Any, signature_defs: Mapping[str, Any]
    ) -> None:
        self.name, self.version = name, version
        self.signature_defs = dict(signature_defs)
        self.signatures: Mapping[str, Signature] = signatures_of(signature_defs)
        self.batchable = frozenset(name for name, it in self.signatures.items() if it.batchable)
        self._session = session
        self._calls: dict[Hashable, Callable[..., list[Any]]] = {}
        self._seconds: dict[Hashable, float] = {}
        self._lock = threading.Lock()
        self._running = 0
        self._closed = False

    @property
    def metadata(self) -> Any:
        """A `SignatureDefMap` of TensorFlow Serving: all signatures, with TensorFlow's own."""
        metadata = serving_api("apis.get_model_metadata_pb2").SignatureDefMap()
        for name, signature_def in self.signature_defs.items():
            metadata.signature_def[name].CopyFrom(signature_def)
        return metadata

    def run(
        self, signature: str, inputs: Tensors, outputs: Sequence[str] | None = None
    ) -> dict[str, NDArray[Any]]:
        """Returns the outputs of a signature, by name.

        Args:
            signature: Its name; the empty one stands for `serving_default`.
            inputs: All its inputs.
            outputs: What is wanted; all if None or empty.

        Raises:
            ServingError: The request does not fit the signature, or the model fails on it.
        """
        return self.execute(self.check(signature, inputs, outputs))

    def check(self, signature: str, inputs: Tensors, outputs: Sequence[str] | None = None) -> Call:
        """Returns the request as `execute` takes it. For the arguments see `run`.

        Raises:
            ServingError: It does not fit the signature.
        """
        name = signature or DEFAULT_SIGNATURE
        if name not in self.signatures:
            raise ServingError("FAILED_PRECONDITION", f'Serving signature key "{name}" not found.')
        found = self.signatures[name]
        return Call(name, checked_inputs(found, inputs), checked_outputs(found, outputs or ()))

    def execute(self, call: Call) -> dict[str, NDArray[Any]]:
        """Runs what `check` returned.

        Raises:
            ServingError: The model fails on it, or is closed.
        """
        import tensorflow as tf

        quick = self.seconds(call) < QUICK_SECS
        self._begin()
        try:
            prepared = self._call_for(call, quick)
            start = time.perf_counter()
            values = prepared(*call.inputs.values())
            self._note(call, time.perf_counter() - start)
        except tf.errors.OpError as error:
            raise from_tensorflow(error) from None
        finally:
            self._end()
        return dict(zip(call.outputs, map(_as_array, values), strict=True))

    def seconds(self, call: Call, size: int | None = None) -> float:
        """Returns the seconds that such a call takes of late; infinite if there was none.

        Args:
            call: Calls are alike that ask the same, with inputs of about the same size.
            size: That size; the call's own if None.
        """
        return self._seconds.get(_kind(call, size), math.inf)

    def _note(self, call: Call, seconds: float) -> None:
        kind = _kind(call)
        known = self._seconds.get(kind, math.inf)
        if known == math.inf and len(self._seconds) >= _KEPT_SECONDS:  # clients choose outputs
            return
        # One that took long may have waited for others: it counts if it happens again and again.
        self._seconds[kind] = min(seconds, 2 * known)

    def close(self) -> None:
        """Frees the model, once nothing runs in it. Closing again does nothing."""
        with self._lock:
            closed, self._closed = self._closed, True
            last = not closed and not self._running
        if last:
            self._free()

    def _begin(self) -> None:
        with self._lock:
            if self._closed:
                raise ServingError(
                    "UNAVAILABLE", f"Version {self.version} of model {self.name} is unloaded."
                )
            self._running += 1

    def _end(self) -> None:
        with self._lock:
            self._running -= 1
            last = self._closed and not self._running
        if last:
            self._free()

    def _free(self) -> None:
        self._calls.clear()  # they want their session when they go
        self._session.close()

    def _call_for(self, call: Call, quick: bool) -> Callable[..., list[Any]]:
        key = call.signature, call.outputs, quick
        with self._lock:
            found = self._calls.get(key)
            if found is None:
                found = self._made(self.signatures[call.signature], call.outputs, quick)
                if len(self._calls) < _KEPT_CALLS:
                    self._calls[key] = found
        return found

    def _made(
        self, signature: Signature, outputs: Sequence[str], quick: bool
    ) -> Callable[..., list[Any]]:
        feeds = [spec.tensor for spec in signature.inputs.values()]
        fetches = [signature.outputs[name].tensor for name in outputs]
        try:
            return _prepared(self._session, feeds, fetches, quick)
        except (AttributeError, ImportError):  # not public: another TensorFlow may lack it
            return lambda *values: self._session.run(fetches, dict(zip(feeds, values, strict=True)))


def _kind(call: Call, size: int | None = None) -> Hashable:
    about = call.size if size is None else size
    return call.signature, call.outputs, about.bit_length()


def _prepared(
    session: Any, feeds: Sequence[str], fetches: Sequence[str], quick: bool
) -> Callable[..., list[Any]]:
    """Returns a function that runs a session at a quarter of `Session.run`'s price.

    A quick one runs in the thread that calls it: to wake TensorFlow's own costs ten times what a
    small model does. A large one needs them for what it can do side by side.
    """
    from tensorflow.core.protobuf import config_pb2

    where = config_pb2.RunOptions(inter_op_thread_pool=-1 if quick else 0)
    options = config_pb2.CallableOptions(feed=feeds, fetch=fetches, run_options=where)
    prepared: Callable[..., list[Any]] = session._make_callable_from_options(options)
    return prepared


def _as_array(value: Any) -> NDArray[Any]:
    """Returns an output as an array; TensorFlow gives scalars as such, a text as bytes."""
    if isinstance(value, np.ndarray):
        return value
    return np.array(value, object if isinstance(value, bytes) else None)
