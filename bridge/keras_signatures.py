"""What a served Keras model can be asked."""

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from kerasrun.exporters import ExportOutput, Signature, TracedReceiver, output_signatures

SERVING_DEFAULT = tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY
PREDICT = "predict"


def keras_signatures(
    predict: Callable[[Any], Mapping[str, tf.Tensor]],
    export_outputs: Mapping[str, type[ExportOutput]],
    receiver: TracedReceiver,
) -> list[Signature]:
    """Returns `serving_default`, and one for each of the outputs that were asked for by kind.

    `predict` is the same once more, as exports of canned Estimators have it; an output that was
    asked for by this name comes first.

    Args:
        predict: Takes the features, returns the outputs by name.
        export_outputs: Output name to its kind.
        receiver: Where the features come from.
    """
    names = [SERVING_DEFAULT] if PREDICT in export_outputs else [SERVING_DEFAULT, PREDICT]
    return [
        *(Signature(name, predict, receiver) for name in names),
        *output_signatures(export_outputs, predict, receiver),
    ]
