"""Trains models on one device and on several: `python -m tests.bridge.distribute.shared_cases OUT`.

By the environment: one device; two in one process (KERASRUN_TEST_DEVICES=2); or a process of a
cluster (TF_CONFIG). Writes `OUT/<case>.npz`: the losses by step and the weights.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kerasrun import estimator as tf_estimator

import keras  # isort: skip  (the cluster is joined before the first tensor)
import numpy as np  # isort: skip
import tensorflow as tf  # isort: skip

from kerasrun.bridge.distribute.cluster import joined  # isort: skip
from kerasrun.bridge.observer import Observer  # isort: skip
from tests.bridge.distribute.shared_models import CASES, STRATEGIES  # isort: skip

STEPS = 12
EVALUATED = ("plain", "scalar_loss", "weighted_and_summed", "own_step")


def events(folder: Path) -> Iterator[tuple[str, int, float]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(str(folder))
    accumulator.Reload()
    for tag in accumulator.Tags()["scalars"]:
        for event in accumulator.Scalars(tag):
            yield tag, event.step, event.value


class Notices(Observer):
    """Keeps what is told."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def notice(self, text: str) -> None:
        self.texts.append(text)


def strategy_of_devices() -> Any:
    """As a program makes it that makes another one for each purpose."""
    return tf.distribute.MirroredStrategy(tf.config.list_logical_devices("CPU"))


def train(case: str, out: Path, strategy: Any) -> None:
    member = joined()
    keras.utils.set_random_seed(1 + (member.rank if member else 0))  # the chief's weights count
    model, input_fn = CASES[case]()
    config = tf_estimator.RunConfig(
        model_dir=str(out / case),
        save_summary_steps=1 if case == "plain" else 4,  # many steps in a call, too
        log_step_count_steps=None,
        tf_random_seed=5,
        train_distribute=strategy,
        eval_distribute=strategy and strategy_of_devices(),
        jit_compile=case == "compiled_by_xla",
    )
    estimator = tf_estimator.model_to_estimator(keras_model=model, config=config)
    kept: dict[str, Any] = {}
    notices = Notices()
    estimator.add_observer(notices)
    try:
        estimator.train(input_fn, max_steps=STEPS)
    except ValueError as error:
        kept["refused"] = str(error)
    else:
        if case == "own_step" or (member is None and case in EVALUATED):
            result = estimator.evaluate(input_fn, steps=5)
            kept["evaluated"] = [result[name] for name in sorted(result)]
        weights = [value.numpy().ravel() for value in estimator.program.variables().values()]
        kept["weights"] = np.concatenate([w.astype("float64") for w in weights])
        if member is None or member.rank == 0:
            for tag, step, value in events(out / case):
                if "sec" not in tag:
                    kept.setdefault(tag, []).append((step, value))
    kept["notices"] = notices.texts
    np.savez(out / f"{case}{member.rank if member else ''}.npz", **kept)


def main() -> None:
    out, cases = Path(sys.argv[1]), sys.argv[2:] or list(CASES)
    strategy = None
    if count := int(os.environ.get("KERASRUN_TEST_DEVICES", "0")):
        cpu = tf.config.list_physical_devices("CPU")[0]
        logical = [tf.config.LogicalDeviceConfiguration()] * count
        tf.config.set_logical_device_configuration(cpu, logical)
        for case in cases:  # one device first
            (out / "one").mkdir(parents=True, exist_ok=True)
            train(case, out / "one", None)
        strategy = strategy_of_devices()
        STRATEGIES.append(strategy)
    out.mkdir(parents=True, exist_ok=True)
    for case in cases:
        train(case, out, strategy)


if __name__ == "__main__":
    main()
