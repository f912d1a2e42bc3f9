"""The training that a run's record describes, done in the worker."""

import signal
from typing import Any

from kerasrun.runs.job_model import apply_seed, loaded_model_file, model_and_inputs
from kerasrun.runs.job_specs import eval_specs, run_config, settled_max_steps, train_spec
from kerasrun.runs.settings import Settings
from kerasrun.runs.signals import handlers
from kerasrun.runs.worker import Work


def train(work: Work) -> None:
    """Loads the model file, builds the Estimator, and trains and evaluates it.

    Raises:
        UsageError: The model file, a parameter or an option is wrong.
        ValueError, KeyError, TypeError: The model is not compiled, or the data do not fit it.
    """
    from kerasrun import estimator as tf_estimator
    from kerasrun.runs.job_observer import RunObserver, notices_told_once

    apply_seed(work.record["seed"]["value"])
    settings = Settings(work.record.setdefault("settings", {}))
    file = loaded_model_file(work.files, work.record)
    model, inputs = model_and_inputs(work.record, file, settings)
    max_steps = settled_max_steps(file, settings)
    config = run_config(file, settings, work.record["seed"], max_steps)
    estimator = tf_estimator.model_to_estimator(
        keras_model=model,
        model_dir=str(work.files.folder),
        config=config,
        warm_start_from=settings.given("warm_start_from"),
    )
    estimator.add_observer(RunObserver(work))
    training = train_spec(file, inputs["train_input_fn"], max_steps)
    evaluations = eval_specs(file, settings, inputs["eval_input_fn"])
    work.save_record()
    for evaluation in evaluations:
        _check_evaluation_input(estimator, evaluation)
    # The bridge saves a checkpoint on SIGTERM, unless someone else has asked for the signal.
    with handlers({int(signal.SIGTERM): signal.SIG_DFL}), notices_told_once():
        tf_estimator.train_and_evaluate(estimator, training, evaluations)


def _check_evaluation_input(estimator: Any, spec: Any) -> None:
    """Builds the evaluation's dataset once, unread: a missing file must not cost a training."""
    from kerasrun.bridge.input_pipeline import dataset_from
    from kerasrun.bridge.mode_keys import ModeKeys

    dataset_from(spec.input_fn, ModeKeys.EVAL, estimator.params, estimator.config)
