"""A run that goes on when the terminal is closed."""

import subprocess
import sys
from pathlib import Path


def start_in_background(folder: Path) -> int:
    """Starts the worker of a run that is prepared, under a supervisor of its own.

    Both are in a session of their own: no Ctrl-C and no hang-up of this terminal reaches them. What
    the worker prints is in output.log.

    Args:
        folder: The run's, which has a record and was never started, or has ended.

    Returns:
        The supervisor's process id.
    """
    command = [
        sys.executable,
        "-m",
        "kerasrun",
        "resume",
        folder.name,
        "--root",
        str(folder.parent),
    ]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return process.pid
