"""Processes that somebody else has started: they find their run, and take part; no TensorFlow."""

import json
import os
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kerasrun.runs.attempt import Request
from kerasrun.runs.cluster.outside import JobFinder, NoLeader, Part, take_part
from kerasrun.runs.cluster.places import place_among
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.run import read_run
from kerasrun.runs.supervisor import Silent

RunMaker = Callable[..., RunFiles]
WORKER = place_among("a:1,b:1", 1)


def test_a_job_is_found_once_its_record_is_there(make_run: RunMaker) -> None:
    other = make_run("20261121-223015-a3f1", job="other")
    root = other.folder.parent
    finder = JobFinder(root, "mine")
    assert finder.find() is None
    folder = root / "20261121-223016-0001"
    folder.mkdir()  # it is being made
    assert finder.find() is None

    def write() -> None:
        time.sleep(0.3)
        (folder / "run.json").write_text(json.dumps({"schema": 1, "job": "mine"}))

    thread = threading.Thread(target=write)
    thread.start()
    assert finder.wait(10) == folder
    thread.join()
    damaged = root / "20261121-223017-0001"
    damaged.mkdir()
    (damaged / "run.json").write_text("{")
    assert JobFinder(root, "mine").find() == folder


def test_a_job_that_nobody_leads_is_waited_for_in_vain(tmp_path: Path) -> None:
    with pytest.raises(NoLeader, match=r"no run of job mine .* within 0 s") as raised:
        JobFinder(tmp_path / "nowhere", "mine").wait(0)
    assert raised.value.exit_code == 75


class Lines(Silent):
    """Keeps what is shown."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def output(self, line: str) -> None:
        self.lines.append(line)

    def notice(self, text: str) -> None:
        self.lines.append(text)


def part(files: RunFiles, script: Path, code: str, listener: Silent, restarts: int = 0) -> Part:
    """Takes part with a process that runs this code in place of the training."""
    begin = "import os, sys\nfrom kerasrun.runs.events import EventWriter\n"
    script.write_text(begin + "events = EventWriter.from_environ()\n" + textwrap.dedent(code))
    command = [sys.executable, str(script)]
    request = Request(max_restarts=restarts)
    return take_part(WORKER, files.folder, request, listener=listener, command=command)


def test_a_part_ends_as_its_process_does(make_run: RunMaker, tmp_path: Path) -> None:
    files, listener, script = make_run(), Lines(), tmp_path / "part.py"
    assert part(files, script, "print('hello')", listener) == Part(0)
    assert listener.lines == ["hello"]
    assert files.worker_log(0).read_text() == "hello\n"
    code = """
    offset = os.fstat(2).st_size
    print("Traceback of it", file=sys.stderr, flush=True)
    events.send("failing", log_offset=offset)
    events.send("failed", reason="no such column")
    sys.exit(2)
    """
    assert part(files, script, code, listener) == Part(2, "no such column", "Traceback of it\n")
    killed = part(files, script, "os.kill(os.getpid(), 9)", listener)
    assert killed == Part(137, "it was killed (SIGKILL)")
    assert read_run(files.folder).attempts == []


def test_a_part_that_lost_another_begins_again_as_often_as_it_may(
    make_run: RunMaker, tmp_path: Path
) -> None:
    files, listener, script = make_run(), Lines(), tmp_path / "part.py"
    code = "events.send('failed', reason='a worker is gone.'); sys.exit(75)"
    assert part(files, script, code, listener, restarts=2).code == 75
    assert listener.lines == [
        "a worker is gone. Restart 1 of 2",
        "a worker is gone. Restart 2 of 2",
    ]
    assert os.path.getsize(files.worker_log(0)) == 0
