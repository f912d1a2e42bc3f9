"""`mlrun tensorboard`: stock TensorBoard on exactly the runs that are meant."""

from typing import Annotated

import typer

from kerasrun.cli.options import Root, Traceback


def tensorboard(
    runs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN]...", help="Which runs; none: all.", show_default=False),
    ] = None,
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
    from kerasrun.runs.query import find_run
    from kerasrun.runs.root import runs_root
    from kerasrun.runs.signals import exit_on_signal
    from kerasrun.runs.tensorboard import TensorBoard, log_folder

    signal.signal(signal.SIGTERM, exit_on_signal)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    with readable_errors(traceback=traceback):
        folder = runs_root(root)
        found = [find_run(name, folder) for name in runs or []]
        with log_folder(folder, found) as logdir:
            server = TensorBoard(logdir, host=host, port=port)
            try:
                which = ", ".join(run.id for run in found) or f"all runs under {folder}"
                print(f"TensorBoard at {server.url()}   {which}; Ctrl-C ends it", flush=True)
                raise typer.Exit(server.wait())
            finally:
                server.stop()
