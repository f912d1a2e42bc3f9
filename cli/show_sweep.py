"""What `mlrun show` prints of a sweep: its state, and its trials, the best first."""

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kerasrun.runs.sweep.files import SweepFiles
    from kerasrun.runs.sweep.states import TrialState


def show_sweep(files: "SweepFiles", *, json: bool, other: bool) -> None:
    """Prints a sweep.

    Args:
        files: The sweep's.
        json: Whether JSON is printed.
        other: Whether something was asked for that only a run has.

    Raises:
        UsageError: It was.
        RunError: Its record is damaged.
    """
    from kerasrun.cli.json_shape import to_text
    from kerasrun.cli.sweep_session import root_option, sweep_json
    from kerasrun.cli.sweep_table import (
        best_text,
        counts_text,
        failures,
        header_line,
        trials_table,
    )
    from kerasrun.runs.errors import UsageError
    from kerasrun.runs.sweep.plan import read_plan
    from kerasrun.runs.sweep.states import read_states

    if other:
        raise UsageError(f"{files.id} is a sweep: --field, --source, --diff and --env are of a run")
    plan = read_plan(files)
    states = read_states(files, plan)
    state = _state(files, states, plan.number)
    if json:
        print(to_text(sweep_json(files, plan, states, state)))
        return
    print(header_line(files.id, plan))
    counts = [state, counts_text(states, plan.number), best_text(states, plan)]
    print("status  " + "   ".join(one for one in counts if one))
    print(f"model   {plan.model['file']}")
    print(f"begun   {plan.created[:19].replace('T', ' ')} UTC   {shlex.join(plan.argv)}")
    for line in [*trials_table(states, plan), *failures(states, plan)]:
        print(line)
    if state == "ended":
        print(f"to go on: mlrun sweep --resume {files.id[-4:]}{root_option(files)}")


def _state(files: "SweepFiles", states: "list[TrialState]", number: int) -> str:
    """`running` while a process starts trials, `completed` once all are done; `ended` before."""
    from kerasrun.runs.lock import is_locked
    from kerasrun.runs.sweep.states import DONE

    if is_locked(files.lock):
        return "running"
    done = sum(one.state in DONE for one in states)
    return "completed" if done >= number else "ended"
