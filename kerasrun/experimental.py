"""The `tf.estimator.experimental` namespace: early stopping, evaluation amid training, and more."""

from typing import TYPE_CHECKING

from kerasrun._lazy import lazy_names

if TYPE_CHECKING:
    from kerasrun.bridge.hooks.early_stopping import (
        make_early_stopping_hook,
        read_eval_metrics,
        stop_if_higher_hook,
        stop_if_lower_hook,
        stop_if_no_decrease_hook,
        stop_if_no_increase_hook,
    )
    from kerasrun.bridge.hooks.in_memory_evaluator import InMemoryEvaluatorHook
    from kerasrun.exporters import build_raw_supervised_input_receiver_fn

_EARLY_STOPPING = "kerasrun.bridge.hooks.early_stopping"
_WHERE = {
    "InMemoryEvaluatorHook": "kerasrun.bridge.hooks.in_memory_evaluator",
    "build_raw_supervised_input_receiver_fn": "kerasrun.exporters",
    "make_early_stopping_hook": _EARLY_STOPPING,
    "read_eval_metrics": _EARLY_STOPPING,
    "stop_if_higher_hook": _EARLY_STOPPING,
    "stop_if_lower_hook": _EARLY_STOPPING,
    "stop_if_no_decrease_hook": _EARLY_STOPPING,
    "stop_if_no_increase_hook": _EARLY_STOPPING,
}

__all__ = [
    "InMemoryEvaluatorHook",
    "build_raw_supervised_input_receiver_fn",
    "make_early_stopping_hook",
    "read_eval_metrics",
    "stop_if_higher_hook",
    "stop_if_lower_hook",
    "stop_if_no_decrease_hook",
    "stop_if_no_increase_hook",
]
__getattr__ = lazy_names(__name__, _WHERE)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
