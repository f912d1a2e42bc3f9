"""`mlrun tensorboard`: stock TensorBoard on exactly the runs that are meant."""

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kerasrun.cli.options import Root, Traceback, Where

if TYPE_CHECKING:
    from kerasrun.runs.run import Run


def tensorboard(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN]...", help="Which runs, or sweeps; none: all.", show_default=False
        ),
    ] = None,
    where: Where = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            metavar="PORT",
            help="0: any free one. Default: 6006 or the next free one.",
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(metavar="HOST", help="The interface to listen on.")
    ] = "127.0.0.1",
    root: Root = None,
    traceback: Traceback = False,
) -> None:
    """Start TensorBoard on the given runs, or on all; Ctrl-C ends it."""
    import signal

    from kerasrun.cli.errors import readable_errors
    from kerasrun.runs.errors import RunError, UsageError
    from kerasrun.runs.log_folder import log_folder
    from kerasrun.runs.root import runs_root
    from kerasrun.runs.signals import exit_on_signal
    from kerasrun.runs.tensorboard import TensorBoard

    signal.signal(signal.SIGTERM, exit_on_signal)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    with readable_errors(traceback=traceback), ExitStack() as stack:
        folder = runs_root(root)
        found = _found(runs, where, folder)
        if not found and (runs or where):
            which = f"no run fulfils --where {where!r}" if where else f"{runs}: no trial is there"
            raise UsageError(which)
        # A folder without runs of ours may still hold event files.
        shown = stack.enter_context(log_folder(found)) if found else None

        def refresh() -> None:
            with suppress(RunError):
                if shown:
                    shown.show(_found(runs, where, folder))

        server = TensorBoard(shown.path if shown else folder, host=host, port=port)
        try:
            which = _text(found) if runs or where else f"all runs under {folder}"
            print(f"TensorBoard at {server.url()}   {which}; Ctrl-C ends it", flush=True)
            raise typer.Exit(server.wait(refresh))
        finally:
            server.stop()


def _found(asked: list[str] | None, where: str | None, root: Path) -> "list[Run]":
    from kerasrun.cli.errors import warn_of
    from kerasrun.runs.listing import list_runs
    from kerasrun.runs.query import find_runs

    if asked or where:
        return find_runs(asked or [], root, where=where, unreadable=warn_of)
    return list_runs(root).runs


def _text(runs: "Sequence[Run]") -> str:
    names = [run.id for run in runs]
    return ", ".join(names) if len(names) <= 5 else f"{len(names)} runs"
