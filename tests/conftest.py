"""What tests of several parts share."""

import gc
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# Programs that are run, and those that made the data: nothing to import.
collect_ignore_glob = ["data/*.py", "*/programs/*.py"]


# The million objects that TensorFlow's import makes are not looked at again and again.
gc.disable()


def pytest_collection_finish() -> None:
    """What the imports have made stays to the end: only what tests make is collected."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(100_000, 50, 100)


@pytest.fixture
def run_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Does what `python PROGRAM ARGUMENTS` does and returns what is printed.

    It does so in this process, where TensorFlow is there already: to start it takes longer than
    most programs do.
    """

    def run(program: Path, *arguments: str) -> str:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", [str(program), *arguments])
            patch.syspath_prepend(program.parent)
            capsys.readouterr()
            runpy.run_path(str(program), run_name="__main__")
        return capsys.readouterr().out

    return run


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
