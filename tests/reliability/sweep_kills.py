"""Kills a real `mlrun sweep` of 20 trials: its process once, and the workers of two trials.

Usage: python -m tests.reliability.sweep_kills [--trials N] [--seed N] [--engine local|ray]

One worker is killed while the sweep's process lives, which takes the trial up again; the other
after that process has been killed, when nobody sees it. `--resume` does the rest. In the end each
trial must be one run, completed, and those that were killed must have the metrics of the same
training unbroken.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

MODEL = Path(__file__).parent / "kills" / "swept_model.py"
_STEPS = 4000


class SweepUnderKills:
    """A sweep, and what was done to it.

    Args:
        folder: Where all of it lies.
        trials: How many.
        seed: Of what is drawn.
        engine: `local` or `ray`.
    """

    def __init__(self, folder: Path, trials: int, seed: int, engine: str) -> None:
        self.root = folder / "runs"
        self._folder, self._chance, self._engine = folder, random.Random(seed), engine
        self._trials = trials
        self._killed: list[Path] = []

    def run(self) -> list[str]:
        """Does it all; returns what is wrong with the outcome."""
        began = time.monotonic()
        units = ",".join(str(8 + number) for number in range(self._trials))
        steps = ["--max-steps", str(_STEPS), "--save-checkpoints-steps", str(_STEPS // 8)]
        given = ["--model", str(MODEL), "-p", f"units={units}", "--seed", "7", *steps]
        parent = self._start(*given, "--min", "loss", "--jobs", "2", "--engine", self._engine)
        self._kill_a_worker(at_least_done=self._trials // 5)
        self._wait(lambda: self._done() >= self._trials // 2, parent)
        time.sleep(self._chance.uniform(0, 5))
        parent.kill()
        parent.wait()
        _say("killed", f"the sweep's process, {self._done()} trials done")
        if self._engine == "local":
            self._kill_a_worker(at_least_done=0)
        code = self._start("--resume", "@last").wait()
        _say("resumed", f"exit code {code}, {time.monotonic() - began:.0f} s in all")
        return self._wrong(code)

    def _start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "kerasrun", "sweep", *arguments, "--root", str(self.root)]
        return subprocess.Popen(command, cwd=self._folder, start_new_session=True)

    def _kill_a_worker(self, *, at_least_done: int) -> None:
        """Kills one that has saved a checkpoint, and that was not killed before."""
        self._wait(lambda: self._done() >= at_least_done and bool(self._victims()))
        time.sleep(self._chance.uniform(0, 1))
        victims = self._victims()
        if not victims:
            self._kill_a_worker(at_least_done=at_least_done)
            return
        victim = self._chance.choice(victims)
        pid = _json(victim / "run.json")["attempts"][-1]["pid"]
        os.kill(pid, signal.SIGKILL)
        self._killed.append(victim)
        _say("killed", f"the worker of {victim.name}, {self._done()} trials done")

    def _victims(self) -> list[Path]:
        from kerasrun.runs.lock import is_locked

        return [
            path.parent
            for path in self.root.glob("2*/checkpoint")
            if path.parent not in self._killed and is_locked(path.parent / "lock")
        ]

    def _done(self) -> int:
        return sum(_is_completed(path) for path in self.root.glob("2*"))

    def _wait(
        self, condition: Callable[[], bool], parent: "subprocess.Popen[bytes] | None" = None
    ) -> None:
        deadline = time.monotonic() + 900
        while not condition():
            if time.monotonic() > deadline or (parent and parent.poll() is not None):
                raise SystemExit("the sweep has ended, or does not move")
            time.sleep(0.1)

    def _wrong(self, code: int) -> list[str]:
        runs = [_json(path) for path in sorted(self.root.glob("2*/run.json"))]
        numbers = sorted(run["parent"]["trial"] for run in runs)
        found = [] if code == 0 else [f"exit code {code}"]
        if numbers != list(range(1, self._trials + 1)):
            found.append(f"the runs are those of the trials {numbers}")
        for run in runs:
            folder = self.root / run["id"]
            if not _is_completed(folder) or not (folder / f"model.ckpt-{_STEPS}.index").exists():
                found.append(f"{run['id']} has not come to its end")
        attempts = sum(len(run["attempts"]) for run in runs)
        _say("found", f"{len(runs)} runs, {attempts} attempts")
        if self._engine == "local" and attempts != self._trials + len(self._killed):
            found.append(f"{attempts} attempts")
        return found + [text for one in self._killed if (text := self._differs(one))]

    def _differs(self, run: Path) -> str:
        """Whether the same training unbroken comes to other metrics."""
        apart = self._folder / "unbroken"
        record = _json(run / "run.json")
        command = [sys.executable, "-m", *["kerasrun", *record["argv"][1:]], "--root", str(apart)]
        subprocess.run(command, cwd=self._folder, check=True, stdout=subprocess.DEVNULL)
        unbroken = _metrics(sorted(apart.glob("2*"))[-1])
        _say("compared", f"{run.name}: {_metrics(run)}, unbroken {unbroken}")
        return "" if _metrics(run) == unbroken else f"{run.name} differs from an unbroken run"


def _metrics(run: Path) -> dict[str, float]:
    tags = _json(run / "metrics.json")["metrics"]["eval"]
    return {tag: summary["last"] for tag, summary in tags.items()}


def _is_completed(run: Path) -> bool:
    try:
        return bool(_json(run / "exit.json").get("status") == "completed")
    except (OSError, ValueError):
        return False


def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def _say(what: str, text: str) -> None:
    print(f"{what:<9} {text}", flush=True)


def main() -> None:
    """Runs it as the command line says; exits with 1 if anything was lost or done twice."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seed", type=int, help="repeats a plan of kills; otherwise drawn")
    parser.add_argument("--engine", choices=("local", "ray"), default="local")
    arguments = parser.parse_args()
    seed = random.randrange(2**31) if arguments.seed is None else arguments.seed
    folder = Path(tempfile.mkdtemp(prefix="sweep-kills-"))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # only what we say is to be read
    print(f"seed {seed}, in {folder}", flush=True)
    wrong = SweepUnderKills(folder, arguments.trials, seed, arguments.engine).run()
    for text in wrong:
        _say("WRONG", text)
    print(f"{arguments.trials} trials, {len(wrong)} things wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
