"""A new sweep, from what the user wants."""

import secrets
import shutil
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kerasrun.runs import clock
from kerasrun.runs.errors import RunError, UsageError
from kerasrun.runs.labels import check_labels
from kerasrun.runs.model_file import existing_model_file, split_name
from kerasrun.runs.outcome import describe
from kerasrun.runs.settings import COMMAND_LINE
from kerasrun.runs.signals import exit_on_signal, handlers
from kerasrun.runs.source import keep_git_state, keep_model_file
from kerasrun.runs.sweep.check import check_before, corners
from kerasrun.runs.sweep.execution_rules import check_execution
from kerasrun.runs.sweep.files import SweepFiles, claim_sweep
from kerasrun.runs.sweep.objective import Objective
from kerasrun.runs.sweep.plan import (
    GRID,
    OPTUNA,
    RANDOM,
    TRIALS,
    Execution,
    Plan,
    Trial,
)
from kerasrun.runs.sweep.session import only_process
from kerasrun.runs.sweep.space import Choices, Params, Space, grid, parse_space, random_draws
from kerasrun.runs.sweep.trials_file import read_trials

_SEEDS = 2**32


@dataclass(frozen=True)
class SweepOrder:
    """What the user wants tried.

    Attributes:
        model: `FILE` or `FILE:name`.
        argv: The command line.
        cwd: Where it was given; relative paths start here.
        params: `NAME=…`, see `kerasrun.runs.sweep.space`.
        trials_file: A CSV file of trials, or None.
        random: How many combinations are drawn, or None.
        optuna: The name of a sampler, or None.
        number: How many trials Optuna proposes, or None.
        repeats: With how many seeds each combination is tried.
        seed: The (first) seed; None: drawn.
        objective: What is best, or None.
        options: Settings of each trial, as of `mlrun train`; None where not given.
        tags: Of each trial.
        execution: How they are run.
    """

    model: str
    argv: list[str]
    cwd: Path
    params: Sequence[str] = ()
    trials_file: str | None = None
    random: int | None = None
    optuna: str | None = None
    number: int | None = None
    repeats: int = 1
    seed: int | None = None
    objective: Objective | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    tags: Sequence[str] = ()
    execution: Execution = field(default_factory=Execution)


def planned(order: SweepOrder) -> Plan:
    """What would be tried; nothing is written.

    Raises:
        UsageError: Something given is wrong.
    """
    check_labels(order.tags, None)
    _check(order)
    space = parse_space(order.params)
    seed = secrets.randbelow(2**31) if order.seed is None else order.seed
    plan = Plan(
        created=clock.to_text(clock.now()),
        argv=order.argv,
        cwd=str(order.cwd),
        model={"file": str(_model_file(order)[0]), "name": _model_file(order)[1]},
        git=None,
        how=_how(order),
        space=dict(text.split("=", 1) for text in order.params),
        number=order.number or 0,
        repeats=order.repeats,
        seed={"value": seed, "origin": "drawn" if order.seed is None else COMMAND_LINE},
        objective=order.objective,
        options={name: value for name, value in order.options.items() if value is not None},
        tags=list(order.tags),
        execution=order.execution,
    )
    if plan.how != OPTUNA:
        plan.trials = _trials(order, space, seed)
        plan.number = len(plan.trials)
    return plan


def new_sweep(order: SweepOrder, root: Path) -> tuple[SweepFiles, Plan]:
    """Makes a sweep under `root`, once its model file and parameters are found to fit.

    Raises:
        UsageError: Something given is wrong; no folder is left behind.
    """
    plan = planned(order)
    files = claim_sweep(root)
    try:
        # `mlrun stop` finds who is at work here, and its SIGTERM leaves no folder behind.
        with only_process(files), handlers({int(signal.SIGTERM): exit_on_signal}):
            model_file, name = _model_file(order)
            plan.model = keep_model_file(files.source, model_file, name)
            plan.git = keep_git_state(files.source, model_file.parent)
            plan.write(files)
            samples = [trial.params for trial in plan.trials] or corners(parse_space(order.params))
            with _hint_of_whole_numbers(order):
                check_before(files, plan, samples)
    except (RunError, OSError, KeyboardInterrupt, SystemExit) as error:
        shutil.rmtree(files.folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise UsageError(f"cannot make a sweep under {root}: {describe(error)}") from error
        raise
    return files, plan


@contextmanager
def _hint_of_whole_numbers(order: SweepOrder) -> Iterator[None]:
    """A range of a parameter that is an `int` is to be told so."""
    try:
        yield
    except UsageError as error:
        for text in order.params:
            name, _, said = text.partition("=")
            if f"-p {name}=" in str(error) and "expected int" in str(error) and ".." in said:
                error.args = (f"{error}. Whole numbers only: -p {name}=int:{said}",)
        raise


def _model_file(order: SweepOrder) -> tuple[Path, str | None]:
    text, name = split_name(order.model)
    return existing_model_file(text, order.cwd), name


def _how(order: SweepOrder) -> str:
    if order.optuna:
        return OPTUNA
    if order.random:
        return RANDOM
    return TRIALS if order.trials_file else GRID


def _check(order: SweepOrder) -> None:
    ways = {"--random": order.random, "--optuna": order.optuna, "--trials": order.trials_file}
    given = [option for option, value in ways.items() if value]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} are given together: expected one of them")
    if not (order.params or order.trials_file or order.repeats > 1):
        raise UsageError(
            "what shall be tried? Give -p NAME=VALUE,VALUE,…, --trials FILE.csv or --repeats N"
        )
    if order.number and not order.optuna:
        raise UsageError("--n is how many trials Optuna proposes: it needs --optuna")
    check_execution(order.execution, order.objective)
    if order.optuna:
        _check_optuna(order, order.optuna)


def _check_optuna(order: SweepOrder, sampler: str) -> None:
    from kerasrun.runs.sweep.study import check_sampler

    check_sampler(sampler)
    if order.objective is None:
        raise UsageError("--optuna needs --max METRIC or --min METRIC")
    if not order.number:
        raise UsageError("--optuna needs --n N: how many trials")
    if order.repeats > 1:
        raise UsageError("--repeats and --optuna are given together: expected one of them")


def _trials(order: SweepOrder, space: Space, seed: int) -> list[Trial]:
    if order.trials_file:
        drawn = _of_file(order.cwd / order.trials_file, space)
    elif order.random:
        drawn = [(params, None) for params in random_draws(space, order.random, seed)]
    else:
        drawn = [(params, None) for params in grid(space)]
    repeated = [
        (params, (seed if own is None else own) + repeat)
        for repeat in range(order.repeats)
        for params, own in drawn
    ]
    return [Trial(number, params, one % _SEEDS) for number, (params, one) in enumerate(repeated, 1)]


def _of_file(path: Path, space: Space) -> list[tuple[Params, int | None]]:
    """The rows, with what `-p` says of the others."""
    constants: Params = {}
    for name, domain in space.items():
        if not (isinstance(domain, Choices) and len(domain.texts) == 1):
            raise UsageError(f"-p {name}: with --trials expected one value, such as -p {name}=8")
        constants[name] = domain.texts[0]
    rows = read_trials(path)
    if both := constants.keys() & {name for params, _ in rows for name in params}:
        raise UsageError(f"-p {sorted(both)[0]} is a column of {path.name} too")
    return [(constants | params, own) for params, own in rows]
