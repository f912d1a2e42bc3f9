"""What a signature of a SavedModel takes and gives."""

from collections.abc import Mapping
from typing import Any, NamedTuple

PREDICT = "tensorflow/serving/predict"
CLASSIFY = "tensorflow/serving/classify"
REGRESS = "tensorflow/serving/regress"
DEFAULT_SIGNATURE = "serving_default"
INIT_OP = "__saved_model_init_op"  # TensorFlow's own: in the metadata, not for requests


class TensorSpec(NamedTuple):
    """One input or output.

    Attributes:
        dtype: TensorFlow's name for it, such as `float32` or `string`.
        enum: Its number in `types.proto`.
        shape: None stands for a size that is not known; the whole is None where the rank is not.
        tensor: The tensor's name in the graph.
    """

    dtype: str
    enum: int
    shape: tuple[int | None, ...] | None
    tensor: str = ""

    @property
    def batchable(self) -> bool:
        """Whether the first dimension may have any size."""
        return bool(self.shape) and self.shape is not None and self.shape[0] is None


class Signature(NamedTuple):
    """One function of a model.

    Attributes:
        method: `PREDICT`, `CLASSIFY`, `REGRESS`, or what the file says.
        inputs: By the names that clients use.
        outputs: By the names that clients use.
    """

    method: str
    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]

    @property
    def batchable(self) -> bool:
        """Whether several requests may be joined along the first dimension."""
        return bool(self.inputs) and all(
            spec.batchable for spec in (*self.inputs.values(), *self.outputs.values())
        )


def signatures_of(signature_defs: Mapping[str, Any]) -> dict[str, Signature]:
    """Returns what can be run of the `SignatureDef`s in a file, by name."""
    return {
        name: Signature(each.method_name, _specs_of(each.inputs), _specs_of(each.outputs))
        for name, each in sorted(signature_defs.items())
        if name != INIT_OP
    }


def _specs_of(tensor_infos: Mapping[str, Any]) -> dict[str, TensorSpec]:
    return {name: _spec_of(info) for name, info in sorted(tensor_infos.items())}


def _spec_of(info: Any) -> TensorSpec:
    import tensorflow as tf

    shape = info.tensor_shape
    sizes = tuple(None if each.size < 0 else int(each.size) for each in shape.dim)
    return TensorSpec(
        tf.dtypes.as_dtype(info.dtype).name,
        int(info.dtype),
        None if shape.unknown_rank else sizes,
        info.name,
    )
