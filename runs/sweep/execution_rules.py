"""Which ways of running trials go together."""

from kerasrun.runs.engine import RAY, check_engine
from kerasrun.runs.errors import UsageError
from kerasrun.runs.sweep.objective import Objective
from kerasrun.runs.sweep.plan import Execution
from kerasrun.runs.sweep.pruning import rule_named


def check_execution(execution: Execution, objective: Objective | None) -> None:
    """Raises unless trials can be run so.

    Raises:
        UsageError: Something is missing, or does not go with the rest.
    """
    if execution.prune:
        rule_named(execution.prune)
        if objective is None:
            raise UsageError("--prune needs --max METRIC or --min METRIC")
    if execution.engine != RAY:
        for option, value in (("--cpus", execution.cpus), ("--gpus", execution.gpus)):
            if value is not None:
                raise UsageError(f"{option} is what Ray gives a trial: it needs --engine ray")
        return
    if execution.timeout_secs is not None:
        raise UsageError("--timeout-secs and --engine ray are given together: Ray sets no limit")
    if execution.devices:
        raise UsageError("--devices and --engine ray are given together: Ray shares GPUs by --gpus")
    check_engine(RAY)
