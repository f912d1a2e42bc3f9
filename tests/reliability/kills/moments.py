"""When to kill: after a while, or when a file shows that something is under way."""

import random
import time
from collections.abc import Callable
from pathlib import Path

from tests.reliability.kills.victim import Victim

_POLL_SECS = 0.001
_LONGEST_WAIT_SECS = 60.0
_MOST_AFTER_A_SIGN_SECS = 0.03
Look = Callable[[Path], object]


def _names(folder: Path, pattern: str) -> list[str]:
    return sorted(str(path) for path in folder.glob(pattern))


def _size(folder: Path, pattern: str) -> int:
    return sum(_stat(path)[0] for path in folder.glob(pattern))


def _stat(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError:
        return 0, 0
    return stat.st_size, stat.st_mtime_ns


# What is looked at changes when the thing begins or ends.
SIGNS: dict[str, Look] = {
    "a checkpoint is being written": lambda folder: _names(folder, "tmp.ckpt*"),
    "a checkpoint is whole": lambda folder: _names(folder, "model.ckpt-*.index"),
    "the list of checkpoints is written": lambda folder: _stat(folder / "checkpoint"),
    "an event of the training is written": lambda folder: _size(folder, "events.out.tfevents.*"),
    "an event of an evaluation is written": lambda folder: _size(folder, "eval*/*.tfevents.*"),
    "training.json is written": lambda folder: _stat(folder / "training.json"),
    "an export is being written": lambda folder: _names(folder, "export/*/temp-*"),
    "an export is whole": lambda folder: _names(folder, "export/*/[0-9]*"),
    "the best result is noted": lambda folder: _stat(folder / "export/best/best_result.json"),
    "metrics.json is written": lambda folder: _stat(folder / "metrics.json"),
}


class Moment:
    """One moment, drawn at random.

    Args:
        chance: Draws it.
        usual_secs: How long an unbroken run takes.
    """

    def __init__(self, chance: random.Random, usual_secs: float) -> None:
        self._sign: str | None = None
        if chance.random() < 0.25:
            self._secs = chance.uniform(0.0, 1.1 * usual_secs)
        else:
            self._sign = chance.choice(list(SIGNS))
            self._times = chance.randint(1, 4)
            self._secs = chance.uniform(0.0, _MOST_AFTER_A_SIGN_SECS)

    def __str__(self) -> str:
        if self._sign is None:
            return f"after {self._secs:.2f} s"
        return f"{self._sign} (change {self._times}, {1000 * self._secs:.0f} ms later)"

    def wait(self, victim: Victim) -> bool:
        """Waits for it, a sign for a minute at most; False if the command was over before."""
        if self._sign is not None:
            self._wait_for(SIGNS[self._sign], victim)
        deadline = time.monotonic() + self._secs
        while time.monotonic() < deadline and not victim.over():
            time.sleep(_POLL_SECS)
        return not victim.over()

    def _wait_for(self, look: Look, victim: Victim) -> None:
        deadline = time.monotonic() + _LONGEST_WAIT_SECS
        seen, left = look(victim.folder), self._times
        while left and not victim.over() and time.monotonic() < deadline:
            time.sleep(_POLL_SECS)
            now = look(victim.folder)  # asked anew: at the start there is no folder yet
            if now != seen:
                seen, left = now, left - 1
