"""Going on with a run of `mlrun exec`: its program again, with the same arguments."""

import shlex

from kerasrun.runs.errors import Refused, UnreadableRun, UsageError
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.run import Run
from kerasrun.runs.shape import check
from kerasrun.runs.source import model_source

_NEEDED = {"cwd": str, "program": {"arguments": [str]}, "model": {"copy": str}}


def check_can_go_on(run: Run, max_steps: int | None) -> None:
    """Raises unless running the program once more goes on with the run.

    Its Estimators go on from their checkpoints, as ever; so it must be the same program.

    Args:
        run: Which.
        max_steps: What the command line says.

    Raises:
        UsageError: `max_steps` is given.
        Refused: The run has completed, or the program is another one now.
        UnreadableRun: The record lacks something.
    """
    try:
        check(run.record, _NEEDED)
    except ValueError as error:
        raise UnreadableRun(run.id, f"run.json: {error}") from error
    command = shlex.join(run.record.get("argv") or ["mlrun", "exec"])
    if max_steps is not None:
        raise UsageError(
            f"--max-steps: run {run.id} is one of a program, which says itself where training "
            f"ends. Run it with other arguments: {command}"
        )
    if run.status.state == "completed":
        raise Refused(f"run {run.id} has completed; to run its program again: {command}")
    source, original = model_source(RunFiles(run.folder), run.record["model"])
    if source != original:
        raise Refused(
            f"{original.name}, or a module beside it, has changed since run {run.id} began. To "
            f"run it as it is now, as a new run: {command}"
        )
