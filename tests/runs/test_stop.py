"""What `stop` signals, and what it must never signal."""

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kerasrun.bridge.file_lock import locking_pid
from kerasrun.runs.errors import Refused
from kerasrun.runs.host import describe_host
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.run import read_run
from kerasrun.runs.stop import stop
from kerasrun.runs.supervisor import supervise

RunMaker = Callable[..., RunFiles]
JobCommand = Callable[[RunFiles, str], list[str]]
Start = Callable[..., "subprocess.Popen[str]"]

WORKING = """
import time
print("at work", flush=True)
time.sleep(60)
"""
DEAF = """
import time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("at work", flush=True)
time.sleep(60)
"""


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a process and waits for its first line; it does not outlive the test."""
    started = []

    def begin(command: list[str], *, wait: bool = True) -> "subprocess.Popen[str]":
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        if wait:
            assert process.stdout is not None
            assert process.stdout.readline()
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def bystander(start: Start) -> "subprocess.Popen[str]":
    """A living process that has nothing to do with runs."""
    return start([sys.executable, "-c", "import time; print('here', flush=True); time.sleep(60)"])


def test_a_worker_is_asked_and_ends_as_stopped(
    make_run: RunMaker, job_command: JobCommand, start: Start
) -> None:
    files = make_run()
    said: list[str] = []
    worker = start(job_command(files, WORKING))
    ended = stop(read_run(files.folder), notice=said.append)
    assert str(ended.status) == "stopped (SIGTERM)"
    assert ended.outcome is not None
    assert ended.outcome["code"] == worker.wait() == 143
    assert said == [
        f"run {ended.id}: process {worker.pid} was asked to stop (SIGTERM); it is killed in 60 s "
        "if it has not"
    ]


def test_its_supervisor_records_the_same(make_run: RunMaker, job_command: JobCommand) -> None:
    files = make_run()
    stopping = threading.Thread(target=lambda: stop(read_run(files.folder)))
    stopping.start()  # before the worker has begun: it is waited for
    ended = supervise(files.folder, command=job_command(files, WORKING))
    stopping.join()
    assert (ended.outcome.status, ended.outcome.signal) == ("stopped", "SIGTERM")
    assert ended.outcome.command_code == 143


def test_a_deaf_worker_is_killed_and_that_is_recorded_without_a_supervisor(
    make_run: RunMaker, job_command: JobCommand, start: Start
) -> None:
    files = make_run()
    said: list[str] = []
    worker = start(job_command(files, DEAF))
    ended = stop(read_run(files.folder), grace_secs=0.1, notice=said.append)
    assert str(ended.status) == "killed (SIGKILL)"
    assert worker.wait() == -signal.SIGKILL
    assert said[1] == f"run {ended.id}: process {worker.pid} was killed (SIGKILL)"


def test_a_run_that_has_ended_is_refused(make_run: RunMaker) -> None:
    files = make_run()
    files.exit_json.write_text(json.dumps({"schema": 1, "status": "completed"}))
    with pytest.raises(Refused, match=rf"run {files.folder.name} is not at work: it is completed"):
        stop(read_run(files.folder))


def test_a_pid_that_means_another_process_now_is_never_signalled(
    make_run: RunMaker, attempt: Callable[..., dict[str, Any]], bystander: "subprocess.Popen[str]"
) -> None:
    """The worker was killed, and its number given to somebody else."""
    files = make_run(attempts=[{**attempt(), "pid": bystander.pid}])
    holder = {"pid": bystander.pid, "host": socket.gethostname(), "since": ""}
    files.lock.write_text(json.dumps(holder) + "\n")
    with pytest.raises(Refused, match="is not at work: it is crashed"):
        stop(read_run(files.folder))
    assert bystander.poll() is None


def test_a_lock_file_that_names_another_than_the_holder_is_not_believed(
    make_run: RunMaker, job_command: JobCommand, start: Start, bystander: "subprocess.Popen[str]"
) -> None:
    """On a full disk the worker could not write into it who it is."""
    files = make_run()
    worker = start(job_command(files, WORKING))
    holder = {"pid": bystander.pid, "host": socket.gethostname(), "since": ""}
    files.lock.write_text(json.dumps(holder) + "\n")
    record = json.loads(files.run_json.read_text())
    record["attempts"][-1]["pid"] = bystander.pid
    files.run_json.write_text(json.dumps(record))
    with pytest.raises(Refused, match="no process of this machine is seen to hold its lock"):
        stop(read_run(files.folder))
    assert (bystander.poll(), worker.poll()) == (None, None)


@pytest.mark.parametrize(
    "changed", [{"pid": 1}, {"host": {**describe_host(), "boot_id": "before"}}]
)
def test_a_holder_that_is_not_the_last_attempt_is_refused(
    make_run: RunMaker, job_command: JobCommand, start: Start, changed: dict[str, Any]
) -> None:
    files = make_run()
    worker = start(job_command(files, WORKING))
    record = json.loads(files.run_json.read_text())
    record["attempts"][-1] |= changed
    files.run_json.write_text(json.dumps(record))
    with pytest.raises(Refused, match="that is not the process of its last attempt"):
        stop(read_run(files.folder))
    assert worker.poll() is None


def test_a_run_on_another_host_is_refused_with_what_to_do(
    make_run: RunMaker, job_command: JobCommand, start: Start
) -> None:
    files = make_run()
    worker = start(job_command(files, WORKING))
    holder = {"pid": worker.pid, "host": "node7", "since": ""}
    files.lock.write_text(json.dumps(holder) + "\n")
    with pytest.raises(Refused, match=r"at work on host node7, .*: run `mlrun stop a3f1` there"):
        stop(read_run(files.folder))
    assert worker.poll() is None


def test_a_run_that_is_seen_alive_by_its_heartbeat_only_is_refused(
    make_run: RunMaker, attempt: Callable[..., dict[str, Any]]
) -> None:
    files = make_run(attempts=[attempt(name="node7", boot_id="theirs")])
    files.heartbeat.touch()
    with pytest.raises(Refused, match=r"at work on host node7, .*: run `mlrun stop a3f1` there"):
        stop(read_run(files.folder))


def test_the_kernel_says_who_holds_a_lock(tmp_path: Path, start: Start) -> None:
    lock = tmp_path / "lock"
    assert locking_pid(lock) is None
    code = (
        "import sys; from kerasrun.bridge.file_lock import FileLock\n"
        "held = FileLock(sys.argv[1]); print('held', flush=True); import time; time.sleep(60)"
    )
    process = start([sys.executable, "-c", code, str(lock)])
    lock.write_text("")
    assert locking_pid(lock) == process.pid
    process.kill()
    process.wait()
    assert locking_pid(lock) is None
