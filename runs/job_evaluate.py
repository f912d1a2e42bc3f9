"""Evaluations of a run's checkpoints by a process of their own, while it trains or afterwards.

It takes no lock of the run and writes to one folder only, `eval_<name>`; see `evaluate_run`.
"""

import contextlib
import fcntl
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasrun._tensorflow_import import import_tensorflow
from kerasrun.runs.errors import Refused, RunError, UsageError
from kerasrun.runs.quiet import without_noise
from kerasrun.runs.reopened import check_reopenable, checkpoint_path, readable, reopened
from kerasrun.runs.run import Run, read_run

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
        readable(),
    ):
        import_tensorflow()
        estimator, spec = _estimator_and_spec(run, order)
        estimator.add_observer(_observer(listener))
        if order.watch:
            _watch(run, estimator, spec)
        else:
            estimator.evaluate(spec.input_fn, spec.steps, None, path, spec.name)


def _checked(run: Run, order: EvaluateOrder) -> str | None:
    """The prefix of the checkpoint to evaluate; None where they are still to come."""
    check_reopenable(run)
    if not order.name.strip() or "/" in order.name:
        raise UsageError(f"--name {order.name!r}: expected a word, for the folder eval_NAME")
    if order.watch:
        if order.checkpoint is not None:
            raise UsageError("give --watch or --checkpoint, not both")
        return None
    path = checkpoint_path(run, order.checkpoint)
    if path is None:
        raise UsageError(f"run {run.id} has no checkpoint yet; --watch waits for one")
    return path


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


def _estimator_and_spec(run: Run, order: EvaluateOrder) -> tuple[Any, Any]:
    """The Estimator on the run's folder, and how to evaluate."""
    from kerasrun import estimator as tf_estimator

    estimator, specs = reopened(run)
    if order.name in [spec.name for spec in specs]:
        raise UsageError(
            f"--name {order.name}: the training itself writes to eval_{order.name}; give another"
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
