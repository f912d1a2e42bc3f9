"""Which model of a model file is meant: `FILE:name`, else `build_model`, else `model`."""

from collections.abc import Callable
from typing import Any

from kerasrun.runs.errors import ModelFileError
from kerasrun.runs.model_file import ModelFile


def chosen_model(file: ModelFile, asked: str | None) -> Any:
    """A Keras model, or the function that builds it.

    Args:
        file: The model file.
        asked: The name that the user gave after the colon, or None.

    Raises:
        ModelFileError: There is no such thing, or it is neither a Keras model nor a function.
    """
    if asked is not None:
        return _checked(file, asked, file.asked(asked))
    for name in ("build_model", "model"):
        if file.get(name) is not None:
            return _checked(file, name, file.get(name))
    raise ModelFileError(
        f"{file.name} defines neither `model` nor `build_model`.{_suggestion(file)}"
    )


def is_keras_model(value: Any) -> bool:
    """Whether `value` is a Keras model."""
    import keras

    return isinstance(value, keras.Model)


def built_model(file: ModelFile, chosen: Any, arguments: dict[str, Any]) -> Any:
    """The model itself: `chosen`, or what it returns for `arguments`.

    Raises:
        ModelFileError: The function raises, or returns no Keras model.
    """
    if is_keras_model(chosen):
        return chosen
    name = getattr(chosen, "__name__", "build_model")
    model = chosen(**arguments)
    if not is_keras_model(model):
        raise ModelFileError(
            f"{file.name}: {name} returned {type(model).__name__}, expected a compiled keras.Model"
            + (" (is the `return` missing?)" if model is None else "")
        )
    return model


def _checked(file: ModelFile, name: str, value: Any) -> Any:
    if is_keras_model(value):
        return value
    if callable(value):
        return file.guarded(value)
    raise ModelFileError(
        f"{file.name}: {name} is a {type(value).__name__}, expected a compiled keras.Model or a "
        "function that returns one"
    )


def _suggestion(file: ModelFile) -> str:
    models = [name for name, value in vars(file.module).items() if is_keras_model(value)]
    builders = [name for name, value in vars(file.module).items() if _builds(file, name, value)]
    found = models or builders
    return f" Did you mean --model {file.name}:{found[0]}?" if found else ""


def _builds(file: ModelFile, name: str, value: Callable[..., Any] | Any) -> bool:
    here = getattr(value, "__module__", None) == file.module.__name__
    return here and callable(value) and name.split("_")[0] in ("build", "create", "make", "get")
