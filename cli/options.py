"""Options that several commands share."""

from typing import Annotated

import typer

from kerasrun.cli.completion import run_names

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
        help="An id, the beginning or end of one (4 characters at least), a name, @last, "
        "@best:METRIC or @running.",
        show_default=False,
        autocompletion=run_names,
    ),
]
RunNames = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[RUN]...",
        help="Which runs; see also --where.",
        show_default=False,
        autocompletion=run_names,
    ),
]
Where = Annotated[
    str | None,
    typer.Option(
        metavar="CONDITION",
        help="Only runs for which it holds, such as 'accuracy > 0.9 and lr <= 0.01'.",
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
