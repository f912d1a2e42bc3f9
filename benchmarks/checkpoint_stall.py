"""How long training stands still for a checkpoint of 100 MB, against Keras's `save_weights`.

Usage: python -m benchmarks.checkpoint_stall (a process of its own; prints JSON), or by
`python -m benchmarks`.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.processes import answer
from benchmarks.verdicts import Verdict

GOAL = 0.2
_EVERY, _ROUNDS = 60, 5


def measure(quick: bool) -> Iterator[Verdict]:
    """Prints the seconds of both; yields their ratio."""
    runs = [_one() for _ in range(1 if quick else 3)]
    keys = ("stall", "cost", "peer")
    stall, cost, peer = (statistics.median(run[key] for run in runs) for key in keys)
    print(
        f"checkpoint 100 MB: training stands still {stall:.3f} s (with what the writing beside it "
        f"takes away {cost:.3f} s)   save_weights {peer:.3f} s"
    )
    ratios = [run["stall"] / run["peer"] for run in runs]
    yield Verdict("checkpoint of 100 MB: times save_weights", ratios, GOAL, at_most=True)


def _one() -> dict[str, float]:
    return dict(answer([sys.executable, "-m", "benchmarks.checkpoint_stall"]))


def main() -> None:
    """Trains with checkpoints; times each, and the stretches that hold one or none."""
    import keras
    import numpy as np
    import tensorflow as tf

    from kerasrun import estimator as tf_estimator

    class Watch(tf_estimator.SessionRunHook):
        """Notes the time at the ends of stretches, far from the steps that are saved."""

        def __init__(self) -> None:
            self.times: list[float] = []

        def next_iteration(self, done: int) -> int:
            half = _EVERY // 2
            return done + half - (done - half // 2) % half

        def after_run(self, run_context: Any, run_values: Any) -> None:
            self.times.append(time.perf_counter())

    class Listener(tf_estimator.CheckpointSaverListener):
        """Times how long the training thread is kept."""

        def __init__(self) -> None:
            self.stalls: list[float] = []

        def waits_for(self, step: int) -> bool:
            return False

        def before_save(self, session: Any, global_step_value: int) -> None:
            self._before = time.perf_counter()

        def after_save(self, session: Any, global_step_value: int) -> None:
            self.stalls.append(time.perf_counter() - self._before)

    model = keras.Sequential([keras.layers.Dense(5000, name="net"), keras.layers.Dense(5000)])
    model.compile("sgd", "mse")
    x = np.random.default_rng(1).random((8, 20), "float32")

    def input_fn() -> tf.data.Dataset:
        example = ({"net_input": x}, np.zeros((8, 5000), "float32"))
        return tf.data.Dataset.from_tensors(example).repeat()

    watch, listener = Watch(), Listener()
    config = tf_estimator.RunConfig(save_checkpoints_steps=_EVERY, save_summary_steps=None)
    with tempfile.TemporaryDirectory() as folder:
        estimator = tf_estimator.model_to_estimator(
            keras_model=model, model_dir=f"{folder}/model_dir", config=config
        )
        steps = _EVERY * (_ROUNDS + 1)
        estimator.train(input_fn, [watch], max_steps=steps, saving_listeners=[listener])
        peers = [_timed(lambda: model.save_weights(f"{folder}/w.weights.h5")) for _ in range(3)]
    # A checkpoint falls into every second stretch: those of odd number, counted from the first.
    stretches = [
        after - before for before, after in zip(watch.times, watch.times[1:], strict=False)
    ]
    without, with_one = stretches[0::2], stretches[1::2]
    cost = statistics.median(with_one) - statistics.median(without)
    stall, peer = statistics.median(listener.stalls), statistics.median(peers)
    print(json.dumps({"stall": stall, "cost": cost, "peer": peer}))


def _timed(do: Any) -> float:
    before = time.perf_counter()
    do()
    return time.perf_counter() - before


if __name__ == "__main__":
    main()
