"""Evaluations of a run's checkpoints by a process of their own, while it trains or afterwards.

It takes no lock of the run and writes to one folder only, `eval_<name>`; see `evaluate_run`.
"""

import contextlib
import copy
import fcntl
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasrun.runs.errors import Refused, RunError, UsageError
from kerasrun.runs.job_model import apply_seed, loaded_model_file, model_and_inputs
from kerasrun.runs.job_specs import eval_specs, run_config, settled_max_steps
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.outcome import describe, is_bad_input
from kerasrun.runs.quiet import without_noise
from kerasrun.runs.records import check_startable
from kerasrun.runs.resume import latest_step
from kerasrun.runs.run import Run, read_run
from kerasrun.runs.settings import Settings

DEFAULT_NAME = "separate"
Listener = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class EvaluateOrder:
    """What `mlrun evaluate` was told.

    Attributes:
        name: The results are written to `eval_<name>`.
        steps: How many batches; None: as the run's own evaluations.
        checkpoint: The step of the checkpoint; None: the newest.
        watch: Whether new checkpoints are evaluated until the run is over.
    """

    name: str = DEFAULT_NAME
    steps: int | None = None
    checkpoint: int | None = None
    watch: bool = False


def evaluate_run(run: Run, order: EvaluateOrder, listener: Listener) -> None:
    """Evaluates checkpoints of `run` with its own model file, parameters and settings.

    What the model file prints goes to stderr. The current folder is that of the run meanwhile, and
    the process is marked as one that lets others use the GPU too.

    Args:
        run: Which.
        order: What to evaluate.
        listener: Told of each result: `name`, `step`, `metrics` (floats by name), `checkpoint`.

    Raises:
        UnreadableRun: The run's record lacks what is needed.
        UsageError: There is no such checkpoint, the name is that of the run's own evaluation, or
            the model file or its data cannot be used any more.
        Refused: Another process writes to `eval_<name>`.
        RunError: The evaluation failed, or the run was over before its first checkpoint.
        KeyboardInterrupt: On Ctrl-C.
    """
    path = _checked(run, order)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    with (
        without_noise(),
        contextlib.redirect_stdout(sys.stderr),
        contextlib.chdir(run.record["cwd"]),
        _own_folder(run.folder / f"eval_{order.name}"),
        _readable(),
    ):
        estimator, spec = _estimator_and_spec(run, order)
        estimator.add_observer(_observer(listener))
        if order.watch:
            _watch(run, estimator, spec)
        else:
            estimator.evaluate(spec.input_fn, spec.steps, None, path, spec.name)


def _checked(run: Run, order: EvaluateOrder) -> str | None:
    """The prefix of the checkpoint to evaluate; None where they are still to come."""
    if not run.record:
        raise UsageError(f"run {run.id} was never begun: it has no run.json")
    check_startable(run.id, run.record)
    if not Path(run.record["cwd"]).is_dir():
        raise UsageError(f"run {run.id} ran in {run.record['cwd']}, which is gone")
    if not order.name.strip() or "/" in order.name:
        raise UsageError(f"--name {order.name!r}: expected a word, for the folder eval_NAME")
    if order.watch:
        if order.checkpoint is not None:
            raise UsageError("give --watch or --checkpoint, not both")
        return None
    step = latest_step(run.folder) if order.checkpoint is None else order.checkpoint
    if step is None:
        raise UsageError(f"run {run.id} has no checkpoint yet; --watch waits for one")
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
def _own_folder(folder: Path) -> Iterator[None]:
    """Makes sure that no other process writes there by this way; the kernel forgets it with us."""
    folder.mkdir(exist_ok=True)
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _lock(handle, folder)
        yield
    finally:
        os.close(handle)
        with contextlib.suppress(OSError):  # not empty: as it should be
            folder.rmdir()


def _lock(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Refused(
            f"another `mlrun evaluate` writes to {folder.name} of run {folder.parent.name}: give "
            "another --name"
        ) from None


@contextlib.contextmanager
def _readable() -> Iterator[None]:
    """Inside it, what the model file or TensorFlow raises becomes an error with one line."""
    try:
        yield
    except RunError:
        raise
    except Exception as error:
        kind = UsageError if is_bad_input(error) else RunError
        raise kind(describe(error), detail=traceback.format_exc()) from error


def _estimator_and_spec(run: Run, order: EvaluateOrder) -> tuple[Any, Any]:
    """The Estimator on the run's folder, and how to evaluate."""
    from kerasrun import estimator as tf_estimator

    record = copy.deepcopy(run.record)
    settings = Settings(record.setdefault("settings", {}))
    apply_seed(record["seed"]["value"])
    file = loaded_model_file(RunFiles(run.folder), record)
    model, inputs = model_and_inputs(record, file, settings)
    config = run_config(file, settings, record["seed"], settled_max_steps(file, settings))
    specs = eval_specs(file, settings, inputs["eval_input_fn"])
    if order.name in [spec.name for spec in specs]:
        raise UsageError(
            f"--name {order.name}: the training itself writes to eval_{order.name}; give another"
        )
    estimator = tf_estimator.model_to_estimator(
        keras_model=model, model_dir=str(run.folder), config=config
    )
    spec = specs[0]
    return estimator, tf_estimator.EvalSpec(
        spec.input_fn,
        steps=order.steps or spec.steps,
        name=order.name,
        start_delay_secs=0,
        throttle_secs=spec.throttle_secs,
        every_steps=spec.every_steps,
    )


def _observer(listener: Listener) -> Any:
    from kerasrun.bridge.observer import Observer

    class Teller(Observer):
        """Passes on the results."""

        def evaluated(
            self, name: str | None, result: Mapping[str, Any], checkpoint_path: str
        ) -> None:
            """Passes on the result."""
            step = int(result["global_step"])
            values = {key: float(value) for key, value in result.items() if key != "global_step"}
            listener({"name": name, "step": step, "metrics": values, "checkpoint": checkpoint_path})

    return Teller()


def _watch(run: Run, estimator: Any, spec: Any) -> None:
    from kerasrun.bridge.watching import evaluate_new_checkpoints

    def is_over() -> bool:
        return not read_run(run.folder).status.active

    result, _ = evaluate_new_checkpoints(estimator, spec, until=is_over)
    if result is None:
        status = read_run(run.folder).status
        raise RunError(f"run {run.id} is {status} and has no checkpoint: nothing was evaluated")
