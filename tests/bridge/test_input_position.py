"""An input goes on where it was saved, or says that it must be read over: at every batch."""

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

from kerasrun.bridge.input_position import InputPosition, SavedPosition, usable
from kerasrun.bridge.loop import CompiledLoop, Running

BATCHES = 10


def shuffled() -> tf.data.Dataset:
    tf.random.set_seed(5)
    return tf.data.Dataset.range(20).shuffle(20)


def running(dataset: tf.data.Dataset) -> tuple[Running, InputPosition]:
    started = CompiledLoop(lambda batch: tf.constant(0.0)).start(dataset)
    return started, InputPosition(started, wanted=True, cannot=pytest.fail)


def batches(started: Running, count: int) -> list[Any]:
    return [next(started.iterator).numpy().tolist() for _ in range(count)]


@pytest.mark.parametrize(
    ("input_fn", "always"),
    [
        (lambda: shuffled().batch(8).repeat(), False),
        (lambda: shuffled().batch(8).repeat().map(lambda x: x + 1).prefetch(2), False),
        (lambda: shuffled().batch(8, drop_remainder=True).repeat(), True),
        (lambda: shuffled().repeat().batch(8), True),
        (lambda: tf.data.Dataset.range(20).batch(8).repeat(), True),
    ],
)
def test_it_goes_on_as_if_it_had_not_been_interrupted(
    input_fn: Callable[[], tf.data.Dataset], always: bool
) -> None:
    expected = batches(running(input_fn())[0], BATCHES)
    restored = 0
    for taken in range(1, BATCHES):
        interrupted, position = running(input_fn())
        batches(interrupted, taken)
        tensors = usable(position.tensors())
        if "iterator" not in tensors:
            continue
        resumed, position = running(input_fn())
        saved = SavedPosition(taken, tensors["iterator"], tensors["pipeline"].numpy())
        assert position.restore(saved) is None
        assert batches(resumed, BATCHES - taken) == expected[taken:], taken
        restored += 1
    # What has just given its last, incomplete batch is read over.
    assert restored == BATCHES - 1 if always else 1 < restored < BATCHES - 1
