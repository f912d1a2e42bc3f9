"""The model and the input functions that a run's record describes, from its model file."""

import functools
from typing import Any

from kerasrun.runs.errors import UsageError
from kerasrun.runs.job_inputs import InputFn, input_functions, refuse_unused_batch_size
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.model_choice import built_model, chosen_model, is_keras_model
from kerasrun.runs.model_file import ModelFile, load_model_file
from kerasrun.runs.params import Binding, bind, keyword_parameters
from kerasrun.runs.settings import Settings
from kerasrun.runs.source import model_source


def apply_seed(seed: int) -> None:
    """Seeds Python, NumPy and Keras: before the model file is run."""
    import keras

    keras.utils.set_random_seed(seed)


def loaded_model_file(files: RunFiles, record: dict[str, Any]) -> ModelFile:
    """Runs the run's model file: the original, or the run's own copy if that has changed.

    Raises:
        ModelFileError: It cannot be read, or raises.
    """
    path, believed = model_source(files, record["model"])
    if path != believed:
        print(f"{believed.name} has changed since this run began: its own copy is used.")
    return load_model_file(path, believed)


def model_and_inputs(
    record: dict[str, Any], file: ModelFile, settings: Settings
) -> tuple[Any, dict[str, InputFn]]:
    """Builds the model, and binds the input functions to their parameters.

    Args:
        record: The content of `run.json`; its `params` are completed.
        file: The model file.
        settings: Those of the run.

    Returns:
        The Keras model, and `train_input_fn` and `eval_input_fn` by name.

    Raises:
        UsageError: The model file or a parameter is wrong.
    """
    chosen = chosen_model(file, record["model"]["name"])
    functions: dict[str, Any] = {} if is_keras_model(chosen) else {"build_model": chosen}
    functions |= input_functions(file, settings, record["seed"]["value"])
    binding = _bind(record, file, settings, functions)
    record["params"] = binding.entries
    model = built_model(file, chosen, binding.arguments.get("build_model", {}))
    inputs = {
        name: _with_arguments(function, binding.arguments[name])
        for name, function in functions.items()
        if name != "build_model"
    }
    return model, inputs


def _bind(
    record: dict[str, Any], file: ModelFile, settings: Settings, functions: dict[str, Any]
) -> Binding:
    entries = record.get("params", {})
    texts = {name: entry["text"] for name, entry in entries.items() if "text" in entry}
    takers = {
        name: keyword_parameters(function)
        for name, function in functions.items()
        if name != "build_model"
    }
    refuse_unused_batch_size(settings, takers, texts, file)
    batch_size = settings.given("batch_size")
    if batch_size is not None and any("batch_size" in names for names in takers.values()):
        texts["batch_size"] = str(batch_size)
    if "build_model" not in functions and texts.keys() - _names(takers):
        _refuse_params_of_a_ready_model(file, texts.keys() - _names(takers))
    binding = bind(functions, texts, file.name)
    if batch_size is not None and "batch_size" in binding.entries:
        binding.entries["batch_size"].pop("text", None)  # the setting says it
    return binding


def _names(takers: dict[str, Any]) -> set[str]:
    return {name for names in takers.values() for name in names}


def _refuse_params_of_a_ready_model(file: ModelFile, names: set[str]) -> None:
    raise UsageError(
        f"unknown parameter {sorted(names)[0]!r}: {file.name} defines a ready-made model. "
        "A function build_model(*, units: int = 10) that returns it could take parameters."
    )


def _with_arguments(function: InputFn, arguments: dict[str, Any]) -> InputFn:
    return functools.partial(function, **arguments) if arguments else function
