"""`mlrun sweep`: many runs of one model file, whose parameters differ."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from kerasrun.cli.features import Features
from kerasrun.cli.options import Json, Root, Traceback

_Text = str | None


def _option(help_: str, *names: str, metavar: str, **given: Any) -> Any:
    return typer.Option(*names, metavar=metavar, help=help_, show_default=False, **given)


def sweep(
    model: Annotated[
        _Text, _option("What to train; see mlrun train.", "--model", metavar="FILE[:NAME]")
    ] = None,
    param: Annotated[
        list[str] | None,
        _option(
            "What to try: lr=0.01,0.1 or, with --random and --optuna, lr=log:1e-4..1e-1, "
            "units=int:8..64. May be given many times.",
            "--param",
            "-p",
            metavar="NAME=VALUES",
        ),
    ] = None,
    trials: Annotated[
        _Text, _option("A column for each parameter, a row for each trial.", metavar="CSV")
    ] = None,
    random: Annotated[
        int | None, _option("Try N combinations, drawn at random.", metavar="N", min=1)
    ] = None,
    optuna: Annotated[
        _Text, _option("Let Optuna propose: tpe, random, qmc, cmaes or gp.", metavar="SAMPLER")
    ] = None,
    number: Annotated[
        int | None, _option("How many trials Optuna proposes.", "--n", metavar="N", min=1)
    ] = None,
    repeats: Annotated[
        int, _option("Try each combination with N seeds. Default: 1.", metavar="N", min=1)
    ] = 1,
    max_: Annotated[
        _Text, _option("Its greatest value is the best.", "--max", metavar="METRIC")
    ] = None,
    min_: Annotated[
        _Text, _option("Its least value is the best.", "--min", metavar="METRIC")
    ] = None,
    best: Annotated[
        bool, typer.Option("--best", help="A trial counts by its best evaluation, not its last.")
    ] = False,
    prune: Annotated[
        _Text,
        _option("End trials that fall behind: median or halving.", metavar="RULE"),
    ] = None,
    jobs: Annotated[
        int | None,
        _option("How many trials at once. Default: 1.", "--jobs", "-j", metavar="N", min=1),
    ] = None,
    devices: Annotated[
        _Text,
        _option(
            "The GPUs that the trials at once share, such as 0,1. Default: all.", metavar="N,N"
        ),
    ] = None,
    timeout_secs: Annotated[
        float | None, _option("End a trial after so long.", metavar="SECS", min=0.001)
    ] = None,
    max_restarts: Annotated[
        int | None,
        _option("How often to go on with a trial that was killed. Default: 1.", metavar="N", min=0),
    ] = None,
    resume: Annotated[
        _Text,
        _option("Do what is left of a sweep: an id, the end of one, or @last.", metavar="SWEEP"),
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="With --resume: also those that have failed.")
    ] = False,
    train_data: Annotated[_Text, _option("Training data; see mlrun train.", metavar="CSV")] = None,
    eval_data: Annotated[_Text, _option("Evaluation data.", metavar="CSV")] = None,
    label: Annotated[_Text, _option("The label's column.", metavar="COLUMN")] = None,
    features: Features = None,
    max_steps: Annotated[
        int | None, _option("Where each training ends.", metavar="N", min=1)
    ] = None,
    batch_size: Annotated[int | None, _option("Examples in a batch.", metavar="N", min=1)] = None,
    eval_steps: Annotated[
        int | None, _option("Batches in an evaluation.", metavar="N", min=1)
    ] = None,
    save_checkpoints_steps: Annotated[
        int | None, _option("Save and evaluate every so many steps.", metavar="N", min=1)
    ] = None,
    throttle_secs: Annotated[
        int | None, _option("Least time between evaluations.", metavar="SECS", min=0)
    ] = None,
    seed: Annotated[
        int | None,
        _option(
            "Of every trial; of --repeats the first. Default: drawn.",
            metavar="N",
            min=0,
            max=2**32 - 1,
        ),
    ] = None,
    tag: Annotated[
        list[str] | None,
        _option("A word to find the runs by; may be given many times.", metavar="WORD"),
    ] = None,
    engine: Annotated[
        _Text,
        _option("local, or ray: on the nodes of a Ray cluster. Default: local.", metavar="NAME"),
    ] = None,
    cpus: Annotated[
        float | None, _option("With ray: CPUs of a trial. Default: 1.", metavar="N", min=0)
    ] = None,
    gpus: Annotated[
        float | None, _option("With ray: GPUs of a trial. Default: 0.", metavar="N", min=0)
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the table of trials; run nothing.")
    ] = False,
    root: Root = None,
    json: Json = False,
    traceback: Traceback = False,
) -> None:
    """Train with many combinations of parameters; each trial is a run."""
    from kerasrun.cli.errors import readable_errors
    from kerasrun.cli.sweep_order import changes_of, execution_of, options_of, refuse_with_resume
    from kerasrun.cli.sweep_session import begin_sweep, go_on_with
    from kerasrun.runs.errors import UsageError
    from kerasrun.runs.root import runs_root
    from kerasrun.runs.sweep.objective import objective_of
    from kerasrun.runs.sweep.order import SweepOrder

    options = {
        "train_data": train_data,
        "eval_data": eval_data,
        "label": label,
        "max_steps": max_steps,
        "batch_size": batch_size,
        "eval_steps": eval_steps,
        "save_checkpoints_steps": save_checkpoints_steps,
        "throttle_secs": throttle_secs,
    }
    execution = {
        "jobs": jobs,
        "devices": devices,
        "max_restarts": max_restarts,
        "timeout_secs": timeout_secs,
        "prune": prune,
        "engine": engine,
        "cpus": cpus,
        "gpus": gpus,
    }
    with readable_errors(traceback=traceback):
        folder = runs_root(root)
        objective = objective_of(max_, min_, best=best)
        if resume is not None:
            given = {"--model": model, "-p": param, "--trials": trials, "--random": random}
            given |= {"--optuna": optuna, "--seed": seed, "--tag": tag, "--dry-run": dry_run}
            refuse_with_resume({**given, "--features": features, **options})
            changes = changes_of(objective, number, execution, retry_failed=retry_failed)
            go_on_with(resume, changes, folder, json=json)
            return
        if retry_failed:
            raise UsageError("--retry-failed is about a sweep that was begun: it needs --resume ID")
        if model is None:
            raise UsageError("what shall be trained? Give --model FILE, or --resume SWEEP")
        order = SweepOrder(
            model=model,
            argv=["mlrun", *sys.argv[1:]],
            cwd=Path.cwd(),
            params=param or [],
            trials_file=trials,
            random=random,
            optuna=optuna,
            number=number,
            repeats=repeats,
            seed=seed,
            objective=objective,
            options=options_of(options, features),
            tags=tag or [],
            execution=execution_of(execution, sampler=optuna),
        )
        begin_sweep(order, folder, dry_run=dry_run, json=json)
