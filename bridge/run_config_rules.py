"""What the fields of a RunConfig may be, and which of them have no effect."""

import inspect
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any

import tensorflow as tf

Rule = tuple[Callable[[Any], bool], str]

_NO_EFFECT = {
    "session_config": "there are no sessions; tf.config has these settings",
    "device_fn": "steps are placed by TensorFlow; tf.device serves inside input_fn and the model",
}


def check_fields(values: Mapping[str, Any]) -> None:
    """Checks the fields of a RunConfig; None will do for each.

    Raises:
        ValueError: One has a value that it cannot have, or two exclude each other.
    """
    if values["save_checkpoints_steps"] is not None and values["save_checkpoints_secs"] is not None:
        raise ValueError(
            "RunConfig takes save_checkpoints_steps or save_checkpoints_secs, not both; received "
            f"save_checkpoints_steps={values['save_checkpoints_steps']!r} and "
            f"save_checkpoints_secs={values['save_checkpoints_secs']!r}."
        )
    for name, (holds, expected) in _RULES.items():
        value = values[name]
        if value is not None and not holds(value):
            raise ValueError(f"RunConfig: {name} must be {expected}; received {value!r}.")
    for name in ("train_distribute", "eval_distribute"):
        _check_strategy(name, values[name], values["experimental_distribute"])


def without_effect(values: Mapping[str, Any]) -> str:
    """Returns one line on the fields that are given and change nothing, or an empty string."""
    told = [f"{name} ({why})" for name, why in _NO_EFFECT.items() if values[name] is not None]
    return f"RunConfig: kept, but without effect: {'; '.join(told)}." if told else ""


def _check_strategy(name: str, strategy: Any, experimental_distribute: Any) -> None:
    if strategy is None:
        return
    if getattr(experimental_distribute, name, None) is not None:
        raise ValueError(
            f"RunConfig takes {name} or experimental_distribute.{name}, not both; received {name}="
            f"{strategy!r} and experimental_distribute={experimental_distribute!r}."
        )
    if isinstance(strategy, tf.distribute.ParameterServerStrategy):
        raise ValueError(
            f"RunConfig: {name} cannot be a ParameterServerStrategy, which works with a "
            "ClusterCoordinator only. Use MirroredStrategy or MultiWorkerMirroredStrategy."
        )


def _is_whole(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    return isinstance(value, Integral) or float(value).is_integer()


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_seed(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _takes_only_op(value: Any) -> bool:
    if not callable(value):
        return False
    try:
        return list(inspect.signature(value).parameters) == ["op"]
    except (TypeError, ValueError):  # a builtin that does not tell
        return False


_STRATEGIES = (tf.distribute.Strategy, tf.compat.v1.distribute.Strategy)
_STEPS_OR_OFF: Rule = (lambda v: _is_whole(v) and v >= 0, "a whole number >= 0")
_STEPS: Rule = (lambda v: _is_whole(v) and v > 0, "a whole number > 0")
_POSITIVE: Rule = (lambda v: _is_number(v) and v > 0, "a number > 0")
_STRATEGY: Rule = (lambda v: isinstance(v, _STRATEGIES), "a tf.distribute.Strategy")
_RULES: dict[str, Rule] = {
    "model_dir": (lambda v: v != "", "a folder's path, not an empty string"),
    "tf_random_seed": (_is_seed, "an integer"),
    "save_summary_steps": _STEPS_OR_OFF,
    "save_checkpoints_steps": _STEPS_OR_OFF,
    "save_checkpoints_secs": (lambda v: _is_number(v) and v >= 0, "a number >= 0"),
    "session_config": (
        lambda v: isinstance(v, tf.compat.v1.ConfigProto),
        "a tf.compat.v1.ConfigProto",
    ),
    "keep_checkpoint_max": _STEPS_OR_OFF,
    "keep_checkpoint_every_n_hours": _POSITIVE,
    "log_step_count_steps": _STEPS,
    "train_distribute": _STRATEGY,
    "device_fn": (_takes_only_op, "a function of exactly one argument, op"),
    "protocol": (lambda v: v in ("grpc", "grpc+verbs"), "'grpc' or 'grpc+verbs'"),
    "eval_distribute": _STRATEGY,
    "experimental_max_worker_delay_secs": (
        lambda v: _is_seed(v) and v >= 0,
        "an integer >= 0",
    ),
    "session_creation_timeout_secs": _POSITIVE,
    "save_input_position": (lambda v: isinstance(v, bool), "True or False"),
    "input_resume": (lambda v: v in ("replay", "restart"), "'replay' or 'restart'"),
    "steps_per_loop": (
        lambda v: v == "auto" or (_is_seed(v) and v > 0),
        "'auto' or an integer > 0",
    ),
    "jit_compile": (lambda v: v == "auto" or isinstance(v, bool), "'auto', True or False"),
    "deterministic": (lambda v: isinstance(v, bool), "True or False"),
}
