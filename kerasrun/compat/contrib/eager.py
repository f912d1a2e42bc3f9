"""`tf.contrib.eager`, usually imported as `tfe`."""

from kerasrun.compat.contrib.elsewhere import names_elsewhere

_V1 = "tensorflow.compat.v1"
_BACKPROP = "tensorflow.python.eager.backprop"
_WHERE = {
    "Checkpoint": "tensorflow.train",
    "GradientTape": _V1,
    "TensorSpec": "tensorflow",
    "Variable": "tensorflow",
    "defun": "tensorflow:function",
    "enable_eager_execution": _V1,
    "executing_eagerly": _V1,
    "function": "tensorflow",
    "gradients_function": _BACKPROP,
    "implicit_gradients": f"{_BACKPROP}:implicit_grad",
    "implicit_value_and_gradients": f"{_BACKPROP}:implicit_val_and_grad",
    "in_eager_mode": f"{_V1}:executing_eagerly",
    "list_devices": "tensorflow.config:list_logical_devices",
    "make_template": _V1,
    "py_func": "tensorflow:py_function",
    "value_and_gradients_function": f"{_BACKPROP}:val_and_grad_function",
}
__all__ = [*_WHERE]
__getattr__ = names_elsewhere(__name__, _WHERE)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
