"""Evaluating and predicting through the bridge against Keras's `evaluate` and `predict`.

Usage: python -m benchmarks.evaluation (a process of its own; prints JSON), or by
`python -m benchmarks`.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.processes import answer
from benchmarks.verdicts import Verdict

_BATCHES = 2000


def measure(quick: bool) -> Iterator[Verdict]:
    """Prints microseconds a batch; yields the ratios."""
    rounds = [_one() for _ in range(2 if quick else 3)]
    for key in rounds[0]:
        micros = statistics.median(r[key] for r in rounds)
        print(f"evaluation iris, batch 32, {key:18} {micros:9.0f} µs a batch")
    for verb in ("evaluate", "predict"):
        ratios = [r[f"Keras's {verb}"] / r[verb] for r in rounds]
        yield Verdict(f"{verb}, iris: times faster than Keras's", ratios, None)


def _one() -> dict[str, float]:
    return dict(answer([sys.executable, "-m", "benchmarks.evaluation"]))


def main() -> None:
    """Times all four, each after a first time that traces and finds its loop."""
    import tensorflow as tf

    from benchmarks.training_models import TASKS
    from kerasrun import estimator as tf_estimator

    task = TASKS["iris"]
    model = task.build_model()

    def input_fn() -> tf.data.Dataset:
        return task.input_fn().take(_BATCHES)

    estimator = tf_estimator.model_to_estimator(model, model_dir=tempfile.mkdtemp())
    estimator.train(input_fn, max_steps=1)
    bare = input_fn().map(lambda x, y: (x["iris_input"], y))
    found = {
        "evaluate": _micros(lambda: estimator.evaluate(input_fn)),
        "Keras's evaluate": _micros(lambda: model.evaluate(bare, verbose=0)),
        "predict": _micros(lambda: list(estimator.predict(input_fn, yield_single_examples=False))),
        "Keras's predict": _micros(lambda: model.predict(bare, verbose=0)),
    }
    print(json.dumps(found))


def _micros(verb: Callable[[], Any]) -> float:
    for _ in range(3):
        verb()
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        verb()
        times.append(time.perf_counter() - begun)
    return 1e6 * statistics.median(times) / _BATCHES


if __name__ == "__main__":
    main()
