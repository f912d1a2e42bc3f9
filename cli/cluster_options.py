"""Options of a training in several processes."""

from typing import Annotated

import typer

Workers = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Train in so many processes of this machine: real with an accelerator for each, a "
        "rehearsal on CPUs; with --engine ray, of its cluster. Default: 1.",
        show_default=False,
    ),
]
MaxRestarts = Annotated[
    int | None,
    typer.Option(
        min=0,
        metavar="N",
        help="Start again from the newest checkpoint, so often, when a process was killed or lost. "
        "Default: 0.",
        show_default=False,
    ),
]
WorkerTimeout = Annotated[
    float | None,
    typer.Option(
        min=1,
        metavar="SECS",
        help="How long workers wait for each other at the start. Default: 60; with --job 600. "
        "With --engine ray also for room in its cluster, by default 120.",
        show_default=False,
    ),
]
Engine = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Who starts the workers: local, or ray, which places them on the cluster of "
        "RAY_ADDRESS, else on one started here for the run. The runs' root and the current folder "
        "must be on a disk that all its nodes share. Default: local.",
        show_default=False,
    ),
]
CpusPerWorker = Annotated[
    float | None,
    typer.Option(
        min=0.01,
        metavar="N",
        help="With --engine ray: CPUs that Ray keeps for each worker. Default: 1.",
        show_default=False,
    ),
]
GpusPerWorker = Annotated[
    int | None,
    typer.Option(
        min=0,
        metavar="N",
        help="With --engine ray: GPUs of each worker. Default: 0, and none is used.",
        show_default=False,
    ),
]
JobName = Annotated[
    str | None,
    typer.Option(
        "--job",
        metavar="WORD",
        help="In a cluster that TF_CONFIG or --hosts describes: its processes, which all run this "
        "command with one runs' root, find the run by this word.",
        show_default=False,
    ),
]
Hosts = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT,...",
        help="The addresses of all processes that train, in place of TF_CONFIG; the first leads.",
        show_default=False,
    ),
]
TaskIndex = Annotated[
    int | None,
    typer.Option(
        min=0,
        metavar="N",
        help="Which of --hosts this process is, from 0.",
        show_default=False,
    ),
]
