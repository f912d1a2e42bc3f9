"""`tf.contrib.framework`: scopes of arguments, variables, checkpoints."""

from kerasrun.compat.contrib.elsewhere import names_elsewhere

_V1 = "tensorflow.compat.v1"
_WHERE = {
    **dict.fromkeys(
        ("add_arg_scope", "arg_scope", "arg_scoped_arguments", "has_arg_scope"),
        f"{__name__}.arguments",
    ),
    **dict.fromkeys(("assign_from_checkpoint", "assign_from_checkpoint_fn"), f"{__name__}.restore"),
    **dict.fromkeys(
        (
            "filter_variables",
            "get_local_variables",
            "get_model_variables",
            "get_trainable_variables",
            "get_unique_variable",
            "get_variables",
            "get_variables_by_name",
            "get_variables_by_suffix",
            "get_variables_to_restore",
        ),
        f"{__name__}.found_variables",
    ),
    **dict.fromkeys(
        ("add_model_variable", "local_variable", "model_variable", "variable"),
        f"{__name__}.made_variables",
    ),
    **dict.fromkeys(
        (
            "assert_global_step",
            "create_global_step",
            "get_global_step",
            "get_or_create_global_step",
            "init_from_checkpoint",
            "list_variables",
            "load_checkpoint",
            "load_variable",
        ),
        f"{_V1}.train",
    ),
    **dict.fromkeys(("CriticalSection", "argsort", "is_tensor", "sort"), _V1),
    "nest": "tensorflow.python.util",
    "smart_cond": "tensorflow.python.framework.smart_cond",
}
__all__ = [*_WHERE]
__getattr__ = names_elsewhere(__name__, _WHERE)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
