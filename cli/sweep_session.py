"""Runs a sweep and tells what has come of it: for `mlrun sweep` and `mlrun sweep --resume`."""

import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from kerasrun.cli.sweep_table import (
    best_text,
    counts_text,
    failures,
    header_line,
    plan_table,
    trials_table,
)

if TYPE_CHECKING:
    from kerasrun.runs.sweep.files import SweepFiles
    from kerasrun.runs.sweep.order import SweepOrder
    from kerasrun.runs.sweep.plan import Plan
    from kerasrun.runs.sweep.session import Changes, SweepEnd
    from kerasrun.runs.sweep.states import TrialState

_SHOWN_AT_THE_END = 10


def begin_sweep(order: "SweepOrder", root: Path, *, dry_run: bool, json: bool) -> None:
    """Makes a new sweep and runs it, or only prints its trials.

    Raises:
        typer.Exit: With the exit code.
        RunError: It cannot be begun.
    """
    from kerasrun.cli.json_shape import to_text
    from kerasrun.runs.sweep.order import new_sweep, planned
    from kerasrun.runs.sweep.session import only_process

    if dry_run:
        plan = planned(order)
        if json:
            print(to_text(plan_json(plan)))
        elif plan.trials:
            print("\n".join(plan_table(plan)))
        else:
            print(f"{plan.number} trials, which Optuna proposes one by one")
        return
    waiting = sys.stderr.isatty()
    if waiting:
        print("looking at the model file and the parameters", end="", file=sys.stderr, flush=True)
    try:
        files, plan = new_sweep(order, root)
    finally:
        if waiting:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    with only_process(files):
        _run(files, plan, retry_failed=False, json=json)


def go_on_with(asked: str, changes: "Changes", root: Path, *, json: bool) -> None:
    """Does what is left of a sweep.

    Raises:
        typer.Exit: With the exit code.
        RunError: There is no such sweep, another process runs it, or its record is damaged.
    """
    from kerasrun.runs.sweep.find import find_sweep
    from kerasrun.runs.sweep.session import changed, only_process

    files = find_sweep(asked, root)
    with only_process(files):
        plan = changed(files, changes)
        _run(files, plan, retry_failed=changes.retry_failed, json=json)


def sweep_json(
    files: "SweepFiles", plan: "Plan", states: "list[TrialState]", state: str
) -> dict[str, Any]:
    """What `mlrun sweep --json` and `mlrun show SWEEP --json` print; see docs/sweeps.md."""
    from kerasrun.cli.json_shape import SCHEMA
    from kerasrun.runs.sweep.states import best_first, best_of

    best = best_of(states, plan.objective)
    return {
        "schema": SCHEMA,
        "sweep": files.id,
        "dir": str(files.folder),
        "state": state,
        **plan_json(plan),
        "best": best.trial.run if best else None,
        "trials": [
            {
                **_trial_json(one.trial),
                "run": one.trial.run,
                "state": "running" if one.active else one.state,
                "reason": one.reason,
                "value": one.value,
            }
            for one in best_first(states, plan.objective)
        ],
    }


def plan_json(plan: "Plan") -> dict[str, Any]:
    """What is tried."""
    objective = plan.objective
    return {
        "how": plan.how,
        "number": plan.number,
        "objective": None
        if objective is None
        else {
            "metric": objective.metric,
            "direction": "max" if objective.maximize else "min",
            "best": objective.best,
        },
        "trials": [_trial_json(one) for one in plan.trials],
    }


def _trial_json(trial: Any) -> dict[str, Any]:
    return {"number": trial.number, "params": trial.params, "seed": trial.seed}


def _run(files: "SweepFiles", plan: "Plan", *, retry_failed: bool, json: bool) -> None:
    from kerasrun.cli.sweep_screen import SweepScreen
    from kerasrun.runs.errors import RunError
    from kerasrun.runs.sweep.session import run_sweep

    signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # a reader that goes away ends no trial
    screen = SweepScreen(files, plan, sys.stderr if json else sys.stdout)
    screen.line(header_line(files.id, plan))
    try:
        end = run_sweep(files, plan, screen, retry_failed=retry_failed)
    except RunError as error:
        screen.clear()
        text = str(error) if str(error).endswith((".", "?")) else f"{error}."
        again = f"mlrun sweep --resume {files.id[-4:]}{root_option(files)}"
        error.args = (f"{text} The sweep can go on: {again}",)
        raise
    screen.clear()
    _tell(files, plan, end, screen.line, json=json)


def _tell(files: "SweepFiles", plan: "Plan", end: "SweepEnd", line: Any, *, json: bool) -> None:
    """The last lines, and the exit code.

    Raises:
        typer.Exit: Unless all is done.
    """
    from kerasrun.cli.json_shape import to_text

    left = _left(end)
    for text in trials_table(end.states, plan)[: _SHOWN_AT_THE_END + 1]:
        line(text)
    for text in failures(end.states, plan):
        line(text)
    summary = [counts_text(end.states, end.number), best_text(end.states, plan)]
    line("done    " + "   ".join(text for text in summary if text))
    if json:
        state = "ended" if left else "completed"
        print(to_text(sweep_json(files, plan, end.states, state)))
    if end.why and not end.signal:
        print(f"error: {end.why}", file=sys.stderr, flush=True)
    if left:
        failed = not end.signal and _all_failed(end)
        options, what = (" --retry-failed", "have failed") if failed else ("", "are not done")
        again = f"mlrun sweep --resume {files.id[-4:]}{options}{root_option(files)}"
        print(f"{left} of {end.number} trials {what}.   {again}", file=sys.stderr, flush=True)
    if end.signal:
        raise typer.Exit(128 + end.signal)
    if left:
        raise typer.Exit(1)


def _left(end: "SweepEnd") -> int:
    from kerasrun.runs.sweep.states import DONE

    return end.number - sum(one.state in DONE for one in end.states)


def _all_failed(end: "SweepEnd") -> bool:
    """Whether what is left has failed by its own error, so that it is not tried again unasked."""
    from kerasrun.runs.sweep.states import BROKEN, DONE

    return all(one.state in (*DONE, *BROKEN) for one in end.states)


def root_option(files: "SweepFiles") -> str:
    """` --root DIR` where the sweep does not lie in the root that holds without it."""
    from kerasrun.runs.root import runs_root

    return "" if runs_root() == files.root else f" --root {shlex.quote(str(files.root))}"
