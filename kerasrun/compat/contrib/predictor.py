"""`tf.contrib.predictor`: a SavedModel as a function from dicts of arrays to dicts of arrays."""

import os
import tempfile
from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.compat.contrib.elsewhere import names_elsewhere

__all__ = ["from_estimator", "from_saved_model"]
__getattr__ = names_elsewhere(__name__, {})
_DEFAULT = tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY


class SavedModelPredictor:
    """Asks a signature of a SavedModel.

        predict = predictor.from_saved_model("export/1795300215")
        predict({"iris_input": [[6.4, 2.8, 5.6, 2.2]]})["probs"]

    Attributes:
        graph: The graph that the SavedModel was loaded into.
        session: The session that holds its variables.
        feed_tensors: The inputs by name.
        fetch_tensors: The outputs by name.
    """

    def __init__(
        self,
        graph: tf.Graph,
        session: v1.Session,
        feed_tensors: Mapping[str, tf.Tensor],
        fetch_tensors: Mapping[str, tf.Tensor],
    ) -> None:
        self.graph, self.session = graph, session
        self.feed_tensors, self.fetch_tensors = dict(feed_tensors), dict(fetch_tensors)

    def __call__(self, input_dict: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the outputs by name, as numpy arrays.

        Args:
            input_dict: The inputs by name; one that has a default may be left out.

        Raises:
            ValueError: There is no input of a name.
        """
        unknown = [name for name in input_dict if name not in self.feed_tensors]
        if unknown:
            raise ValueError(
                f"The signature has no input {unknown[0]!r}; it has {sorted(self.feed_tensors)}."
            )
        fed = {self.feed_tensors[name]: value for name, value in input_dict.items()}
        answers: dict[str, Any] = self.session.run(self.fetch_tensors, fed)
        return answers


def from_saved_model(
    export_dir: str | bytes | os.PathLike[str],
    signature_def_key: str | None = None,
    signature_def: Any = None,
    input_names: Mapping[str, str] | None = None,
    output_names: Mapping[str, str] | None = None,
    tags: str | Iterable[str] | None = None,
    graph: tf.Graph | None = None,
    config: Any = None,
) -> SavedModelPredictor:
    """Returns a function that asks a signature of a SavedModel.

    Args:
        export_dir: Folder of the SavedModel.
        signature_def_key: Name of the signature. None: `serving_default`.
        signature_def: The signature itself, a `SignatureDef`, in place of its name.
        input_names: In place of a signature: input name to tensor name, such as `x:0`.
        output_names: Likewise of the outputs.
        tags: Of the graph in the SavedModel, comma-separated. None: `serve`.
        graph: Where it is loaded. None: a new one.
        config: `ConfigProto` of the session.

    Raises:
        ValueError: More than one of a signature's name, a signature and tensor names is given, or
            there is no such signature.
        OSError: There is no SavedModel.
    """
    ways = [signature_def_key, signature_def, input_names or output_names]
    if sum(way is not None for way in ways) > 1:
        raise ValueError(
            "Give one of signature_def_key, signature_def, and input_names with output_names."
        )
    graph = graph or tf.Graph()
    wanted = tags.split(",") if isinstance(tags, str) else list(tags or ["serve"])
    with graph.as_default():
        session = v1.Session(config=config)
        loaded = v1.saved_model.load(session, wanted, os.fsdecode(export_dir))
    if input_names is None or output_names is None:
        signature = signature_def or _signature(loaded, signature_def_key or _DEFAULT)
        input_names = {name: info.name for name, info in signature.inputs.items()}
        output_names = {name: info.name for name, info in signature.outputs.items()}
    return SavedModelPredictor(
        graph, session, _tensors(graph, input_names), _tensors(graph, output_names)
    )


def from_estimator(
    estimator: Any,
    serving_input_receiver_fn: Any,
    output_key: str | None = None,
    graph: tf.Graph | None = None,
    config: Any = None,
) -> SavedModelPredictor:
    """Returns a function that asks an Estimator's newest checkpoint as a server would.

    Args:
        estimator: The Estimator.
        serving_input_receiver_fn: Graph code that returns a `ServingInputReceiver`.
        output_key: Name of the signature. None: `serving_default`.
        graph: As in `from_saved_model`.
        config: Likewise.

    Raises:
        ValueError: The Estimator cannot be exported, or has no such signature.
    """
    with tempfile.TemporaryDirectory() as folder:
        exported = estimator.export_saved_model(folder, serving_input_receiver_fn)
        return from_saved_model(exported, output_key, graph=graph, config=config)


def _signature(loaded: Any, name: str) -> Any:
    if name not in loaded.signature_def:
        there = sorted(key for key in loaded.signature_def if not key.startswith("__"))
        raise ValueError(f"The SavedModel has no signature {name!r}; it has {there}.")
    return loaded.signature_def[name]


def _tensors(graph: tf.Graph, names: Mapping[str, str]) -> dict[str, tf.Tensor]:
    return {name: graph.get_tensor_by_name(tensor) for name, tensor in names.items()}
