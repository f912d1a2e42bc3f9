"""What is counted, as Prometheus reads it."""

import re
import threading

from kerasrun.exporters.serving.prometheus import Metrics

LINE = re.compile(r'[a-zA-Z_:][a-zA-Z0-9_:]*\{(?:[a-zA-Z_]+="(?:[^"\\\n]|\\["\\n])*",?)*\} \S+')


def values(page: str, name: str) -> list[float]:
    lines = [line for line in page.splitlines() if line.startswith(f":tensorflow:serving:{name}{{")]
    return [float(line.rpartition(" ")[2]) for line in lines]


def test_every_line_is_of_the_format() -> None:
    metrics = Metrics()
    metrics.request('a"b\\c\nd', "Predict", "REST", "OK", micros=1.5, examples=3)
    for line in metrics.page().splitlines():
        assert line.startswith("# TYPE :tensorflow:serving:") or LINE.fullmatch(line), line


def test_buckets_add_up() -> None:
    metrics = Metrics()
    for micros in (1, 10, 11, 1e12):
        metrics.request("m", "Predict", "GRPC", "OK", micros)
    page = metrics.page()
    buckets = values(page, "request_latency_bucket")
    assert buckets == sorted(buckets)
    assert (buckets[0], buckets[1], buckets[-2], buckets[-1]) == (2, 3, 3, 4)  # a limit is within
    assert values(page, "request_latency_count") == [4]
    assert values(page, "request_latency_sum") == [1 + 10 + 11 + 1e12]
    assert not values(page, "request_example_counts_count")  # nobody knew how many


def test_errors_have_no_latency() -> None:
    metrics = Metrics()
    metrics.request("m", "Predict", "REST", "NOT_FOUND", 5, 1)
    assert values(metrics.page(), "request_count") == [1]
    assert not values(metrics.page(), "request_latency_count")


def test_threads_may_count_at_once() -> None:
    metrics = Metrics()

    def count() -> None:
        for _ in range(2_000):
            metrics.request("m", "Predict", "REST", "OK", 5, 2)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert values(metrics.page(), "request_count") == [8_000]
    assert values(metrics.page(), "request_example_counts_total") == [16_000]
