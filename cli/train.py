"""`mlrun train`: trains the model of a model file as a new run."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kerasrun.cli.cluster_options import (
    CpusPerWorker,
    Engine,
    GpusPerWorker,
    Hosts,
    JobName,
    MaxRestarts,
    TaskIndex,
    Workers,
    WorkerTimeout,
)
from kerasrun.cli.features import Features, feature_columns
from kerasrun.cli.options import Json, Root, Traceback, Verbose

if TYPE_CHECKING:
    from kerasrun.cli.progress import Screen
    from kerasrun.runs.parent import Parent

Model = Annotated[
    str | None,
    typer.Option(
        metavar="FILE[:NAME]",
        help="A Python file that defines a compiled `model`, or `build_model(...)` that returns "
        "one; NAME is what to use in their place.",
        show_default=False,
    ),
]
From = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="RUN",
        help="Run it again, from its own copy of its source, with its params, settings and seed.",
        show_default=False,
    ),
]
Fork = Annotated[
    str | None,
    typer.Option(
        metavar="RUN",
        help="Begin with the weights of its newest checkpoint; with its source and params, unless "
        "--model is given.",
        show_default=False,
    ),
]
Param = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        "-p",
        metavar="NAME=VALUE",
        help="A hyperparameter: a keyword argument of build_model or of the input functions. "
        "May be given many times.",
        show_default=False,
    ),
]


def train(
    model: Model = None,
    param: Param = None,
    from_: From = None,
    fork: Fork = None,
    train_data: Annotated[
        str | None, typer.Option(metavar="CSV", help="Training data; in place of train_input_fn.")
    ] = None,
    eval_data: Annotated[
        str | None, typer.Option(metavar="CSV", help="Evaluation data; in place of eval_input_fn.")
    ] = None,
    label: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The label's column in the CSV files.")
    ] = None,
    features: Features = None,
    max_steps: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Where training ends. Default: 1000.")
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="Examples in a batch. Default: the input function's."
        ),
    ] = None,
    eval_steps: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Batches in an evaluation. Default: all there are."),
    ] = None,
    save_checkpoints_steps: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Save and evaluate every so many steps. Default: a tenth of max_steps, 100 at "
            "least.",
        ),
    ] = None,
    throttle_secs: Annotated[
        int | None,
        typer.Option(metavar="SECS", min=0, help="Least time between evaluations. Default: 0."),
    ] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="What to call the run.")] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORD",
            help="A word to find the run by; see mlrun tag. May be given many times.",
            show_default=False,
        ),
    ] = None,
    note: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="What is to be remembered about it; see mlrun note."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=2**32 - 1,
            metavar="N",
            help="Makes a run repeatable. Default: drawn at random.",
        ),
    ] = None,
    workers: Workers = None,
    max_restarts: MaxRestarts = None,
    worker_timeout_secs: WorkerTimeout = None,
    engine: Engine = None,
    cpus_per_worker: CpusPerWorker = None,
    gpus_per_worker: GpusPerWorker = None,
    job: JobName = None,
    hosts: Hosts = None,
    task_index: TaskIndex = None,
    mirror: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Copy the run there while it trains, every 30 s and at its end; as `mlrun push`.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print the record of what would be run; run nothing."),
    ] = False,
    needed: Annotated[
        bool,
        typer.Option(
            "--needed",
            help="Do nothing if a run of the same code, params, settings and seed has completed.",
        ),
    ] = False,
    background: Annotated[
        bool, typer.Option("--background", help="Return at once; the run goes on by itself.")
    ] = False,
    root: Root = None,
    json: Json = False,
    verbose: Verbose = False,
    traceback: Traceback = False,
) -> None:
    """Train the model of a model file, evaluate it, export it; recorded as a new run."""
    from kerasrun.cli.cluster_train import ClusterTraining, place_of_command
    from kerasrun.cli.errors import readable_errors, warn
    from kerasrun.cli.follow import Follower
    from kerasrun.cli.train_plan import only_planned, start_and_leave
    from kerasrun.runs.engine import check_workers_of
    from kerasrun.runs.launch import TrainOrder, launch
    from kerasrun.runs.params import parse_assignments
    from kerasrun.runs.push.mirror import Mirror
    from kerasrun.runs.root import runs_root

    with readable_errors(traceback=traceback and not verbose):
        check_name(name)
        place = place_of_command(
            *(job, hosts, task_index),
            workers=workers,
            engine=engine,
            background=background,
            needed=needed,
        )
        check_workers_of(engine, cpus_per_worker=cpus_per_worker, gpus_per_worker=gpus_per_worker)
        folder = runs_root(root)
        order = TrainOrder(
            model=model,
            parent=_parent(model, from_, fork, folder),
            argv=["mlrun", *sys.argv[1:]],
            cwd=Path.cwd(),
            name=name,
            tags=tag or [],
            note=note,
            job=job,
            seed=seed,
            params=parse_assignments(param or []),
            options={
                "train_data": train_data,
                "eval_data": eval_data,
                "max_steps": max_steps,
                "batch_size": batch_size,
                "eval_steps": eval_steps,
                "save_checkpoints_steps": save_checkpoints_steps,
                "throttle_secs": throttle_secs,
                "workers": workers,
                "max_restarts": max_restarts,
                "worker_timeout_secs": worker_timeout_secs,
                "engine": engine,
                "cpus_per_worker": cpus_per_worker,
                "gpus_per_worker": gpus_per_worker,
                **_csv_options(train_data, eval_data, label, features),
            },
        )
        if (dry_run or needed) and only_planned(order, folder, dry_run=dry_run, json=json):
            return
        if background:
            start_and_leave(order, folder, json=json)
            return
        if job:
            ClusterTraining(
                *(order, folder, place),
                timeout_secs=worker_timeout_secs,
                json=json,
                verbose=verbose,
                traceback=traceback and not verbose,
            ).run(mirror)
            return
        with Follower(json=json, traceback=traceback and not verbose) as follower:

            def announced(run_dir: Path, record: dict[str, Any]) -> "Screen":
                screen = follower.screen_for(run_dir, record)
                if order.parent:
                    screen.line(_begins_with(order.parent, record))
                mirrored.follow(run_dir)
                return screen

            with Mirror(mirror, warn) as mirrored:
                run_dir, ended = launch(order, folder, listener_for=announced, verbose=verbose)
            follower.finish(run_dir, ended)


def _parent(model: str | None, again: str | None, fork: str | None, root: Path) -> "Parent | None":
    from kerasrun.runs.errors import UsageError
    from kerasrun.runs.parent import AGAIN, FORK, Parent
    from kerasrun.runs.query import find_run

    if again and (model or fork):
        raise UsageError("--from RUN runs the same again: it takes no --model and no --fork")
    if not (model or again or fork):
        raise UsageError("what shall be trained? Give --model FILE, --from RUN or --fork RUN")
    if again or fork:
        return Parent(find_run(again or fork or "", root), AGAIN if again else FORK)
    return None


def _begins_with(parent: "Parent", record: dict[str, Any]) -> str:
    from kerasrun.runs.parent import AGAIN

    if parent.how == AGAIN:
        differs = ", ".join(parent.what_differs(record)) or "nothing"
        return f"again   {parent.run.id}   what differs: {differs}"
    return f"fork    {parent.run.id}   from the weights of its newest checkpoint"


def check_name(name: str | None) -> None:
    """Raises unless a run can be called so.

    Raises:
        UsageError: It cannot be named on a command line.
    """
    from kerasrun.runs.errors import UsageError

    if name is not None and (not name.strip() or name.startswith("@")):
        raise UsageError(f"--name {name!r}: expected a word that does not begin with @")


def _csv_options(
    train_data: str | None, eval_data: str | None, label: str | None, features: list[str] | None
) -> dict[str, Any]:
    from kerasrun.runs.errors import UsageError

    if not (train_data or eval_data):
        for option, value in (("--label", label), ("--features", features)):
            if value:
                raise UsageError(f"{option} needs --train-data or --eval-data")
    elif label is None:
        raise UsageError("--train-data and --eval-data need --label COLUMN")
    return {"label": label, "features": feature_columns(features or [])}
