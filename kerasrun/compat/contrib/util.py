"""`tf.contrib.util`."""

from kerasrun.compat.contrib.elsewhere import names_elsewhere

_WHERE = {
    "constant_value": "tensorflow:get_static_value",
    "make_ndarray": "tensorflow",
    "make_tensor_proto": "tensorflow",
    "nest": "tensorflow.python.util",
}
__all__ = [*_WHERE]
__getattr__ = names_elsewhere(__name__, _WHERE)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
