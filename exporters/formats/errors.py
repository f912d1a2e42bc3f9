"""What keeps a model from another format, and the mend."""

from collections.abc import Iterable

_RNN = (
    "Give the layer unroll=True, or fix the number of rows (mlrun export --batch-size 1), which "
    "lets TF Lite keep the loop."
)
_UNROLL = "Give the recurrent layer unroll=True."
_TEXT = (
    "Texts, vocabularies and hashing stay outside: export the model from its numbers on, and "
    "prepare these where it is run."
)
_MENDS = {
    "TensorList": _RNN,
    "TensorArray": _RNN,
    "While": _UNROLL,
    "Loop": _UNROLL,
    "Less": _UNROLL,
    "Hash": _TEXT,
    "Lookup": _TEXT,
    "String": _TEXT,
    "Sparse": _TEXT,
    "ParseExample": _TEXT,
    "Erfc": "Use gelu with approximate=True.",
    "Erf": "Use gelu with approximate=True.",
    "Bitcast": "Use tf.argmax and tf.argmin, where keras.ops.argmax or argmin stands.",
    "PartitionedCall": (
        "A part of the model is compiled on its own, as Keras does with a convolution that has "
        "groups: use groups=1 or DepthwiseConv2D, and no tf.function with jit_compile."
    ),
}
_OTHERWISE = "Write the layer with operations that the format has."


class ConversionError(RuntimeError):
    """A model cannot be had in a format, or answers otherwise there."""


class UnsupportedOperations(ConversionError):
    """The format lacks operations of the model.

    Args:
        form: The name of the format.
        operations: The names of the operations, as TensorFlow has them.

    Attributes:
        operations: The names.
    """

    def __init__(self, form: str, operations: Iterable[str]) -> None:
        self.operations = tuple(dict.fromkeys(operations))
        shown = ", ".join(self.operations)
        mends = dict.fromkeys(mend(name) for name in self.operations)
        super().__init__(f"{form} has no {shown}. {' '.join(mends)}")


def mend(operation: str) -> str:
    """What to do about an operation that a format lacks."""
    return next((text for part, text in _MENDS.items() if part in operation), _OTHERWISE)


def check_numbers(form: str, inputs: dict[str, str]) -> None:
    """Looks whether every input is of numbers.

    Args:
        form: The name of the format.
        inputs: By name, the dtype's name.

    Raises:
        ConversionError: One takes texts.
    """
    for name, dtype in inputs.items():
        if dtype == "string":
            raise ConversionError(f"{form} takes numbers, and the input {name!r} is text. {_TEXT}")


def missing(form: str, package: str, extra: str) -> ModuleNotFoundError:
    """The error for a package that is not installed."""
    return ModuleNotFoundError(
        f"{form} needs {package}, which is not installed: pip install 'kerasrun[{extra}]'"
    )
