"""The logs of all processes of a run, line by line, each with the process's name."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

from kerasrun.runs.cluster.places import EVALUATOR, MASTER
from kerasrun.runs.errors import UsageError
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.run_log import RunLog

_WORKER_LOG = re.compile(r"worker-([0-9]+)\.log")
_PAUSE_SECS = 0.2


def worker_numbers(files: RunFiles) -> list[int]:
    """Those of the workers that have a log."""
    found = [_WORKER_LOG.fullmatch(path.name) for path in files.folder.glob("worker-*.log")]
    return sorted(int(match[1]) for match in found if match)


def log_of(files: RunFiles, worker: int | None) -> Path:
    """The log of a worker, or of the process that leads for None.

    Raises:
        UsageError: There is no such worker.
    """
    if worker is None:
        return files.output_log
    numbers = worker_numbers(files)
    if worker in numbers:
        return files.worker_log(worker)
    known = ", ".join(map(str, numbers))
    there = f"there are those of worker {known}" if numbers else "its only process has output.log"
    raise UsageError(f"run {files.folder.name} has no log of a worker {worker}: {there}")


class AllLogs:
    """Reads the logs of all processes of a run, also of those that come while it reads.

    Args:
        files: The run's.
    """

    def __init__(self, files: RunFiles) -> None:
        self._files = files
        self._logs: dict[str, RunLog] = {}
        self._unfinished: dict[str, bytes] = {}

    def lines(
        self, *, last: int | None = None, follow: bool = False
    ) -> Iterator[tuple[str, bytes]]:
        """Name and line, without its end, of each; those of one process after those of another.

        Args:
            last: Only so many of the last lines of each that are there now; None: all.
            follow: Whether to wait for more until the run has ended.

        Raises:
            RunError: A log cannot be read.
        """
        try:
            while True:
                ended = not follow or not RunLog(self._files).at_work()
                for name, path in self._paths():
                    yield from self._new(name, path, last)
                if ended:
                    break
                last = None if self._logs else last
                time.sleep(_PAUSE_SECS)
            yield from ((name, rest) for name, rest in self._unfinished.items() if rest)
        finally:
            for log in self._logs.values():
                log.close()

    def _paths(self) -> list[tuple[str, Path]]:
        workers = [(f"worker {n}", self._files.worker_log(n)) for n in worker_numbers(self._files)]
        evaluator = (EVALUATOR, self._files.evaluator_log)
        return [(MASTER, self._files.output_log), *workers, evaluator]

    def _new(self, name: str, path: Path, last: int | None) -> Iterator[tuple[str, bytes]]:
        if name not in self._logs:
            self._logs[name] = RunLog(self._files, path)
            self._logs[name].skip(last)
        for chunk in self._logs[name].new():
            *whole, rest = (self._unfinished.get(name, b"") + chunk).split(b"\n")
            self._unfinished[name] = rest
            yield from ((name, line) for line in whole)
