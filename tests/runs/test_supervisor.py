"""What a supervisor refuses, repeats and passes on."""

import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from kerasrun.bridge.file_lock import FileLock
from kerasrun.runs.errors import Refused, RunError
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.run import read_run
from kerasrun.runs.supervisor import Silent, supervise
from kerasrun.runs.worker import work

RunMaker = Callable[..., RunFiles]
JobCommand = Callable[[RunFiles, str], list[str]]


def test_a_run_that_is_worked_on_is_refused(make_run: RunMaker, job_command: JobCommand) -> None:
    files = make_run()
    lock = FileLock(files.lock)
    who = f"process {os.getpid()} on host {socket.gethostname()}"
    with pytest.raises(Refused, match=f"^run {files.folder.name} is running: {who} has its lock$"):
        supervise(files.folder, command=job_command(files, "pass"))
    lock.release()
    assert read_run(files.folder).attempts == []


def test_a_worker_that_cannot_begin_says_why(make_run: RunMaker) -> None:
    files = make_run()
    command = [sys.executable, "-c", "raise SystemExit('no such module')"]
    with pytest.raises(RunError, match="the worker could not begin: no such module"):
        supervise(files.folder, command=command)


def test_a_worker_that_is_killed_before_it_begins_is_recorded(make_run: RunMaker) -> None:
    files = make_run()
    command = [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]
    assert supervise(files.folder, command=command).outcome.command_code == 137
    assert str(read_run(files.folder).status) == "killed (SIGKILL)"


def test_an_outcome_of_a_later_version_is_understood(
    make_run: RunMaker, job_command: JobCommand
) -> None:
    files = make_run()
    code = """
    import json
    task.files.exit_json.write_text(json.dumps({"status": "completed", "code": 0, "new": 1}))
    os._exit(0)
    """
    assert supervise(files.folder, command=job_command(files, code)).outcome.status == "completed"


def test_a_job_leaves_the_signals_of_its_process_as_they_were(make_run: RunMaker) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert work(make_run().folder, lambda task: None) == 0
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_second_attempt_keeps_the_outcome_of_the_first(
    make_run: RunMaker, job_command: JobCommand
) -> None:
    files = make_run()
    supervise(files.folder, command=job_command(files, "sys.exit(3)"))
    supervise(files.folder, command=job_command(files, "pass"))
    run = read_run(files.folder)
    assert str(run.status) == "completed"
    assert [entry["attempt"] for entry in run.attempts] == [1, 2]
    assert run.attempts[0]["outcome"]["reason"] == "sys.exit(3)"


def test_an_attempt_after_a_crash_says_so(
    make_run: RunMaker, job_command: JobCommand, attempt: Callable[..., dict[str, Any]]
) -> None:
    files = make_run(attempts=[attempt(boot_id="before")])
    supervise(files.folder, command=job_command(files, "pass"))
    outcome = read_run(files.folder).attempts[0]["outcome"]
    assert (outcome["status"], outcome["reason"]) == ("crashed", "host rebooted")


def test_events_and_output_reach_the_listener(make_run: RunMaker, job_command: JobCommand) -> None:
    class Recorder(Silent):
        seen: list[str]

        def __init__(self) -> None:
            self.seen = []

        def event(self, event: Mapping[str, Any]) -> None:
            self.seen.append(event["event"])

        def output(self, line: str) -> None:
            self.seen.append(line)

    files, recorder = make_run(), Recorder()
    code = """
    print("W0000 00:00:1795317105.267289 15366 port.cc:153] oneDNN", flush=True)
    print("mine", flush=True)
    task.events.send("ready", step=0, max_steps=1)
    task.began = True
    raise RuntimeError("wrong")
    """
    supervise(files.folder, command=job_command(files, code), listener=recorder)
    assert sorted(recorder.seen) == ["failing", "mine", "ready", "started"]
    log = files.output_log.read_text()
    assert "oneDNN" in log
    assert "RuntimeError: wrong" in log


def test_a_supervisor_that_comes_late_takes_no_other_attempts_outcome(
    make_run: RunMaker, job_command: JobCommand
) -> None:
    """Its worker has died, and somebody has resumed the run before it could look."""
    files = make_run()
    code = f"""
    from kerasrun.runs.attempt import Request, begin_attempt
    from kerasrun.runs.outcome import Outcome, write_outcome
    begin_attempt(task.files, Request())
    write_outcome(task.files, Outcome("completed", 0, attempt=2))
    os.kill(os.getpid(), {int(signal.SIGKILL)})
    """
    ended = supervise(files.folder, command=job_command(files, code))
    assert (ended.outcome.status, ended.outcome.attempt) == ("killed", 1)
    assert str(read_run(files.folder).status) == "completed"


def test_a_worker_that_finds_no_record_says_so(make_run: RunMaker, job_command: JobCommand) -> None:
    files = make_run()
    files.run_json.unlink()
    with pytest.raises(RunError, match=r"could not begin: run .* cannot be read: it has no run"):
        supervise(files.folder, command=job_command(files, "pass"))
    assert not files.run_json.exists()
