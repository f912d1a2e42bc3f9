"""`mlrun launch`: prints what starts the same training on other machines."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

# What is not an option of ours is one of `mlrun train`.
CONTEXT = {"ignore_unknown_options": True, "allow_extra_args": True}
_REFUSED = {
    "from_": "--from",
    "fork": "--fork",
    "hosts": "--hosts",
    "task_index": "--task-index",
    "dry_run": "--dry-run",
    "needed": "--needed",
    "background": "--background",
    "engine": "--engine",
    "cpus_per_worker": "--cpus-per-worker",
    "gpus_per_worker": "--gpus-per-worker",
    "json": "--json",
}
_MODEL_CHARACTERS = 30


def launch(
    context: typer.Context,
    print_: Annotated[
        str,
        typer.Option(
            "--print",
            metavar="WHAT",
            help="What to print; kubernetes: manifests for `kubectl apply -f -`.",
            show_default=False,
        ),
    ],
    image: Annotated[
        str,
        typer.Option(
            metavar="IMAGE",
            help="A container image that holds kerasrun and the model file; paths are those in it.",
            show_default=False,
        ),
    ],
    workers: Annotated[int, typer.Option(min=1, metavar="N", help="How many pods train.")] = 1,
    kind: Annotated[
        str,
        typer.Option(
            metavar="KIND",
            help="What runs it: job (an Indexed Job) or tfjob (Kubeflow's operator).",
        ),
    ] = "job",
    evaluator: Annotated[
        bool, typer.Option("--evaluator", help="One more pod evaluates and exports (tfjob).")
    ] = False,
    job: Annotated[
        str | None,
        typer.Option(
            metavar="WORD",
            help="What the job is called; applied again, it goes on with its run. Default: the "
            "model file's name and four hex digits.",
            show_default=False,
        ),
    ] = None,
    root: Annotated[
        str, typer.Option(metavar="DIR", help="Where the pods see the folder of the runs.")
    ] = "/runs",
    claim: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A PersistentVolumeClaim that is there, for the runs. Default: mlrun-runs is "
            "made.",
            show_default=False,
        ),
    ] = None,
    storage: Annotated[
        str, typer.Option(metavar="SIZE", help="How large mlrun-runs is made.")
    ] = "10Gi",
    namespace: Annotated[
        str | None, typer.Option(metavar="NAME", help="Default: that of kubectl.")
    ] = None,
    gpus: Annotated[int, typer.Option(min=0, metavar="N", help="GPUs for each pod.")] = 0,
    cpu: Annotated[
        str | None, typer.Option(metavar="CPUS", help="CPUs for each pod, such as 4 or 500m.")
    ] = None,
    memory: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Memory for each pod, such as 8Gi.")
    ] = None,
    max_restarts: Annotated[
        int, typer.Option(min=0, metavar="N", help="How often lost processes are started again.")
    ] = 3,
) -> None:
    """Print manifests that run the training on a cluster; all options of train may follow."""
    from kerasrun.cli.errors import readable_errors
    from kerasrun.runs.cluster.kubernetes import ClusterOrder, manifests
    from kerasrun.runs.errors import UsageError

    with readable_errors():
        if print_ != "kubernetes":
            raise UsageError(f"--print {print_!r}: expected kubernetes")
        model = _checked_model(context.args)
        order = ClusterOrder(
            job=job or _name_for(model),
            image=image,
            workers=workers,
            train=context.args,
            root=root,
            evaluator=evaluator,
            claim=claim,
            storage=storage,
            namespace=namespace,
            gpus=gpus,
            cpu=cpu,
            memory=memory,
            max_restarts=max_restarts,
        )
        print(manifests(kind, order), end="")


def _checked_model(arguments: Sequence[str]) -> str:
    """The model file, once `mlrun train` has been asked whether it knows all the options.

    Raises:
        UsageError: There is none, or an option has no meaning there.
    """
    from kerasrun.runs.errors import UsageError

    given = _parsed(arguments)
    for name, option in _REFUSED.items():
        if given[name]:
            raise UsageError(f"{option} has no meaning in a cluster: leave it out")
    if not given["model"]:
        raise UsageError("what shall be trained? Give --model FILE, the path in the image")
    return str(given["model"])


def _parsed(arguments: Sequence[str]) -> dict[str, Any]:
    """What `mlrun train` makes of its options; ends the command where it does not know one."""
    from kerasrun.cli.train import train

    app = typer.Typer(add_completion=False)
    app.command()(train)
    with typer.main.get_command(app).make_context("mlrun train", list(arguments)) as context:
        return dict(context.params)


def _name_for(model: str) -> str:
    """`keras-iris-3fa1`: the model file's name as Kubernetes takes it, and what makes it new."""
    import re
    import secrets
    from pathlib import Path

    stem = re.sub("[^a-z0-9]+", "-", Path(model.partition(":")[0]).stem.lower()).strip("-")
    stem = stem if stem[:1].isalpha() else f"m-{stem}"
    return f"{stem[:_MODEL_CHARACTERS].strip('-')}-{secrets.token_hex(2)}"
