"""The worker's output for the screen, read as the log grows, without TensorFlow's noise."""

import os
import re
from collections.abc import Iterator
from typing import IO

_NOISE = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IWE] (external/|tensorflow/|\S+\.cc:)"
    r"|[IWE]0000 00:00:\d+"
    r"|[IWE]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ \S+\.cc:\d+\]"
    r"|Additional GRPC error information|:UNKNOWN:Error received from peer"
    r"|/job:worker/replica:\d+/task:\d+$|The tasks have crashed\. Check"
    r"|WARNING: All log messages before absl::InitializeLog"
    r"|INFO: Created TensorFlow Lite|fully_quantize: \d"
    r"|loc\((callsite|fused)\(|error: (Lowering tensor list|failed while converting)"
    r"|To enable the following instructions: .* rebuild TensorFlow"
)


def is_noise(line: str) -> bool:
    """Whether TensorFlow's runtime said this at its start.

    >>> is_noise("2026-11-21 22:30:15.123456: I tensorflow/core/util/port.cc:153] oneDNN")
    True
    >>> is_noise("loaded 120 examples")
    False
    """
    return _NOISE.match(line) is not None


class OutputTail:
    """Reads what is appended to a log.

    Fetching and showing are apart so that `stop_at`, told between them, is never too late.

    Args:
        log: Open for reading; what is in it already is not shown. It can be read on even if
            somebody deletes it.
        everything: Whether to let the noise and the tracebacks through too.
    """

    def __init__(self, log: IO[bytes], *, everything: bool = False) -> None:
        self._log = log
        self._everything = everything
        self._begin = self._shown = log.seek(0, os.SEEK_END)
        self._fetched = b""
        self._end: int | None = None

    def fetch(self) -> None:
        """Reads what has been appended since the last time."""
        self._log.seek(self._shown + len(self._fetched))
        self._fetched += self._log.read()

    def text(self, begin: int | None = None) -> str:
        """All from the offset `begin` on (None: where this tail began)."""
        self._log.seek(self._begin if begin is None else begin)
        return self._log.read().decode(errors="replace")

    def stop_at(self, offset: int) -> None:
        """Nothing from `offset` on is shown (unless everything is): there begins a traceback."""
        if not self._everything:
            self._end = offset

    def lines(self, *, last: bool = False) -> Iterator[str]:
        """The whole lines that were fetched, without their ends; at last the unfinished one too."""
        data = self._fetched
        if self._end is not None:
            data = data[: max(0, self._end - self._shown)]
        whole = data if last else data[: data.rfind(b"\n") + 1]
        self._shown += len(whole)
        self._fetched = self._fetched[len(whole) :]
        for line in whole.removesuffix(b"\n").split(b"\n") if whole else []:
            text = line.decode(errors="replace")
            if self._everything or not is_noise(text):
                yield text
