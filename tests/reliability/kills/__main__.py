"""Kills a real `mlrun train` at random moments, resumes it, and compares it with an unbroken one.

Usage: python -m tests.reliability.kills --kills 100 [--seed N] [--keep DIR]

A run that comes to its end before all kills are made is compared, and the next one begun. The seed
draws what is killed and when; the machine's own haste does the rest, so that a seed repeats the
plan but not each moment.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from tests.reliability.kills.moments import Moment
from tests.reliability.kills.victim import Victim


class Torture:
    """Kills, and what came of them.

    Args:
        folder: Where the runs live.
        seed: Of all that is drawn.
        kills: How many.
        max_steps: Where each run ends; by default where the model file says.

    Attributes:
        killed: How many were made.
        survived: How many were those of runs that came to the same as the unbroken one.
        largest: The largest difference between two weights.
    """

    def __init__(self, folder: Path, seed: int, kills: int, max_steps: int | None = None) -> None:
        self._folder, self._chance, self._kills = folder, random.Random(seed), kills
        self._max_steps = max_steps
        self._usual_secs = 0.0
        self.killed = self.survived = self.victims = 0
        self.failed = False
        self.largest = 0.0

    def run(self) -> None:
        """Does it all, and prints a line for each kill, each run, and the outcome."""
        with closing(self._victim("unbroken")) as unbroken:
            began = time.monotonic()
            if unbroken.finish() != 0:
                raise SystemExit(f"the unbroken run failed:\n{unbroken.output}")
            self._usual_secs = time.monotonic() - began
        _say("unbroken", f"{unbroken.folder}  in {self._usual_secs:.1f} s")
        while self.killed < self._kills:
            before = self.killed
            with closing(self._victim(f"victim-{self.victims}")) as victim:
                code = self._torture(victim)
                if self._is_same(unbroken, victim, code):
                    self.survived += self.killed - before
                else:
                    self.failed = True
            self.victims += 1
        print(
            f"{self.survived} of {self.killed} kills survived, {self.victims} runs, "
            f"largest difference {self.largest}"
        )

    def _victim(self, name: str) -> Victim:
        return Victim(self._folder / name, max_steps=self._max_steps)

    def _torture(self, victim: Victim) -> int:
        """Kills the run until it ends by itself or enough kills are made; its last exit code."""
        while self.killed < self._kills:
            moment, both = Moment(self._chance, self._usual_secs), self._chance.random() < 0.5
            victim.start()
            came, step = moment.wait(victim), victim.step
            whom = victim.send(signal.SIGKILL, supervisor=both, worker=True) if came else ""
            code = victim.ended()
            if not whom:
                return code
            self.killed += 1
            _say(f"kill {self.killed}", f"{whom}, {moment}; checkpoint {step}")
        return victim.finish()

    def _is_same(self, unbroken: Victim, victim: Victim, code: int) -> bool:
        from tests.reliability.kills.comparison import Comparison

        if code != 0:
            _say("FAILED", f"{victim.folder}: exit code {code}\n{victim.output}")
            return False
        shown = victim.shown()
        comparison = Comparison(unbroken.folder, victim.folder)
        self.largest = max(self.largest, comparison.largest)
        differences = comparison.differences
        if shown["status"] != "completed":
            differences.append(f"mlrun show says {shown['run']['status']}")
        attempts, compared = shown["attempts"], comparison.compared
        told = f"{victim.folder}  in {attempts} attempts, {compared} variables"
        _say("DIFFERS" if differences else "same", "\n  ".join([told, *differences]))
        return not differences


def _say(what: str, text: str) -> None:
    print(f"{what:<9} {text}", flush=True)


def main() -> None:
    """Runs it as the command line says; exits with 1 if anything was lost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, help="repeats a plan of kills; otherwise drawn")
    parser.add_argument("--keep", type=Path, help="where the runs stay; otherwise only on failure")
    arguments = parser.parse_args()
    seed = random.randrange(2**31) if arguments.seed is None else arguments.seed
    folder = arguments.keep or Path(tempfile.mkdtemp(prefix="torture-"))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # only what we say is to be read
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # closes the victim
    print(f"seed {seed}, runs in {folder}", flush=True)
    torture = Torture(folder.resolve(), seed, arguments.kills)
    torture.run()
    if torture.failed:
        print(f"the runs are kept in {folder}")
        sys.exit(1)
    if arguments.keep is None:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
