"""The command `mlrun`."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import typer

from kerasrun.cli.compare import compare
from kerasrun.cli.completion import completion
from kerasrun.cli.config import config
from kerasrun.cli.diff import diff
from kerasrun.cli.doctor import doctor
from kerasrun.cli.errors import readable_errors
from kerasrun.cli.evaluate import evaluate
from kerasrun.cli.exec import CONTEXT as EXEC_CONTEXT
from kerasrun.cli.exec import exec as exec_program
from kerasrun.cli.export import export
from kerasrun.cli.gc import gc
from kerasrun.cli.import_checkpoint import import_checkpoint
from kerasrun.cli.launch import CONTEXT as LAUNCH_CONTEXT
from kerasrun.cli.launch import launch
from kerasrun.cli.logs import logs
from kerasrun.cli.note import note
from kerasrun.cli.plot import plot
from kerasrun.cli.predict import predict
from kerasrun.cli.push import pull, push
from kerasrun.cli.report import report
from kerasrun.cli.restore import restore
from kerasrun.cli.resume import resume
from kerasrun.cli.rm import rm
from kerasrun.cli.runs import runs
from kerasrun.cli.serve import serve
from kerasrun.cli.show import show
from kerasrun.cli.stop import stop
from kerasrun.cli.sweep import sweep
from kerasrun.cli.tag import CONTEXT as TAG_CONTEXT
from kerasrun.cli.tag import tag
from kerasrun.cli.tensorboard import tensorboard
from kerasrun.cli.train import train

app = typer.Typer(
    help="Train Keras models as Estimators, and keep a record of every run.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_IN_A_CLUSTER = ("train", "exec", "resume")
CONTEXTS: dict[Callable[..., None], dict[str, Any]] = {
    tag: TAG_CONTEXT,
    exec_program: EXEC_CONTEXT,
    launch: LAUNCH_CONTEXT,
}
for command in (
    *(train, exec_program, launch, sweep, resume, stop, evaluate, predict, export),
    *(runs, show, logs, compare, diff, plot, report),
    *(tag, note, rm, restore, gc),
    *(tensorboard, serve, push, pull),
    *(config, doctor, import_checkpoint, completion),
):
    app.command(context_settings=CONTEXTS.get(command))(command)


@app.callback(invoke_without_command=True)
def globally(
    context: typer.Context,
    show_version: bool = typer.Option(False, "--version", help="Print the version."),
    config_file: str | None = typer.Option(
        None, "--config", metavar="FILE", help="Defaults for the options of all commands (TOML)."
    ),
) -> None:
    """Train Keras models as Estimators, and keep a record of every run."""
    if show_version:
        from kerasrun import __version__

        print(f"kerasrun {__version__}")
        raise typer.Exit
    if context.invoked_subcommand not in _IN_A_CLUSTER:
        os.environ.pop("TF_CONFIG", None)  # else they would wait for the cluster's other processes
    _set_defaults(context, config_file)


def _set_defaults(context: typer.Context, config_file: str | None) -> None:
    """Has the config files fill in what the command line leaves open."""
    from kerasrun.cli.defaults import default_map
    from kerasrun.runs.config import CONFIG_VARIABLE, config_settings

    if config_file:
        before = os.environ.get(CONFIG_VARIABLE, "")  # blank counts as none
        os.environ[CONFIG_VARIABLE] = config_file  # for what we start, too
        context.call_on_close(lambda: os.environ.update({CONFIG_VARIABLE: before}))
    if context.invoked_subcommand in ("config", "doctor", "completion"):  # they tell of mistakes
        return
    with readable_errors():
        context.default_map = default_map(context.command, config_settings())


def main() -> None:
    """Runs the command; never returns."""
    # Like other tools of a shell, end in silence when the reader of our output does.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if "_MLRUN_COMPLETE" in os.environ:
        from typer.completion import completion_init  # type: ignore[attr-defined]

        completion_init()
    with readable_errors():
        app(prog_name="kerasrun" if sys.argv[0].endswith("kerasrun") else "mlrun")


if __name__ == "__main__":
    main()
