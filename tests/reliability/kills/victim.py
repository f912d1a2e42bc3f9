"""A real `mlrun train` that is killed and resumed."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

MODEL = Path(__file__).parent / "model_under_torture.py"
_END_SECS = 120.0


class Victim:
    """One run under a root of its own, in as many attempts as it takes.

    Args:
        root: Where it lives; made.
        model: The model file.

    Attributes:
        output: What the command that ended last had printed.
    """

    def __init__(self, root: Path, model: Path = MODEL) -> None:
        self._root = root
        root.mkdir(parents=True)
        self._train = ["train", "--model", str(model), "--seed", "7"]
        self._process: subprocess.Popen[bytes] | None = None
        self.output = ""

    @property
    def folder(self) -> Path:
        """The run's folder; one that does not exist while none has been made."""
        return max(self._root.glob("2*"), default=self._root / "none")

    @property
    def record(self) -> dict[str, Any]:
        """The content of `run.json`; empty while there is none."""
        try:
            return dict(json.loads((self.folder / "run.json").read_text()))
        except (OSError, ValueError):
            return {}

    @property
    def step(self) -> int | None:
        """That of the newest checkpoint."""
        names = [path.name for path in self.folder.glob("model.ckpt-*.index")]
        return max((int(name.split("-")[1].split(".")[0]) for name in names), default=None)

    def start(self) -> None:
        """Trains, or goes on with the run that is there."""
        # Without a record it was killed before there was a run.
        command = ["resume", self.folder.name] if self.record else self._train
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kerasrun", *command, "--root", str(self._root)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def over(self) -> bool:
        """Whether the command has ended."""
        return self._started().poll() is not None

    def kill(self, *, supervisor: bool, number: int = signal.SIGKILL) -> bool:
        """Sends a signal to the worker; with `supervisor` to that, and if it kills, to both.

        Returns:
            Whether there was somebody to send it to.
        """
        worker, alive = self._worker(), not self.over()
        if supervisor:
            self._started().send_signal(number)
        if worker is not None and (not supervisor or number == signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, number)
        return alive and (supervisor or worker is not None)

    def ended(self) -> int:
        """Waits until command and worker are gone; returns the command's exit code."""
        process = self._started()
        out, _ = process.communicate(timeout=_END_SECS)
        self.output = out.decode(errors="replace")
        deadline = time.monotonic() + _END_SECS
        while self._worker() is not None and time.monotonic() < deadline:
            time.sleep(0.01)
        return process.returncode

    def finish(self) -> int:
        """Goes on to the end, undisturbed; returns the exit code."""
        self.start()
        return self.ended()

    def _started(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None, "it was started"
        return self._process

    def _worker(self) -> int | None:
        """The pid of the living worker, if there is one: its command line names the run."""
        attempts = self.record.get("attempts") or []
        if not attempts:
            return None
        pid = int(attempts[-1]["pid"])
        with contextlib.suppress(OSError):
            if self.folder.name.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
        return None
