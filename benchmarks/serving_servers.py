"""Servers as processes: begun, waited for, measured under load, ended. Reads Linux's `/proc`."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

from benchmarks.processes import answer

_Process: TypeAlias = "subprocess.Popen[bytes]"
CAN_MEASURE = Path("/proc/self/stat").exists()
_START_SECS, _END_SECS = 120.0, 20.0
_TICKS = os.sysconf("SC_CLK_TCK")


class Question(NamedTuple):
    """What a server is asked again and again.

    Attributes:
        path: Of the URL.
        body: A JSON document.
        answer: What every answer contains.
    """

    path: str
    body: str
    answer: str


class Figures(NamedTuple):
    """What came of a load.

    Attributes:
        cpu_us: Microseconds of CPU a request, of the server and all processes below it.
        per_sec: Requests answered a second.
        p50_us: How long the median one took.
    """

    cpu_us: float
    per_sec: float
    p50_us: float


class Server:
    """A server that answers.

    Args:
        name: What it is called in messages.
        process: Its first process.
        port: On 127.0.0.1.
        question: What it is asked.
        folder: Where there is place for files.
    """

    def __init__(
        self, name: str, process: _Process, port: int, question: Question, folder: Path
    ) -> None:
        self.name = name
        self._process, self._port, self._question = process, port, question
        self._body = folder / "body.json"
        self._body.write_text(question.body, encoding="utf-8")

    def load(self, seconds: float, connections: int = 32) -> Figures:
        """Asks from a process of its own, on each connection one question after the other.

        Raises:
            RuntimeError: Something else was answered than expected.
        """
        command = [sys.executable, "-m", "benchmarks.serving_client", str(self._port)]
        command += [self._question.path, str(self._body), str(connections), str(seconds)]
        before = _cpu_secs(self._process.pid)
        found = answer(command, timeout_secs=seconds + 90)
        cpu = _cpu_secs(self._process.pid) - before
        if found["problem"] or self._question.answer not in found["first"]:
            raise RuntimeError(f"{self.name}: {found['problem'] or found['first']}")
        answered = found["answered"]
        return Figures(1e6 * cpu / answered, answered / found["secs"], found["p50_us"])


@contextlib.contextmanager
def serving(
    name: str,
    command: Sequence[str],
    port: int,
    question: Question,
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Yields a server once it answers, and ends it with all that it has started.

    Args:
        name: What it is called in messages.
        command: Begins it; what it says goes to a file in `folder`.
        port: Where it will listen.
        question: What it is asked.
        folder: An existing one, in which it runs.
        environment: What is added to ours.

    Raises:
        RuntimeError: It ended, or did not answer within two minutes.
    """
    said = folder / "said.txt"
    with said.open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **(environment or {})},
            start_new_session=True,
        )
    try:
        _wait(name, process, port, question, said)
        yield Server(name, process, port, question, folder)
    finally:
        _end(process)


def free_port() -> int:
    """Returns a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(name: str, process: _Process, port: int, question: Question, said: Path) -> None:
    deadline = time.monotonic() + _START_SECS
    status = "nothing"
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            status = _status(port, question)
            if status == "200":
                return
        time.sleep(0.1)
    how = "does not answer" if process.poll() is None else f"ended with {process.returncode}"
    tail = said.read_text("utf-8", "replace")[-2000:]
    raise RuntimeError(f"{name} {how} (last answer: {status})\n{tail}")


def _status(port: int, question: Question) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        headers = {"Content-Type": "application/json"}
        connection.request("POST", question.path, question.body, headers)
        return str(connection.getresponse().status)


def _end(process: _Process) -> None:
    """Asks it to end; what is left of its processes is killed."""
    pids = _with_children(process.pid)
    process.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_END_SECS)
    for pid in pids:
        if pid in _parents():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    process.wait(_END_SECS)


def _cpu_secs(pid: int) -> float:
    """Returns what a process and those below it have taken, user and system."""
    ticks = 0
    for each in _with_children(pid):
        with contextlib.suppress(OSError):
            ticks += sum(map(int, _stat(each)[11:13]))
    return ticks / _TICKS


def _with_children(pid: int) -> list[int]:
    parents = _parents()
    found = [pid]
    for each in found:  # it grows
        found += [child for child, parent in parents.items() if parent == each]
    return found


def _parents() -> dict[int, int]:
    parents = {}
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError, ValueError):
            parents[int(entry)] = int(_stat(int(entry))[1])
    return parents


def _stat(pid: int) -> list[str]:
    """Returns the fields of `/proc/PID/stat` after the name, which may hold blanks."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
