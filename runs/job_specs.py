"""RunConfig, TrainSpec and EvalSpec of a training, from the command line and the model file."""

from typing import Any

from kerasrun.runs.job_inputs import InputFn, specs_of
from kerasrun.runs.model_file import ModelFile
from kerasrun.runs.settings import COMMAND_LINE, DEFAULT, MODEL_FILE, Settings

_MAX_STEPS = 1000
_LEAST_SAVE_STEPS = 100
_MOST_SUMMARY_STEPS = 100


def run_config(file: ModelFile, settings: Settings, seed: dict[str, Any], max_steps: int) -> Any:
    """The model file's `run_config` or a plain one, with our seed, saving ten times in all.

    A `run_config` that says something else than RunConfig's default about checkpoints or the seed
    keeps it, unless the command line says otherwise.

    Args:
        file: The model file.
        settings: Those of the run; `save_checkpoints_steps` is settled.
        seed: The entry of `run.json`: `value` and `origin`.
        max_steps: Where training ends.
    """
    from kerasrun import estimator as tf_estimator

    default = tf_estimator.RunConfig()
    config = file.get("run_config") or default
    changes: dict[str, Any] = {}
    if config.tf_random_seed is None or seed["origin"] == COMMAND_LINE:
        changes["tf_random_seed"] = seed["value"]
    silent = _cadence(config) == _cadence(default)
    ours = max(_LEAST_SAVE_STEPS, max_steps // 10) if silent else None
    steps = settings.settle("save_checkpoints_steps", (ours, DEFAULT))
    if steps is not None:
        changes["save_checkpoints_steps"] = steps
    if config is default:
        every = max(1, min(_MOST_SUMMARY_STEPS, steps // 10))
        changes |= {"save_summary_steps": every, "log_step_count_steps": every}
    return config.replace(**changes)


def _cadence(config: Any) -> tuple[Any, Any]:
    return config.save_checkpoints_steps, config.save_checkpoints_secs


def settled_max_steps(file: ModelFile, settings: Settings) -> int:
    """Where training ends: the option, the model file's `train_spec`, or 1000."""
    spec = file.get("train_spec")
    in_file = spec.max_steps if spec is not None else None
    return int(settings.settle("max_steps", (in_file, MODEL_FILE), (_MAX_STEPS, DEFAULT)))


def train_spec(file: ModelFile, input_fn: InputFn, max_steps: int) -> Any:
    """How to train."""
    from kerasrun import estimator as tf_estimator

    given = file.get("train_spec")
    if given is None:
        return tf_estimator.TrainSpec(input_fn, max_steps=max_steps)
    return tf_estimator.TrainSpec(
        input_fn,
        max_steps=max_steps,
        hooks=given.hooks,
        saving_listeners=given.saving_listeners,
    )


def eval_specs(file: ModelFile, settings: Settings, input_fn: InputFn) -> list[Any]:
    """How to evaluate and export: without an `eval_spec`, all data, and a LatestExporter.

    Where the file has several, the command line and `input_fn` are about the first.
    """
    from kerasrun import estimator as tf_estimator

    given = specs_of(file, "eval_spec")
    if given:
        others = [spec._replace(input_fn=file.guarded(spec.input_fn)) for spec in given[1:]]
        return [_settled(given[0], settings, input_fn), *others]
    receiver_fn = file.function("serving_input_receiver_fn")
    return [
        tf_estimator.EvalSpec(
            input_fn,
            steps=settings.given("eval_steps"),
            exporters=tf_estimator.LatestExporter("exporter", receiver_fn),
            throttle_secs=settings.settle("throttle_secs", (0, DEFAULT)),
            start_delay_secs=0,
        )
    ]


def _settled(given: Any, settings: Settings, input_fn: InputFn) -> Any:
    """An EvalSpec of the model file, with what the command line says."""
    from kerasrun import estimator as tf_estimator

    return tf_estimator.EvalSpec(
        input_fn,
        steps=settings.settle("eval_steps", (given.steps, MODEL_FILE)),
        name=given.name,
        hooks=given.hooks,
        exporters=given.exporters,
        throttle_secs=settings.settle("throttle_secs", (given.throttle_secs, MODEL_FILE)),
        start_delay_secs=given.start_delay_secs,
        every_steps=given.every_steps,
    )
