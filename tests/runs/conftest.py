import json
import sys
import textwrap
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kerasrun.runs.host import describe_host
from kerasrun.runs.layout import RunFiles

RunMaker = Callable[..., RunFiles]


def new_run(root: Path, run_id: str = "20261121-223015-a3f1", **record: Any) -> RunFiles:
    """A run's folder as `mlrun train` leaves it to its first worker."""
    files = RunFiles(root / run_id)
    files.folder.mkdir(parents=True)
    content = {"schema": 1, "id": run_id, "name": None, "attempts": [], **record}
    files.run_json.write_text(json.dumps(content))
    return files


def worker_command(script: Path, files: RunFiles, code: str) -> list[str]:
    """The command line of a real worker process whose job, written to `script`, is `code`."""
    script.write_text(
        "import os, signal, sys, threading\n"
        "from pathlib import Path\n"
        "from kerasrun.runs.worker import work\n"
        "def job(task):\n"
        + textwrap.indent(textwrap.dedent(code), "    ")
        + "\nsys.exit(work(Path(sys.argv[1]), job))\n"
    )
    return [sys.executable, str(script), str(files.folder)]


@pytest.fixture
def make_run(tmp_path: Path) -> RunMaker:
    """Writes a run's folder as a finished or unfinished run would leave it."""
    return partial(new_run, tmp_path / "root")


@pytest.fixture
def attempt() -> Callable[..., dict[str, Any]]:
    """An entry of `attempts` in run.json, begun on this host."""

    def make(**host: Any) -> dict[str, Any]:
        return {
            "attempt": 1,
            "started": "2026-11-21T22:30:15.000Z",
            "argv": [],
            "pid": 1,
            "host": {**describe_host(), **host},
        }

    return make


@pytest.fixture
def job_command(tmp_path: Path) -> Callable[[RunFiles, str], list[str]]:
    """The command line of a real worker process whose job is the given code."""
    return partial(worker_command, tmp_path / "job.py")
