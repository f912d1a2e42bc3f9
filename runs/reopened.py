"""A run's model, opened again to be evaluated, exported or asked: its folder is not written to."""

import contextlib
import copy
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasrun.runs.errors import RunError, UsageError
from kerasrun.runs.job_model import apply_seed, loaded_model_file, model_and_inputs
from kerasrun.runs.job_specs import eval_specs, run_config, settled_max_steps
from kerasrun.runs.latest_step import latest_step
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.outcome import describe, is_bad_input
from kerasrun.runs.records import check_startable
from kerasrun.runs.run import Run
from kerasrun.runs.settings import Settings


def check_reopenable(run: Run) -> None:
    """Looks whether the record tells what is needed, and the folder that it ran in is there.

    Raises:
        UnreadableRun: The run's record lacks what is needed.
        UsageError: The run was never begun, or its folder is gone.
    """
    if not run.record:
        raise UsageError(f"run {run.id} was never begun: it has no run.json")
    check_startable(run.id, run.record)
    if not Path(run.record["cwd"]).is_dir():
        raise UsageError(f"run {run.id} ran in {run.record['cwd']}, which is gone")


def checkpoint_path(run: Run, step: int | None) -> str | None:
    """The prefix of the checkpoint of `step`, or of the newest for None; None if there is none.

    Raises:
        UsageError: There is no checkpoint of that step.
    """
    step = latest_step(run.folder) if step is None else step
    if step is None:
        return None
    path = run.folder / f"model.ckpt-{step}"
    if not path.with_name(f"{path.name}.index").exists():
        raise UsageError(
            f"run {run.id} has no checkpoint of step {step}; it has {_steps_there(run.folder)}"
        )
    return str(path)


def _steps_there(folder: Path) -> str:
    names = [path.name for path in folder.glob("model.ckpt-*.index")]
    steps = sorted(int(name.removeprefix("model.ckpt-").removesuffix(".index")) for name in names)
    return ", ".join(str(step) for step in steps) or "none"


@contextlib.contextmanager
def readable() -> Iterator[None]:
    """Inside it, what the model file or TensorFlow raises becomes an error with one line."""
    try:
        yield
    except RunError:
        raise
    except Exception as error:
        kind = UsageError if is_bad_input(error) else RunError
        raise kind(describe(error), detail=traceback.format_exc()) from error


def reopened(run: Run) -> tuple[Any, list[Any]]:
    """The Estimator on the run's folder, by its own model file, and how it is evaluated."""
    from kerasrun import estimator as tf_estimator

    record = copy.deepcopy(run.record)
    settings = Settings(record.setdefault("settings", {}))
    apply_seed(record["seed"]["value"])
    file = loaded_model_file(RunFiles(run.folder), record)
    model, inputs = model_and_inputs(record, file, settings)
    config = run_config(file, settings, record["seed"], settled_max_steps(file, settings))
    specs = eval_specs(file, settings, inputs["eval_input_fn"])
    estimator = tf_estimator.model_to_estimator(
        keras_model=model, model_dir=str(run.folder), config=config
    )
    return estimator, specs


@dataclass(frozen=True)
class Written:
    """A SavedModel of a checkpoint.

    Attributes:
        path: Its folder.
        estimator: Whose it is; its variables hold the checkpoint.
        spec: The `EvalSpec` of the run's own evaluation.
        examples: How many examples of the evaluation data the check asked it.
        difference: The largest absolute difference to the live model's answers.
    """

    path: str
    estimator: Any
    spec: Any
    examples: int
    difference: float


def written_for(run: Run, folder: str, checkpoint: str, batch_size: int | None = None) -> Written:
    """Writes a checked SavedModel of a checkpoint.

    Args:
        run: Whose checkpoint. The current folder is that of the run meanwhile.
        folder: Where the SavedModel will appear, `<seconds since 1970>`.
        checkpoint: The prefix.
        batch_size: Fixes the number of rows; None: any.
    """
    from kerasrun.bridge.observer import Observer

    checks: list[tuple[int, float]] = []

    class Listener(Observer):
        """Keeps what the check found."""

        def exported(self, exporter_name: str, path: str, examples: int, difference: float) -> None:
            """Keeps it."""
            checks.append((examples, difference))

    with contextlib.chdir(run.record["cwd"]):
        estimator, specs = reopened(run)
        estimator.add_observer(Listener())
        estimator.look_at(specs[0].input_fn)
        receiver_fn = None if batch_size is None else _fixed(estimator, batch_size)
        path = estimator.export_saved_model(folder, receiver_fn, checkpoint_path=checkpoint)
    return Written(str(path), estimator, specs[0], *checks[-1])


def _fixed(estimator: Any, batch_size: int) -> Any:
    """What a model with so many rows is asked with."""
    from kerasrun.exporters import build_raw_serving_input_receiver_fn

    specs = estimator.program.default_receiver_specs()
    if specs is None:
        raise UsageError("--batch-size: the model does not tell its inputs; leave the option out")
    return build_raw_serving_input_receiver_fn(specs, default_batch_size=batch_size)
