"""What a Keras model was compiled with, and whether its steps are Keras's."""

from typing import Any

import keras


def compilation(model: keras.Model) -> Any:
    """What each call of `compile` makes anew."""
    return getattr(model, "_compile_config", None)


def check_not_compiled_again(model: keras.Model, compiled: Any) -> None:
    """Checks that the model is still compiled as it was.

    Raises:
        ValueError: It is not.
    """
    if compilation(model) is not compiled:
        raise ValueError(
            f"The model {model.name!r} was compiled again after it became an Estimator. Make a new "
            "Estimator of it with model_to_estimator; in the same model_dir it goes on from the "
            "newest checkpoint."
        )


def is_keras_own(model: keras.Model, step: str) -> bool:
    """Whether `train_step` or another is Keras's, and not a step of the user's own."""
    return getattr(getattr(model, step), "__func__", None) is getattr(keras.Model, step)
