"""A real `mlrun train` that is killed and resumed."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

MODEL = Path(__file__).parent / "model_under_torture.py"
_END_SECS = 180.0
_POLL_SECS = 0.01
_MLRUN = [sys.executable, "-m", "kerasrun"]
_WORKER = b"kerasrun.runs.worker"
_CHECKPOINT = re.compile(r"model\.ckpt-(\d+)\.index")


class Victim:
    """One run under a root of its own, in as many attempts as it takes.

    Args:
        root: Where it lives; made.
        model: The model file.
        max_steps: Where training ends; by default where the model file says.
    """

    def __init__(self, root: Path, model: Path = MODEL, max_steps: int | None = None) -> None:
        root.mkdir(parents=True)
        self._root = root.resolve()
        self._train = ["train", "--model", str(model), "--seed", "7"]
        if max_steps is not None:
            self._train += ["--max-steps", str(max_steps)]
        self._process: subprocess.Popen[bytes] | None = None
        self._terminal = root.with_name(f"{root.name}.terminal")
        self._stillborn: set[Path] = set()  # folders of trainings that were killed at birth

    @property
    def folder(self) -> Path:
        """The run's folder; one that does not exist while none has been made."""
        folders = set(self._root.glob("2*")) - self._stillborn
        return max(folders, default=self._root / "none")

    @property
    def record(self) -> dict[str, Any]:
        """The content of `run.json`; empty while there is none."""
        try:
            return dict(json.loads((self.folder / "run.json").read_text()))
        except FileNotFoundError:
            return {}

    @property
    def step(self) -> int | None:
        """That of the newest checkpoint."""
        folder = self.folder
        names = os.listdir(folder) if folder.is_dir() else []
        steps = [int(found[1]) for found in map(_CHECKPOINT.fullmatch, names) if found]
        return max(steps, default=None)

    @property
    def output(self) -> str:
        """All that the commands have printed."""
        return self._terminal.read_text(errors="replace")

    def start(self) -> None:
        """Trains, or goes on with the run that is there."""
        if self.record:
            command = ["resume", self.folder.name]
        else:  # it was killed before there was a run
            self._stillborn.update(self._root.glob("2*"))
            command = self._train
        with self._terminal.open("ab") as terminal:
            self._process = subprocess.Popen(
                [*_MLRUN, *command, "--root", str(self._root)],
                stdin=subprocess.DEVNULL,
                stdout=terminal,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def over(self) -> bool:
        """Whether the command has ended."""
        return self._command.poll() is not None

    def send(self, number: int, *, supervisor: bool = False, worker: bool = False) -> str:
        """Sends a signal to whom it is for; to the supervisor, while there is no worker yet.

        Returns:
            Who got it; empty if nobody was alive.
        """
        reached = []
        if (supervisor or not self._is_at_work()) and not self.over():
            self._command.send_signal(number)
            reached.append("supervisor")
        if worker and [pid for pid in self._workers() if _send(pid, number)]:
            reached.append("worker")
        return " and ".join(reached)

    def ended(self) -> int:
        """Waits until command and worker are gone; returns the command's exit code.

        Raises:
            TimeoutError: They are not, after minutes.
        """
        deadline = time.monotonic() + _END_SECS
        while not self.over() or self._is_at_work():
            if time.monotonic() > deadline:
                raise TimeoutError(f"after {_END_SECS:.0f} s {self.folder} is still at work")
            time.sleep(_POLL_SECS)
        return self._command.returncode

    def finish(self) -> int:
        """Goes on to the end, undisturbed; returns the exit code."""
        self.start()
        return self.ended()

    def shown(self) -> dict[str, Any]:
        """What `mlrun show --json` says of the run."""
        command = [*_MLRUN, "show", self.folder.name, "--json", "--root", str(self._root)]
        said = subprocess.run(command, capture_output=True, check=True, timeout=_END_SECS)
        return dict(json.loads(said.stdout)["run"])

    def close(self) -> None:
        """Leaves no process behind, whatever has happened."""
        while self._process and self.send(signal.SIGKILL, supervisor=True, worker=True):
            self._process.wait(_END_SECS)
            time.sleep(_POLL_SECS)

    @property
    def _command(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "it was started"
        return self._process

    def _is_at_work(self) -> bool:
        return next(self._workers(), None) is not None

    def _workers(self) -> Iterator[int]:
        """The living ones of this run, whether `run.json` knows of them or not."""
        attempts = self.record.get("attempts") or [{"pid": 0}]
        pids = [attempts[-1]["pid"]]  # first: to look at all takes as long as a file to be written
        for pid in chain(pids, (int(name) for name in os.listdir("/proc") if name.isdigit())):
            if self._is_worker(pid):
                yield pid

    def _is_worker(self, pid: int) -> bool:
        """Its command line names our folder; that of a dead process is empty."""
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            return _WORKER in words and os.fsencode(self.folder) in words
        return False


def _send(pid: int, number: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
        return True
    return False
