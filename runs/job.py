"""The training that a run's record describes, done in the worker."""

import functools
import os
import signal
from typing import Any

from kerasrun.runs.errors import UsageError
from kerasrun.runs.job_inputs import InputFn, input_functions, refuse_unused_batch_size
from kerasrun.runs.job_specs import eval_spec, run_config, settled_max_steps, train_spec
from kerasrun.runs.model_choice import built_model, chosen_model, is_keras_model
from kerasrun.runs.model_file import ModelFile, load_model_file
from kerasrun.runs.params import Binding, bind, keyword_parameters
from kerasrun.runs.settings import Settings
from kerasrun.runs.signals import handlers
from kerasrun.runs.source import model_source
from kerasrun.runs.worker import Work


def train(work: Work) -> None:
    """Loads the model file, builds the Estimator, and trains and evaluates it.

    Raises:
        UsageError: The model file, a parameter or an option is wrong.
        ValueError, KeyError, TypeError: The model is not compiled, or the data do not fit it.
    """
    from kerasrun import estimator as tf_estimator
    from kerasrun.runs.job_observer import RunObserver

    _apply_seed(work.record["seed"]["value"])
    settings = Settings(work.record.setdefault("settings", {}))
    file = _load(work)
    model, inputs = _model_and_inputs(work, file, settings)
    max_steps = settled_max_steps(file, settings)
    config = run_config(file, settings, work.record["seed"], max_steps)
    estimator = tf_estimator.model_to_estimator(
        keras_model=model, model_dir=str(work.files.folder), config=config
    )
    estimator.add_observer(RunObserver(work))
    training = train_spec(file, inputs["train_input_fn"], max_steps)
    evaluation = eval_spec(file, settings, inputs["eval_input_fn"])
    work.save_record()
    _check_evaluation_input(estimator, evaluation)
    # The bridge saves a checkpoint on SIGTERM, unless someone else has asked for the signal.
    with handlers({int(signal.SIGTERM): signal.SIG_DFL}):
        result, _ = tf_estimator.train_and_evaluate(estimator, training, evaluation)
        if result is None:
            _finish(estimator, evaluation)


def _apply_seed(seed: int) -> None:
    import keras

    keras.utils.set_random_seed(seed)


def _load(work: Work) -> ModelFile:
    path, believed = model_source(work.files, work.record["model"])
    if path != believed:
        print(f"{believed.name} has changed since this run began: its own copy is used.")
    return load_model_file(path, believed)


def _model_and_inputs(
    work: Work, file: ModelFile, settings: Settings
) -> tuple[Any, dict[str, InputFn]]:
    chosen = chosen_model(file, work.record["model"]["name"])
    functions: dict[str, Any] = {} if is_keras_model(chosen) else {"build_model": chosen}
    functions |= input_functions(file, settings, work.record["seed"]["value"])
    binding = _bind(work, file, settings, functions)
    work.record["params"] = binding.entries
    model = built_model(file, chosen, binding.arguments.get("build_model", {}))
    inputs = {
        name: _with_arguments(function, binding.arguments[name])
        for name, function in functions.items()
        if name != "build_model"
    }
    return model, inputs


def _bind(work: Work, file: ModelFile, settings: Settings, functions: dict[str, Any]) -> Binding:
    entries = work.record.get("params", {})
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


def _check_evaluation_input(estimator: Any, spec: Any) -> None:
    """Builds the evaluation's dataset once, unread: a missing file must not cost a training."""
    from kerasrun.bridge.input_pipeline import dataset_from
    from kerasrun.bridge.mode_keys import ModeKeys

    dataset_from(spec.input_fn, ModeKeys.EVAL, estimator.params, estimator.config)


def _finish(estimator: Any, spec: Any) -> None:
    """The evaluation and the exports that a death after the last checkpoint left undone."""
    path = estimator.latest_checkpoint()
    if path is None:
        return
    result = estimator.evaluate(
        spec.input_fn, steps=spec.steps, checkpoint_path=path, name=spec.name
    )
    for exporter in spec.exporters:
        exporter.export(
            estimator=estimator,
            export_path=os.path.join(estimator.model_dir, "export", exporter.name),
            checkpoint_path=path,
            eval_result=result,
            is_the_final_export=True,
        )
