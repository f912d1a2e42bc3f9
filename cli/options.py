"""Options that several commands share."""

from typing import Annotated

import typer

Root = Annotated[
    str | None,
    typer.Option(
        metavar="DIR",
        help="Where runs live. Default: KERASRUN_ROOT, else ./runs, or ./.kerasrun/runs where "
        "./runs is a Python package.",
        show_default=False,
    ),
]
RunName = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="An id, the beginning or end of one (4 characters at least), a name, or @last.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead.")]
Verbose = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Show TensorFlow's own messages and tracebacks too."),
]
Traceback = Annotated[
    bool, typer.Option("--traceback", help="Show the traceback of what went wrong.")
]
