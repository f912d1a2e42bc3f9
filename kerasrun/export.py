"""The `tf.estimator.export` namespace: what a served model receives."""

from typing import TYPE_CHECKING

from kerasrun._lazy import lazy_names

if TYPE_CHECKING:
    from kerasrun.exporters import (
        ServingInputReceiver,
        TensorServingInputReceiver,
        build_parsing_serving_input_receiver_fn,
        build_raw_serving_input_receiver_fn,
    )

__all__ = [
    "ServingInputReceiver",
    "TensorServingInputReceiver",
    "build_parsing_serving_input_receiver_fn",
    "build_raw_serving_input_receiver_fn",
]
__getattr__ = lazy_names(__name__, dict.fromkeys(__all__, "kerasrun.exporters"))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
