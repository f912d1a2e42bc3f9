"""Starts a process that trains: in a session of its own, its output in a file, its events piped."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import kerasrun
from kerasrun.runs.events import EVENTS_FD_VARIABLE, EventReader


def start_process(
    command: Sequence[str], log: Path, cwd: Path | None, environment: Mapping[str, str]
) -> tuple[subprocess.Popen[bytes], EventReader]:
    """Starts `command`.

    Args:
        command: The words of the command line.
        log: What it prints is appended to this file.
        cwd: Where it runs; here when None.
        environment: What its environment has besides ours.

    Returns:
        The process, and what it tells.
    """
    ours, theirs = os.pipe()
    try:
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=_environment(theirs) | dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[theirs],
                start_new_session=True,
            )
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    return process, EventReader(ours)


def module_command(module: str, *arguments: str) -> list[str]:
    """The command line that runs a module of ours."""
    # -P: a keras.py in the current folder must not be taken for Keras.
    return [sys.executable, "-P", "-m", module, *arguments]


def _environment(events_fd: int) -> dict[str, str]:
    environment = {"TF_CPP_MIN_LOG_LEVEL": "2", **os.environ}
    environment |= {"PYTHONUNBUFFERED": "1", EVENTS_FD_VARIABLE: str(events_fd)}
    # A checkout that is found by the current folder only, which -P takes away, must be named.
    home = Path(kerasrun.__file__).parent.parent
    if home.name != "site-packages" and home in {Path(path or ".").resolve() for path in sys.path}:
        paths = [environment.get("PYTHONPATH", ""), str(home)]
        environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    return environment
