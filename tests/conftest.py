"""What tests of several parts share."""

import gc
from collections.abc import Callable

import pytest


def pytest_collection_finish() -> None:
    """The million objects that TensorFlow's import makes are not looked at again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@pytest.fixture
def scalars() -> Callable[[str], dict[str, list[tuple[int, float]]]]:
    """Reads a folder's event files as TensorBoard does: points `(step, value)` by tag."""
    from tensorboard.backend.event_processing import event_accumulator

    def read(logdir: str) -> dict[str, list[tuple[int, float]]]:
        events = event_accumulator.EventAccumulator(logdir, size_guidance={"scalars": 0})
        events.Reload()
        return {
            tag: [(point.step, point.value) for point in events.Scalars(tag)]
            for tag in events.Tags()["scalars"]
        }

    return read
