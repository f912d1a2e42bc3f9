"""One signature of a SavedModel as a function of named arrays: what is converted and compared."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from kerasrun.exporters.signature_names import read_saved_model, signature_names

SERVING_DEFAULT = "serving_default"


class Source:
    """A SavedModel that is asked by one of its signatures.

    Args:
        folder: The SavedModel.
        signature: The key of the signature.

    Attributes:
        folder: The SavedModel.
        signature: The key of the signature.
        inputs: By name, the `tf.TensorSpec` of each input; its own name is one for a graph.
        outputs: The names of the outputs, in order.

    Raises:
        ValueError: There is no such signature.
    """

    def __init__(self, folder: str, signature: str = SERVING_DEFAULT) -> None:
        self.folder, self.signature = folder, signature
        self._loaded = tf.saved_model.load(folder, tags=[tf.saved_model.SERVING])
        known = sorted(self._loaded.signatures)
        if signature not in known:
            raise ValueError(f"{folder} has no signature {signature!r}; it has {known}.")
        self._serve = self._loaded.signatures[signature]
        graphs = read_saved_model(folder).meta_graphs
        graph = next(g for g in graphs if tf.saved_model.SERVING in g.meta_info_def.tags)
        written = graph.signature_def[signature]
        stand_ins = signature_names(signature, sorted(written.inputs))
        specs = self._serve.structured_input_signature[1]
        self.inputs = {
            name: tf.TensorSpec(specs[key].shape, specs[key].dtype, name=key)
            for name, key in ((n, stand_ins.get(n, n)) for n in stand_ins)
        }
        self.outputs = sorted(self._serve.structured_outputs)

    def __call__(self, inputs: Mapping[str, Any]) -> dict[str, np.ndarray[Any, Any]]:
        """Answers arrays `[batch, ...]` by input name with arrays by output name."""
        fed = {
            spec.name: tf.constant(inputs[name], spec.dtype) for name, spec in self.inputs.items()
        }
        answer = self._serve(**fed)
        return {name: answer[name].numpy() for name in self.outputs}

    def function(self) -> Any:
        """A `tf.function` of one tensor for each input, in order, that returns a dict."""
        keys = [spec.name for spec in self.inputs.values()]

        def serve(*tensors: tf.Tensor) -> dict[str, tf.Tensor]:
            answer = self._serve(**dict(zip(keys, tensors, strict=True)))
            return {name: answer[name] for name in self.outputs}

        return tf.function(serve, autograph=False)
