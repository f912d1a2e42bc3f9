"""Requests that travel with a model and are run when it is loaded: the first is the slowest."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasrun.exporters.serving.errors import ServingError, serving_api
from kerasrun.exporters.serving.example_input import serialized_examples
from kerasrun.exporters.serving.servable import Servable

WARM_UP_FILE = os.path.join("assets.extra", "tf_serving_warmup_requests")
MAX_RECORDS = 1000  # TensorFlow Serving's


def warm_up(servable: Servable, path: str) -> int:
    """Runs the requests in the file of a model, if it has one; returns how many.

    Args:
        servable: What runs them.
        path: The folder of the model.

    Raises:
        ServingError: There are too many, or one of them fails.
    """
    import tensorflow as tf

    file = os.path.join(path, WARM_UP_FILE)
    if not tf.io.gfile.exists(file):
        return 0
    count = 0
    for log in _logs(file):
        count += 1
        if count > MAX_RECORDS:
            raise ServingError(
                "INVALID_ARGUMENT",
                f"Number of warmup records exceeds the maximum ({MAX_RECORDS}) at {file}",
            )
        _replay(servable, log)
    return count


def _logs(file: str) -> Iterator[Any]:
    """Yields the `PredictionLog`s of a file."""
    import tensorflow as tf
    from google.protobuf.message import DecodeError

    log = serving_api("apis.prediction_log_pb2").PredictionLog
    for record in tf.data.TFRecordDataset(file).as_numpy_iterator():
        try:
            yield log.FromString(record)
        except DecodeError:
            raise ServingError("DATA_LOSS", f"A record in {file} is no PredictionLog.") from None


def _replay(servable: Servable, log: Any) -> None:
    kind = log.WhichOneof("log_type")
    if kind == "predict_log":
        request = log.predict_log.request
        inputs = {name: _array(tensor) for name, tensor in request.inputs.items()}
        servable.run(request.model_spec.signature_name, inputs, list(request.output_filter))
    elif kind in ("classify_log", "regress_log"):
        request = getattr(log, kind).request
        _run_examples(servable, [request.model_spec], request.input)
    elif kind == "multi_inference_log":
        request = log.multi_inference_log.request
        _run_examples(servable, [task.model_spec for task in request.tasks], request.input)
    else:
        raise ServingError("UNIMPLEMENTED", f"Unsupported log_type for warmup: {kind}")


def _run_examples(servable: Servable, specs: Iterable[Any], message: Any) -> None:
    examples = serialized_examples(message)
    for spec in specs:
        servable.run(spec.signature_name, {"inputs": examples})


def _array(tensor: Any) -> NDArray[Any]:
    import tensorflow as tf

    return np.asarray(tf.make_ndarray(tensor))
