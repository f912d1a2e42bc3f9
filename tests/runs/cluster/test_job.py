"""Real processes that stand for a training's, and fail in every way; no TensorFlow."""

import os
import signal
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from kerasrun.runs.attempt import Request
from kerasrun.runs.cluster.job import Job, Plan
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.run import read_run
from kerasrun.runs.supervisor import Silent

RunMaker = Callable[..., RunFiles]
JobCommand = Callable[[RunFiles, str], list[str]]

# The master stands for one that loses its peers: it fails as soon as one of them is gone.
MASTER = """
import json, time
class WorkerLostError(RuntimeError): pass
folder = task.files.folder
attempt = len(task.record["attempts"])
task.began = True
task.events.send("progress", step=60, max_steps=100, metrics={}, steps_per_sec=1.0)
deadline = time.monotonic() + 20
while not (folder / f"done-{attempt}").exists():
    if (folder / f"lost-{attempt}").exists():
        raise WorkerLostError("a worker is gone")
    if time.monotonic() > deadline:
        raise TimeoutError
    time.sleep(0.01)
"""
PEER = """
import json, os, signal, sys, time
from pathlib import Path
from kerasrun.runs.events import EventWriter
folder = Path(sys.argv[1])
attempt = len(json.loads((folder / "run.json").read_text())["attempts"])
here = json.loads(os.environ["TF_CONFIG"])
print("I am worker", here["task"]["index"], flush=True)
events = EventWriter.from_environ()
"""


