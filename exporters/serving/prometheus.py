"""What the server counts, as a page in Prometheus' format, under TensorFlow Serving's names."""

import bisect
import re
import threading
from collections import defaultdict
from collections.abc import Iterator

from kerasrun.exporters.serving.errors import Code

__all__ = ["CONTENT_TYPE", "Metrics"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_LATENCY_LIMITS = [10 * 1.8**power for power in range(33)]  # microseconds
_COUNT_LIMITS = [float(2**power) for power in range(15)]
_ESCAPED = {"\\": r"\\", '"': r"\"", "\n": r"\n"}

Labels = tuple[tuple[str, str], ...]


class _Histogram:
    """How many values lie below each of a row of limits."""

    def __init__(self, limits: list[float]) -> None:
        self._limits = limits
        self._buckets = [0] * (len(limits) + 1)
        self._sum = 0.0

    def add(self, value: float) -> None:
        """Counts one value."""
        self._buckets[bisect.bisect_left(self._limits, value)] += 1
        self._sum += value

    def lines(self, name: str, labels: Labels) -> Iterator[str]:
        """The lines of the page for it."""
        total = 0
        limits = [f"{limit:g}" for limit in self._limits]
        for limit, count in zip([*limits, "+Inf"], self._buckets, strict=True):
            total += count
            yield f"{name}_bucket{_braces((*labels, ('le', limit)))} {total}"
        yield f"{name}_sum{_braces(labels)} {self._sum:.17g}"
        yield f"{name}_count{_braces(labels)} {total}"


class Metrics:
    """Counts requests. All methods may be called from any thread.

    Example:
        metrics.request("iris", "Predict", "REST", "OK", micros=810, examples=1)
        text = metrics.page()
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests = defaultdict[Labels, int](int)
        self._examples = defaultdict[Labels, int](int)
        self._latencies = defaultdict[Labels, _Histogram](lambda: _Histogram(_LATENCY_LIMITS))
        self._sizes = defaultdict[Labels, _Histogram](lambda: _Histogram(_COUNT_LIMITS))

    def request(
        self,
        model: str,
        api: str,
        entrypoint: str,
        code: Code,
        micros: float,
        examples: int | None = None,
    ) -> None:
        """Counts a request that was answered.

        Args:
            model: The model's name. It must be one that is served: a name costs memory.
            api: What was asked: `Predict`, `Classify` and so on.
            entrypoint: How: `REST` or `GRPC`.
            code: How it went.
            micros: How many microseconds it took.
            examples: How many rows it had, where this is known.
        """
        of_model = (("model_name", model),)
        with self._lock:
            self._requests[*of_model, ("status", code)] += 1
            if code != "OK":
                return
            called = (*of_model, ("API", api), ("entrypoint", entrypoint))
            self._latencies[called].add(micros)
            if examples is not None:
                self._examples[(("model", model),)] += examples
                self._sizes[(("model", model),)].add(examples)

    def page(self) -> str:
        """Returns all that was counted."""
        with self._lock:
            lines = [
                *_counter("request_count", self._requests),
                *_histogram("request_latency", self._latencies),
                *_counter("request_example_counts_total", self._examples),
                *_histogram("request_example_counts", self._sizes),
            ]
        return "".join(f"{line}\n" for line in lines)


def _counter(name: str, values: dict[Labels, int]) -> Iterator[str]:
    full = f":tensorflow:serving:{name}"
    yield f"# TYPE {full} counter"
    for labels, value in values.items():
        yield f"{full}{_braces(labels)} {value}"


def _histogram(name: str, values: dict[Labels, _Histogram]) -> Iterator[str]:
    full = f":tensorflow:serving:{name}"
    yield f"# TYPE {full} histogram"
    for labels, histogram in values.items():
        yield from histogram.lines(full, labels)


def _braces(labels: Labels) -> str:
    parts = (f'{name}="{_escaped(value)}"' for name, value in labels)
    return "{" + ",".join(parts) + "}"


def _escaped(value: str) -> str:
    return re.sub(r'[\\"\n]', lambda match: _ESCAPED[match[0]], value)
