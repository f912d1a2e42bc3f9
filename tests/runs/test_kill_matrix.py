"""Real workers that end in every way, judged by what their files say afterwards."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kerasrun.runs.layout import RunFiles
from kerasrun.runs.run import read_run
from kerasrun.runs.supervisor import Silent, supervise

RunMaker = Callable[..., RunFiles]
JobCommand = Callable[[RunFiles, str], list[str]]

AT_WORK = """
print("at work", flush=True)
threading.Event().wait(60)
"""


class Signaller(Silent):
    """Sends signals once the worker says that it is at work."""

    def __init__(self, files: RunFiles, *signals: int, to_worker: bool = False) -> None:
        self._files = files
        self._signals = signals
        self._to_worker = to_worker
        self.notices: list[str] = []

    def output(self, line: str) -> None:
        if line == "at work":
            for number in self._signals:
                os.kill(worker_pid(self._files) if self._to_worker else os.getpid(), number)

    def notice(self, text: str) -> None:
        self.notices.append(text)


def worker_pid(files: RunFiles) -> int:
    return int(json.loads(files.run_json.read_text())["attempts"][-1]["pid"])


@pytest.mark.parametrize(
    ("code", "status", "worker_code", "command_code"),
    [
        ("pass", "completed", 0, 0),
        ("task.began = True\n1 / 0", "failed (ZeroDivisionError: division by zero)", 1, 1),
        ("raise ValueError('units: expected > 0, found 0')", None, 2, 2),
        ("sys.exit(3)", "failed (sys.exit(3))", 3, 1),
        ("raise KeyboardInterrupt", "stopped (SIGINT)", 130, 130),
        ("os.kill(os.getpid(), signal.SIGKILL)", "killed (SIGKILL)", 137, 137),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "killed (SIGSEGV)", 139, 139),
        ("os._exit(0)", None, 1, 1),
    ],
)
def test_how_a_worker_ends_is_what_its_status_says(
    make_run: RunMaker,
    job_command: JobCommand,
    code: str,
    status: str | None,
    worker_code: int,
    command_code: int,
) -> None:
    files = make_run()
    ended = supervise(files.folder, command=job_command(files, code))
    assert (ended.outcome.code, ended.outcome.command_code) == (worker_code, command_code)
    run = read_run(files.folder)
    assert run.outcome is not None
    assert run.outcome["code"] == worker_code
    if status is not None:
        assert str(run.status) == status


def test_an_exit_without_a_word_is_a_failure(make_run: RunMaker, job_command: JobCommand) -> None:
    files = make_run()
    supervise(files.folder, command=job_command(files, "print('so far', flush=True); os._exit(0)"))
    assert read_run(files.folder).status.reason == (
        "the process ended with exit code 0 before its work was over"
    )


def test_the_last_lines_and_the_traceback_are_kept(
    make_run: RunMaker, job_command: JobCommand
) -> None:
    files = make_run()
    command = job_command(files, "print('loading'); raise RuntimeError('no such column')")
    ended = supervise(files.folder, command=command)
    assert ended.traceback.startswith("Traceback (most recent call last):")
    outcome = json.loads(files.exit_json.read_text())
    assert outcome["last_lines"][0] == "loading"
    assert outcome["last_lines"][-1] == "RuntimeError: no such column"
    assert files.exit_json.stat().st_size == 4096


def test_the_reason_is_recorded_though_no_file_can_grow(
    make_run: RunMaker, job_command: JobCommand
) -> None:
    files = make_run()
    code = """
    import resource
    print("x" * 5000, flush=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    task.began = True
    raise RuntimeError("no space left")
    """
    supervise(files.folder, command=job_command(files, code))
    assert str(read_run(files.folder).status) == "failed (RuntimeError: no space left)"


@pytest.mark.parametrize(
    ("signals", "status", "code"),
    [
        ([signal.SIGINT], "stopped (SIGINT)", 130),
        ([signal.SIGTERM], "stopped (SIGTERM)", 143),
        ([signal.SIGINT, signal.SIGINT], "killed (SIGKILL)", 137),
    ],
)
def test_signals_are_passed_on(
    make_run: RunMaker,
    job_command: JobCommand,
    signals: list[int],
    status: str,
    code: int,
) -> None:
    files = make_run()
    # A worker that is asked twice is one that does not listen at first.
    code_of_job = "signal.signal(signal.SIGINT, lambda *_: None)\n" if len(signals) > 1 else ""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    signaller = Signaller(files, *signals)
    ended = supervise(
        files.folder, command=job_command(files, code_of_job + AT_WORK), listener=signaller
    )
    signal.signal(signal.SIGINT, before)
    assert ended.outcome.command_code == code
    assert str(read_run(files.folder).status) == status
    if len(signals) > 1:
        assert "killing it" in signaller.notices[-1]


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (signal.SIGKILL, "killed (SIGKILL)"),
        (signal.SIGTERM, "stopped (SIGTERM)"),
        (signal.SIGINT, "stopped (SIGINT)"),
    ],
)
def test_a_signal_that_others_send_to_the_worker_is_recorded(
    make_run: RunMaker, job_command: JobCommand, number: int, status: str
) -> None:
    files = make_run()
    listener = Signaller(files, number, to_worker=True)
    ended = supervise(files.folder, command=job_command(files, AT_WORK), listener=listener)
    assert ended.outcome.code == 128 + number
    assert str(read_run(files.folder).status) == status


def start_supervisor(command: list[str], files: RunFiles) -> subprocess.Popen[bytes]:
    """A supervisor in a process of its own; returns once its worker holds the lock."""
    code = (
        "import sys; from pathlib import Path; from kerasrun.runs.supervisor import supervise\n"
        "supervise(Path(sys.argv[1]), command=sys.argv[2:])"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(files.folder), *command])
    wait_for(lambda: files.output_log.exists() and b"at work" in files.output_log.read_bytes())
    return process


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


def test_a_worker_survives_its_supervisor_and_ends_well(
    make_run: RunMaker, job_command: JobCommand, tmp_path: Path
) -> None:
    files, goes_on = make_run(), tmp_path / "go on"
    code = f"""
    import time
    print("at work", flush=True)
    deadline = time.monotonic() + 30
    while not Path({str(goes_on)!r}).exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    print("still here", flush=True)
    task.events.send("ready", step=0, max_steps=1)
    """
    supervisor = start_supervisor(job_command(files, code), files)
    supervisor.kill()
    supervisor.wait()
    assert read_run(files.folder).status.state == "running"
    goes_on.touch()
    wait_for(lambda: not read_run(files.folder).status.active)
    assert str(read_run(files.folder).status) == "completed"
    assert b"still here" in files.output_log.read_bytes()


def test_when_both_are_killed_the_run_has_crashed(
    make_run: RunMaker, job_command: JobCommand
) -> None:
    files = make_run()
    supervisor = start_supervisor(job_command(files, AT_WORK), files)
    supervisor.kill()
    supervisor.wait()
    os.kill(worker_pid(files), signal.SIGKILL)
    wait_for(lambda: read_run(files.folder).status.state != "running")
    assert str(read_run(files.folder).status) == (
        "crashed (the process is gone and left no outcome)"
    )
