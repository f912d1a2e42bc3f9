"""`tf.contrib.slim`: `layers`, `losses` and `framework` under one name."""

from kerasrun.compat.contrib import layers, losses
from kerasrun.compat.contrib.elsewhere import names_elsewhere

_LAYERS = "kerasrun.compat.contrib.layers"
_FRAMEWORK = "kerasrun.compat.contrib.framework"
_WHERE = {
    **dict.fromkeys(
        (
            "avg_pool2d",
            "batch_norm",
            "conv2d",
            "convolution2d",
            "dropout",
            "flatten",
            "fully_connected",
            "l1_l2_regularizer",
            "l1_regularizer",
            "l2_regularizer",
            "layer_norm",
            "linear",
            "max_pool2d",
            "one_hot_encoding",
            "relu",
            "relu6",
            "repeat",
            "softmax",
            "stack",
            "sum_regularizer",
            "unit_norm",
            "variance_scaling_initializer",
            "xavier_initializer",
            "xavier_initializer_conv2d",
        ),
        _LAYERS,
    ),
    **dict.fromkeys(
        (
            "add_arg_scope",
            "add_model_variable",
            "arg_scope",
            "arg_scoped_arguments",
            "assign_from_checkpoint",
            "assign_from_checkpoint_fn",
            "create_global_step",
            "filter_variables",
            "get_global_step",
            "get_local_variables",
            "get_model_variables",
            "get_or_create_global_step",
            "get_trainable_variables",
            "get_unique_variable",
            "get_variables",
            "get_variables_by_name",
            "get_variables_by_suffix",
            "get_variables_to_restore",
            "has_arg_scope",
            "local_variable",
            "model_variable",
            "variable",
        ),
        _FRAMEWORK,
    ),
}
__all__ = [*_WHERE, "layers", "losses"]
__getattr__ = names_elsewhere(__name__, _WHERE)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
