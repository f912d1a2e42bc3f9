"""The command `mlrun`."""

import signal
import sys

import typer

from kerasrun.cli.errors import readable_errors
from kerasrun.cli.evaluate import evaluate
from kerasrun.cli.resume import resume
from kerasrun.cli.runs import runs
from kerasrun.cli.show import show
from kerasrun.cli.tensorboard import tensorboard
from kerasrun.cli.train import train

app = typer.Typer(
    help="Train Keras models as Estimators, and keep a record of every run.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (train, resume, evaluate, runs, show, tensorboard):
    app.command()(command)


@app.callback(invoke_without_command=True)
def version(
    context: typer.Context,
    show_version: bool = typer.Option(False, "--version", help="Print the version."),
) -> None:
    """Train Keras models as Estimators, and keep a record of every run."""
    if show_version:
        from kerasrun import __version__

        print(f"kerasrun {__version__}")
        raise typer.Exit


def main() -> None:
    """Runs the command; never returns."""
    # Like other tools of a shell, end in silence when the reader of our output does.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    with readable_errors():
        app(prog_name="kerasrun" if sys.argv[0].endswith("kerasrun") else "mlrun")


if __name__ == "__main__":
    main()
