"""Kills a real `mlrun train` at random moments, resumes it, and compares it with an unbroken one.

Usage: python -m tests.reliability.kills --kills 100 [--seed N] [--keep DIR]
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.reliability.kills.comparison import Comparison
from tests.reliability.kills.moments import Moment
from tests.reliability.kills.victim import Victim


class Torture:
    """Kills, and what came of it.

    Args:
        folder: Where the runs live.
        seed: Of all that is drawn.
        kills: How many.
    """

    def __init__(self, folder: Path, seed: int, kills: int) -> None:
        self._folder, self._chance, self._kills = folder, random.Random(seed), kills
        self._victims = 0
        self._largest = 0.0
        self.killed = 0
        self.failures = 0

    def run(self) -> None:
        """Does it all."""
        unbroken = Victim(self._folder / "unbroken")
        began = time.monotonic()
        if unbroken.finish() != 0:
            raise SystemExit(f"the unbroken run failed:\n{unbroken.output}")
        usual = time.monotonic() - began
        print(f"unbroken  {unbroken.folder.name}  in {usual:.1f} s", flush=True)
        while self.killed < self._kills:
            self._torture(Victim(self._folder / f"victim-{self._victims}"), unbroken, usual)
            self._victims += 1
        survived = self.killed if not self.failures else f"not all of {self.killed}"
        print(
            f"{survived} of {self.killed} kills survived, {self._victims} runs, largest "
            f"difference {self._largest}"
        )

    def _torture(self, victim: Victim, unbroken: Victim, usual: float) -> None:
        code: int | None = None
        while self.killed < self._kills and code != 0:
            moment, both = Moment(self._chance, usual), self._chance.random() < 0.5
            victim.start()
            if not moment.wait(victim.folder, victim.over):
                code = victim.ended()
                if code != 0:
                    break
                continue
            step = victim.step
            hit = victim.kill(supervisor=both)
            code = victim.ended()
            if not hit:
                continue
            code = None
            self.killed += 1
            whom = "both" if both else "worker"
            print(f"kill {self.killed:3}  {whom:6}  checkpoint {step}  {moment}", flush=True)
        if code is None:
            code = victim.finish()
        self._judge(victim, unbroken, code)

    def _judge(self, victim: Victim, unbroken: Victim, code: int) -> None:
        if code != 0:
            self.failures += 1
            print(f"FAILED    {victim.folder}: exit code {code}\n{victim.output}", flush=True)
            return
        attempts = len(victim.record["attempts"])
        comparison = Comparison(unbroken.folder, victim.folder)
        self._largest = max(self._largest, comparison.largest)
        if comparison.differences:
            self.failures += 1
            print(f"DIFFERS   {victim.folder}", *comparison.differences, sep="\n  ", flush=True)
        else:
            print(f"same      {victim.folder.name}  in {attempts} attempts", flush=True)


def main() -> None:
    """Runs it as the command line says; exits with 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--keep", type=Path, help="where the runs stay; otherwise only on failure")
    arguments = parser.parse_args()
    seed = random.randrange(2**31) if arguments.seed is None else arguments.seed
    folder = arguments.keep or Path(tempfile.mkdtemp(prefix="torture-"))
    print(f"seed {seed}, runs in {folder}", flush=True)
    torture = Torture(folder, seed, arguments.kills)
    torture.run()
    if torture.failures:
        sys.exit(1)
    if arguments.keep is None:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
