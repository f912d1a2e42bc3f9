"""Kills workers of a real `mlrun train --workers 2` at random, and compares with an unbroken run.

Usage: python -m tests.reliability.worker_kills --kills 10 [--seed N] [--keep DIR]

Each kill is of one process, the master or the other; all are started again by the command itself.
"""

import argparse
import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.reliability.kills.victim import MODEL

_MLRUN = [sys.executable, "-m", "kerasrun"]
_MODULES = {b"kerasrun.runs.worker": "master", b"kerasrun.runs.cluster.peer": "worker 0"}
_END_SECS = 300.0
_POLL_SECS = 0.02
_SHARE = 0.6  # of the time that the steps take: a run is not faster than that the next time
_RESTART = re.compile(r"^(master|worker 0) was killed .*; restart", re.MULTILINE)


class Training:
    """One `mlrun train --workers 2` under a root of its own.

    Args:
        root: Where its run lives; made.
        max_steps: Where it ends; by default where the model file says.
        model: The model file.
        engine: Who starts the workers.
    """

    def __init__(
        self,
        root: Path,
        max_steps: int | None = None,
        model: Path = MODEL,
        engine: str = "local",
    ) -> None:
        root.mkdir(parents=True)
        self._root = root.resolve()
        self._terminal = root.with_name(f"{root.name}.terminal")
        command = [*_MLRUN, "train", "--model", str(model), "--seed", "7", "--workers", "2"]
        command += ["--max-restarts", "1000", "--root", str(self._root)]
        command += ["--engine", engine]
        if max_steps is not None:
            command += ["--max-steps", str(max_steps)]
        with self._terminal.open("wb") as terminal:
            self._command = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=terminal, stderr=subprocess.STDOUT
            )

    @property
    def folder(self) -> Path:
        """The run's; one that does not exist while none has been made."""
        return max(self._root.glob("2*"), default=self._root / "none")

    @property
    def output(self) -> str:
        """All that the command has printed."""
        return self._terminal.read_text(errors="replace")

    @property
    def restarts(self) -> int:
        """How often the command has said that it starts again after a kill."""
        return len(_RESTART.findall(self.output))

    @property
    def saved(self) -> bool:
        """Whether there is a checkpoint of more than no steps."""
        return any(p.name != "model.ckpt-0.index" for p in self.folder.glob("model.ckpt-*.index"))

    def over(self) -> bool:
        """Whether the command has ended."""
        return self._command.poll() is not None

    def processes(self) -> dict[str, int]:
        """The living processes of the run that train: pid by name."""
        return dict(self._processes())

    def kill(self, name: str) -> bool:
        """Kills that process; whether it was there."""
        pid = self.processes().get(name)
        with contextlib.suppress(ProcessLookupError):
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
                return True
        return False

    def wait(self) -> int:
        """Waits for the command's end; returns its exit code.

        Raises:
            subprocess.TimeoutExpired: It does not come in minutes.
        """
        return self._command.wait(_END_SECS)

    def close(self) -> None:
        """Leaves no process behind, whatever has happened."""
        if not self.over():
            self._command.kill()
        self._command.wait()
        for pid in self.processes().values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _processes(self) -> Iterator[tuple[str, int]]:
        folder = os.fsencode(self.folder)
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{entry}/cmdline").read_bytes().split(b"\0")
                for module, name in _MODULES.items():
                    if module in words and folder in words:
                        yield name, int(entry)


