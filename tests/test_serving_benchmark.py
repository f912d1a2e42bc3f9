"""The servers of the serving benchmark: begun, asked, and ended whatever happens."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.serving_servers import CAN_MEASURE, Question, Server, free_port, serving

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CAN_MEASURE, reason="CPU times are read from /proc"),
]

PROJECT = str(Path(__file__).parents[1])
QUESTION = Question("/", '{"instances": [1]}', '"predictions"')


@contextlib.contextmanager
def no_op(folder: Path, question: Question = QUESTION) -> Iterator[Server]:
    port = free_port()
    # The server is a child of what is started, as with other programs.
    code = "import subprocess, sys; subprocess.run([sys.executable, *sys.argv[1:]])"
    command = [sys.executable, "-c", code, "-m", "benchmarks.serving_noop", str(port)]
    with serving("no-op", command, port, question, folder, {"PYTHONPATH": PROJECT}) as server:
        yield server


def processes_in(folder: Path) -> list[str]:
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/{entry}/cwd") == str(folder):
                found.append(entry)
    return found


def wait_until_none_is_in(folder: Path) -> None:
    deadline = time.monotonic() + 20
    while left := processes_in(folder):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def test_the_cpu_time_of_children_counts_and_all_are_ended(tmp_path: Path) -> None:
    pytest.importorskip("uvicorn")
    with no_op(tmp_path) as server:
        assert len(processes_in(tmp_path)) == 2
        figures = server.load(0.5, connections=4)
        assert 1 < figures.cpu_us < 5000
        assert figures.per_sec > 10
        assert 0 < figures.p50_us < 1e6
    wait_until_none_is_in(tmp_path)


def test_a_server_that_answers_otherwise_is_an_error(tmp_path: Path) -> None:
    pytest.importorskip("uvicorn")
    asking = no_op(tmp_path, QUESTION._replace(answer="outputs"))
    with asking as server, pytest.raises(RuntimeError, match=r"no-op: (?s:.*)predictions"):
        server.load(0.1, connections=1)
    wait_until_none_is_in(tmp_path)


def test_a_server_that_ends_says_what_it_said(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no model here')"]
    with (
        pytest.raises(RuntimeError, match=r"broken ended with 1 (?s:.*)no model here"),
        serving("broken", command, free_port(), QUESTION, tmp_path),
    ):
        pass
