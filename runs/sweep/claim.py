"""A trial becomes a run: its folder is made ready aside, its id is written down, then it is moved.

So whatever moment a kill comes at, the run of a trial is whole or absent, and known by its id in
`sweep.json` and by `parent` in its own `run.json`.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasrun.runs.errors import RunError
from kerasrun.runs.launch import write_down
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.outcome import describe
from kerasrun.runs.settings import COMMAND_LINE, from_command_line
from kerasrun.runs.source import keep_source_of
from kerasrun.runs.sweep.files import SweepFiles
from kerasrun.runs.sweep.plan import Plan, Trial

SWEEP = "sweep"  # how a trial's parent has begun it
_TRIES = 100


@dataclass(frozen=True)
class _TrialOrder:
    """What a trial's run is made of, see `kerasrun.runs.launch.Order`."""

    argv: list[str]
    tags: list[str]
    name: None = None
    note: None = None


def claim_trial(files: SweepFiles, plan: Plan, trial: Trial) -> RunFiles:
    """The run of a trial: that which it has, or else a new one, which is not begun.

    Raises:
        UsageError: The root cannot be written.
        RunError: `sweep.json` cannot be.
    """
    if settled := settle(files, trial):
        return settled
    for _ in range(_TRIES):
        staged = _stage(files, plan, trial)
        if not (files.root / staged.folder.name).exists():
            break
    else:
        raise RunError(f"no free run id under {files.root} after {_TRIES} tries")
    trial.run, trial.mark = staged.folder.name, None
    plan.write(files)
    return _move(files, staged.folder)


def settle(files: SweepFiles, trial: Trial) -> RunFiles | None:
    """The run of a trial, put where it belongs if a kill has come between; None where it is gone.

    Raises:
        RunError: It cannot be moved.
    """
    if trial.run is None:
        return None
    if (files.root / trial.run).is_dir():
        return RunFiles(files.root / trial.run)
    staged = files.staged / trial.run
    return _move(files, staged) if staged.is_dir() else None


def clear_staged(files: SweepFiles) -> None:
    """Removes what a kill has left half ready; nobody has been told of it."""
    shutil.rmtree(files.staged, ignore_errors=True)


def trial_argv(plan: Plan, trial: Trial) -> list[str]:
    """The command that does the same as a trial, by itself."""
    name = f":{plan.model['name']}" if plan.model.get("name") else ""
    argv = ["mlrun", "train", "--model", f"{plan.model['file']}{name}"]
    for key, text in trial.params.items():
        argv += ["-p", f"{key}={text}"]
    for key, value in plan.options.items():
        option = "--" + key.replace("_", "-")
        if isinstance(value, Mapping):  # --features
            for feature, columns in value.items():
                said = columns if isinstance(columns, str) else f"{feature}={','.join(columns)}"
                argv += [option, said]
        elif value is not None:
            argv += [option, str(value)]
    return [*argv, "--seed", str(trial.seed)]


def _stage(files: SweepFiles, plan: Plan, trial: Trial) -> RunFiles:
    order = _TrialOrder(trial_argv(plan, trial), plan.tags)
    staged, _ = write_down(
        order, "train", files.staged, lambda run: _entries(files, plan, trial, run)
    )
    return staged


def _entries(files: SweepFiles, plan: Plan, trial: Trial, run: RunFiles) -> dict[str, Any]:
    model = keep_source_of(run, files.source, plan.model)
    if files.source.diff.exists():
        run.source.mkdir(exist_ok=True)
        shutil.copyfile(files.source.diff, run.diff)
    # A seed that was asked for goes before that of the model file's RunConfig.
    asked = plan.seed["origin"] == COMMAND_LINE or plan.repeats > 1
    return {
        "cwd": plan.cwd,
        "model": model,
        "git": plan.git,
        "params": {
            name: {"value": text, "origin": COMMAND_LINE, "text": text}
            for name, text in trial.params.items()
        },
        "settings": from_command_line(plan.options),
        "seed": {"value": trial.seed, "origin": COMMAND_LINE if asked else f"sweep {files.id}"},
        "parent": {"run": files.id, "how": SWEEP, "trial": trial.number},
    }


def _move(files: SweepFiles, staged: Path) -> RunFiles:
    target = files.root / staged.name
    try:
        staged.rename(target)
    except OSError as error:
        raise RunError(f"{staged} cannot be moved to {target}: {describe(error)}") from error
    return RunFiles(target)