class Notices(Silent):
    """Keeps what the supervisor says."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.events: list[str] = []

    def notice(self, text: str) -> None:
        self.told.append(text)

    def event(self, event: Mapping[str, Any]) -> None:
        self.events.append(event["event"])


class Cluster:
    """A run of a master and workers whose code is given."""

    def __init__(self, files: RunFiles, master: list[str], script: Path) -> None:
        self.files, self.listener = files, Notices()
        self._master, self._script = master, script

    def run(self, peer: str, *, workers: int = 2, max_restarts: int = 0, grace: float = 20) -> Any:
        self._script.write_text(PEER + textwrap.dedent(peer))
        peers = [sys.executable, str(self._script), str(self.files.folder)]
        plan = Plan(workers, max_restarts, [{}] * workers)
        return Job(
            self.files.folder,
            plan,
            listener=self.listener,
            commands=(self._master, peers),
            grace_secs=grace,
        ).run(Request(argv=["mlrun", "train"]))

    @property
    def status(self) -> str:
        return str(read_run(self.files.folder).status)


@pytest.fixture
def cluster(make_run: RunMaker, job_command: JobCommand, tmp_path: Path) -> Cluster:
    files = make_run()
    return Cluster(files, job_command(files, MASTER), tmp_path / "peer.py")


def test_a_worker_that_is_killed_is_named_and_all_are_started_again(cluster: Cluster) -> None:
    (cluster.files.folder / "checkpoint").write_text('model_checkpoint_path: "model.ckpt-50"\n')
    ended = cluster.run(
        """
        if attempt == 1 and here["task"]["index"] == 0:
            (folder / "lost-1").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if attempt == 1:
            time.sleep(1)
            sys.exit(75)
        (folder / f"done-{attempt}").touch()
        """,
        workers=3,
        max_restarts=3,
    )
    assert ended.outcome.status == "completed"
    assert cluster.listener.told == [
        "worker 0 was killed (SIGKILL) at step ~60; restart 1 of 3 from step 50"
    ]
    run = read_run(cluster.files.folder)
    assert str(run.status) == "completed"
    assert len(run.attempts) == 2
    before = run.attempts[0]["outcome"]
    assert (before["status"], before["code"]) == ("killed", 137)
    assert before["reason"] == "worker 0: SIGKILL at step ~60"
    logs = [cluster.files.worker_log(number).read_text() for number in (0, 1)]
    assert logs == ["I am worker 0\n" * 2, "I am worker 1\n" * 2]


def test_without_restarts_it_ends_and_says_how_to_go_on(cluster: Cluster) -> None:
    ended = cluster.run('(folder / "lost-1").touch(); os.kill(os.getpid(), signal.SIGKILL)')
    assert ended.outcome.command_code == 137
    assert cluster.status == "killed (worker 0: SIGKILL at step ~60)"
    short = cluster.files.folder.name[-4:]
    assert cluster.listener.told == [
        "worker 0 was killed (SIGKILL) at step ~60; it was not started again (see --max-restarts). "
        f"mlrun resume {short} goes on from the beginning"
    ]


def test_an_error_of_the_program_is_not_repeated(cluster: Cluster) -> None:
    ended = cluster.run(
        """
        offset = os.fstat(2).st_size
        print("Traceback: no such column", file=sys.stderr, flush=True)
        events.send("failing", log_offset=offset)
        events.send("failed", reason="no such column")
        (folder / "lost-1").touch()
        sys.exit(1)
        """,
        max_restarts=3,
    )
    assert ended.outcome.command_code == 1
    assert ended.traceback == "Traceback: no such column\n"
    assert cluster.status == "failed (worker 0: no such column)"
    assert len(read_run(cluster.files.folder).attempts) == 1


def test_a_worker_that_does_not_answer_is_killed_and_named(cluster: Cluster) -> None:
    ended = cluster.run(
        """
        if attempt == 1:
            (folder / "lost-1").touch()
            os.kill(os.getpid(), signal.SIGSTOP)
        (folder / f"done-{attempt}").touch()
        """,
        max_restarts=1,
        grace=1,
    )
    assert ended.outcome.status == "completed"
    assert cluster.listener.told == [
        "worker 0 did not answer any more at step ~60; restart 1 of 1 from the beginning"
    ]


def test_a_master_that_goes_on_without_its_worker_is_ended(cluster: Cluster) -> None:
    began = time.monotonic()
    ended = cluster.run("os.kill(os.getpid(), signal.SIGKILL)", grace=0.2)
    assert time.monotonic() - began < 15
    assert ended.outcome.reason == "worker 0: SIGKILL at step ~60"
    assert ended.outcome.status == "killed"


def test_a_master_that_is_killed_takes_its_workers_along(cluster: Cluster) -> None:
    ended = cluster.run(
        """
        if attempt == 1:
            os.kill(json.loads((folder / "run.json").read_text())["attempts"][-1]["pid"], 9)
            time.sleep(0.5)
            sys.exit(75)
        (folder / f"done-{attempt}").touch()
        """,
        max_restarts=1,
    )
    assert ended.outcome.status == "completed"
    assert cluster.listener.told[0].startswith("master was killed (SIGKILL)")


def test_what_is_asked_to_stop_is_not_started_again(cluster: Cluster) -> None:
    def interrupt() -> None:
        while "progress" not in cluster.listener.events:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=interrupt)
    thread.start()
    ended = cluster.run("time.sleep(0.5); sys.exit(143)", max_restarts=3)
    thread.join()
    assert ended.outcome.command_code == 143
    assert cluster.status == "stopped (SIGTERM)"
    assert len(read_run(cluster.files.folder).attempts) == 1


def test_a_signal_that_comes_amid_a_restart_is_not_lost(cluster: Cluster) -> None:
    class Impatient(Notices):
        def notice(self, text: str) -> None:
            super().notice(text)
            os.kill(os.getpid(), signal.SIGTERM)

    cluster.listener = Impatient()
    ended = cluster.run(
        """
        if attempt == 1:
            (folder / "lost-1").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.5)
        sys.exit(143)
        """,
        max_restarts=3,
    )
    assert ended.outcome.command_code == 143
    assert cluster.status == "stopped (SIGTERM)"
    assert len(read_run(cluster.files.folder).attempts) == 2


def test_a_run_of_one_process_is_started_again_too(
    make_run: RunMaker, job_command: JobCommand
) -> None:
    files, listener = make_run(), Notices()
    code = 'if len(task.record["attempts"]) < 3: os.kill(os.getpid(), signal.SIGKILL)'
    command = job_command(files, code)
    job = Job(files.folder, Plan(1, 2, [{}]), listener=listener, commands=(command, command))
    assert job.run(Request()).outcome.status == "completed"
    assert [text.partition(";")[0] for text in listener.told] == [
        "the worker was killed (SIGKILL)"
    ] * 2
    assert len(read_run(files.folder).attempts) == 3