class Kills:
    """Kills of one training after the other.

    Args:
        folder: Where the runs live.
        seed: Of what is drawn.
        kills: How many.
        max_steps: Where each run ends.
        at_a_step: Whether each kill comes amid the steps; else every other one does, about.

    Attributes:
        killed: How many were made.
        differences: What is not as in the unbroken run.
        largest: The largest difference between two weights.
    """

    def __init__(
        self,
        folder: Path,
        seed: int,
        kills: int,
        max_steps: int | None = None,
        *,
        at_a_step: bool = False,
    ) -> None:
        self._folder, self._chance, self._kills = folder, random.Random(seed), kills
        self._max_steps, self._at_a_step = max_steps, at_a_step
        self._start_secs = self._step_secs = 0.0
        self.killed = self.runs = 0
        self.differences: list[str] = []
        self.largest = 0.0

    def run(self) -> None:
        """Does it all, and prints a line for each kill and each run."""
        began = time.monotonic()
        with contextlib.closing(Training(self._folder / "unbroken", self._max_steps)) as unbroken:
            _wait_for(unbroken, lambda: unbroken.saved)
            self._start_secs = time.monotonic() - began
            if unbroken.wait() != 0:
                raise SystemExit(f"the unbroken run failed:\n{unbroken.output}")
            self._step_secs = time.monotonic() - began - self._start_secs
            print(f"unbroken  in {self._start_secs:.1f} and {self._step_secs:.1f} s", flush=True)
            while self.killed < self._kills and not self.differences:
                root = self._folder / f"victim-{self.runs}"
                with contextlib.closing(Training(root, self._max_steps)) as victim:
                    made = self._kill_until_the_end(victim)
                    self._compare(unbroken, victim, made)
                self.runs += 1

    def _kill_until_the_end(self, victim: Training) -> int:
        made = 0
        while self.killed < self._kills and _wait_for(victim, lambda: len(victim.processes()) > 1):
            secs = self._chance.uniform(0.0, self._start_secs)
            if self._at_a_step or self._chance.random() < 0.5:
                _wait_for(victim, lambda: victim.saved)
                secs = self._chance.uniform(0.0, _SHARE * self._step_secs)
            _let_pass(victim, secs)
            name = self._chance.choice(["master", "worker 0"])
            if victim.over() or not victim.kill(name):
                break
            self.killed += 1
            made += 1
            print(f"kill {self.killed}    {name}", flush=True)
            _wait_for_restarts(victim, made)
        victim.wait()
        return made

    def _compare(self, unbroken: Training, victim: Training, made: int) -> None:
        from tests.reliability.kills.comparison import Comparison

        code = victim.wait()
        if code != 0:
            self.differences.append(f"{victim.folder}: exit code {code}\n{victim.output}")
            return
        comparison = Comparison(unbroken.folder, victim.folder)
        self.largest = max(self.largest, comparison.largest)
        self.differences += comparison.differences
        told = f"{made} kills, {victim.restarts} restarts, {comparison.compared} variables"
        print("same     " if not comparison.differences else "DIFFERS  ", told, flush=True)
        print("\n".join(comparison.differences), flush=True)


def _wait_for(training: Training, condition: Callable[[], bool]) -> bool:
    """Waits until it holds, or the command has ended; whether it holds."""
    deadline = time.monotonic() + _END_SECS
    while not condition():
        if training.over():
            return condition()
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {_END_SECS:.0f} s: {training.output}")
        time.sleep(_POLL_SECS)
    return True


def _let_pass(training: Training, secs: float) -> None:
    moment = time.monotonic() + secs
    _wait_for(training, lambda: time.monotonic() >= moment)


def _wait_for_restarts(training: Training, count: int) -> None:
    _wait_for(training, lambda: training.restarts >= count)


def main() -> None:
    """Runs it as the command line says; exits with 1 if anything was lost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, help="repeats a plan of kills; otherwise drawn")
    parser.add_argument("--keep", type=Path, help="where the runs stay; otherwise only on failure")
    arguments = parser.parse_args()
    seed = random.randrange(2**31) if arguments.seed is None else arguments.seed
    folder = arguments.keep or Path(tempfile.mkdtemp(prefix="worker-kills-"))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # closes the victim
    print(f"seed {seed}, runs in {folder}", flush=True)
    kills = Kills(folder.resolve(), seed, arguments.kills)
    kills.run()
    print(f"{kills.killed} kills, {kills.runs} runs, largest difference {kills.largest}")
    if kills.differences:
        print(f"the runs are kept in {folder}")
        sys.exit(1)
    if arguments.keep is None:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
