"""A run of a program of the user's own, as it is: `mlrun exec`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasrun.runs.labels import check_labels
from kerasrun.runs.launch import begin, write_down
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.program_arguments import params_in
from kerasrun.runs.program_file import ProgramFile, program_file
from kerasrun.runs.records import PROGRAM
from kerasrun.runs.source import keep_git_state, keep_model_file
from kerasrun.runs.supervisor import Ended, Listener


@dataclass(frozen=True)
class ProgramOrder:
    """What the user wants run.

    Attributes:
        words: `program.py ARGS…` or `-m package.module ARGS…`.
        argv: The whole command line.
        cwd: Where it was given; the program runs there.
        name: What the run shall be called, or None.
        tags: Words to find it by.
        note: What is to be remembered about it, or None.
    """

    words: Sequence[str]
    argv: list[str]
    cwd: Path
    name: str | None = None
    tags: Sequence[str] = ()
    note: str | None = None


def launch_program(
    order: ProgramOrder,
    root: Path,
    *,
    listener_for: Callable[[Path, dict[str, Any]], Listener] | None = None,
    verbose: bool = False,
) -> tuple[Path, Ended]:
    """Runs what `order` says as a new run under `root`, with `tf.estimator` in its place.

    Args:
        order: What to run.
        root: Where runs live.
        listener_for: Makes what shows the run, of its folder and record.
        verbose: Whether TensorFlow's own messages are shown too.

    Returns:
        The run's folder, and how it ended.

    Raises:
        UsageError: There is no such program, a tag is not a word, or `root` cannot be written.
    """
    files, record = prepare_program(order, root)
    return files.folder, begin(files, record, listener_for=listener_for, verbose=verbose)


def prepare_program(order: ProgramOrder, root: Path) -> tuple[RunFiles, dict[str, Any]]:
    """Claims a folder under `root` and writes down what shall be run, without running it.

    Returns:
        The run's files, and the content of its `run.json`.

    Raises:
        UsageError: There is no such program, a tag is not a word, or `root` cannot be written.
    """
    check_labels(order.tags, order.note)
    program = program_file(order.words, order.cwd)
    return write_down(order, PROGRAM, root, lambda files: _entries(files, order, program))


def _entries(files: RunFiles, order: ProgramOrder, program: ProgramFile) -> dict[str, Any]:
    return {
        "cwd": str(order.cwd),
        "model": keep_model_file(files, program.file, None, program.folder),
        "git": keep_git_state(files, program.file.parent),
        "program": {
            "path": program.path,
            "module": program.module,
            "arguments": list(program.arguments),
        },
        "params": params_in(program.arguments),
        "settings": {},
    }
