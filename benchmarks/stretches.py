"""Equal stretches of steps, timed. Imports nothing, so that any environment can use it."""

import statistics
import time


class Stretches:
    """Times stretches of equally many steps, after one to warm up, until the time is over."""

    def __init__(self, steps: int, seconds: float) -> None:
        self._steps, self._seconds = steps, seconds
        self._began: float | None = None
        self._last = (0.0, 0.0)
        self._wall: list[float] = []
        self._cpu: list[float] = []

    def ended(self) -> bool:
        """A stretch has ended; returns whether there are enough."""
        now = (time.perf_counter(), time.process_time())
        if self._began is None:
            self._began = now[0]
        else:
            self._wall.append((now[0] - self._last[0]) / self._steps)
            self._cpu.append((now[1] - self._last[1]) / self._steps)
        self._last = now
        return now[0] - self._began > self._seconds and len(self._wall) > 2

    def result(self) -> dict[str, float]:
        """Microseconds a step, medians over the stretches."""
        # Of a training that finds its loop as it goes, what counts is what it comes to.
        second_half = slice(len(self._wall) // 2, None)
        wall, cpu = (statistics.median(one[second_half]) for one in (self._wall, self._cpu))
        return {"wall_us": 1e6 * wall, "cpu_us": 1e6 * cpu}
