"""The training that a run's record describes, done in the worker."""

import signal
from dataclasses import dataclass
from typing import Any

from kerasrun.runs.job_model import apply_seed, loaded_model_file, model_and_inputs
from kerasrun.runs.job_specs import eval_specs, run_config, settled_max_steps, train_spec
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.settings import Settings
from kerasrun.runs.signals import handlers
from kerasrun.runs.worker import Work


@dataclass(frozen=True)
class Training:
    """What `train_and_evaluate` is given.

    Attributes:
        estimator: The model.
        train_spec: How to train.
        eval_specs: How to evaluate and export.
    """

    estimator: Any
    train_spec: Any
    eval_specs: list[Any]

    def run(self) -> None:
        """Trains and evaluates."""
        from kerasrun import estimator as tf_estimator
        from kerasrun.runs.job_observer import notices_told_once

        # The bridge saves a checkpoint on SIGTERM, unless someone else has asked for the signal.
        with handlers({int(signal.SIGTERM): signal.SIG_DFL}), notices_told_once():
            tf_estimator.train_and_evaluate(self.estimator, self.train_spec, self.eval_specs)


def prepared_training(files: RunFiles, record: dict[str, Any]) -> Training:
    """Loads the model file, and builds the Estimator and its specs.

    Args:
        files: The run's.
        record: The content of `run.json`; its params and settings are completed.

    Raises:
        UsageError: The model file, a parameter or an option is wrong.
        ValueError, KeyError, TypeError: The model is not compiled, or the data do not fit it.
    """
    from kerasrun import estimator as tf_estimator

    apply_seed(record["seed"]["value"])
    settings = Settings(record.setdefault("settings", {}))
    file = loaded_model_file(files, record)
    model, inputs = model_and_inputs(record, file, settings)
    max_steps = settled_max_steps(file, settings)
    config = run_config(file, settings, record["seed"], max_steps)
    estimator = tf_estimator.model_to_estimator(
        keras_model=model,
        model_dir=str(files.folder),
        config=config,
        warm_start_from=settings.given("warm_start_from"),
    )
    training = train_spec(file, inputs["train_input_fn"], max_steps)
    evaluations = eval_specs(file, settings, inputs["eval_input_fn"])
    return Training(estimator, training, evaluations)


def train(work: Work) -> None:
    """Trains and evaluates what the run's record describes.

    Raises:
        UsageError: The model file, a parameter or an option is wrong.
        ValueError, KeyError, TypeError: The model is not compiled, or the data do not fit it.
    """
    from kerasrun.runs.job_observer import RunObserver

    training = prepared_training(work.files, work.record)
    training.estimator.add_observer(RunObserver(work))
    work.save_record()
    for evaluation in training.eval_specs:
        _check_evaluation_input(training.estimator, evaluation)
    training.run()


def _check_evaluation_input(estimator: Any, spec: Any) -> None:
    """Builds the evaluation's dataset once, unread: a missing file must not cost a training."""
    from kerasrun.bridge.input_pipeline import dataset_from
    from kerasrun.bridge.mode_keys import ModeKeys

    dataset_from(spec.input_fn, ModeKeys.EVAL, estimator.params, estimator.config)
