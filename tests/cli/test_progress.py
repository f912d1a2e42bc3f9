import io
from pathlib import Path
from typing import Any

import pytest

from kerasrun.cli.lines import duration, git_text, train_line
from kerasrun.cli.progress import PlainScreen, screen_for

FOLDER = Path("/runs/20261121-223015-a3f1")
RECORD = {"model": {"file": "/p/net.py"}, "git": None, "seed": {"value": 7}}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def progress(step: int, **fields: Any) -> dict[str, Any]:
    return {
        "event": "progress",
        "step": step,
        "max_steps": 1000,
        "metrics": {"accuracy": 0.5, "loss": 0.25},
        "steps_per_sec": 100.0,
        **fields,
    }


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_training_is_a_line_at_most_every_30_s(clock: Clock) -> None:
    out = io.StringIO()
    screen = PlainScreen(FOLDER, RECORD, out, monotonic=clock)
    for second in range(0, 91):
        clock.now = second
        screen.event(progress(second * 10))
    assert [line.split()[1] for line in out.getvalue().splitlines()] == [
        "300/1,000",
        "600/1,000",
        "900/1,000",
    ]


def test_an_evaluation_counts_as_a_line(clock: Clock) -> None:
    out = io.StringIO()
    screen = PlainScreen(FOLDER, RECORD, out, monotonic=clock)
    clock.now = 29
    screen.event({"event": "evaluated", "name": None, "step": 100, "metrics": {"loss": 0.5}})
    clock.now = 31
    screen.event(progress(110))
    assert out.getvalue() == "eval    step 100   loss 0.5\n"


def test_the_last_export_is_shown_at_the_end_and_how_to_serve_it(
    clock: Clock, tmp_path: Path
) -> None:
    out = io.StringIO()
    folder = tmp_path / FOLDER.name
    screen = PlainScreen(folder, RECORD, out, monotonic=clock)
    for second in (1, 2):
        path = folder / "export" / "exporter" / str(second)
        path.mkdir(parents=True)
        (path / "saved_model.pb").touch()
        screen.event(
            {
                **{"event": "exported", "name": "e", "path": str(path)},
                **{"examples": 30, "difference": 1e-7},
            }
        )
    clock.now = 9.14
    screen.done()
    assert out.getvalue().splitlines() == [
        "export  export/exporter/2   answers as evaluated (30 examples, largest difference 1e-07)",
        "done    in 9.1 s   mlrun tensorboard a3f1 · mlrun show a3f1 · mlrun serve a3f1",
    ]


def test_without_an_export_there_is_nothing_to_serve(clock: Clock, tmp_path: Path) -> None:
    out = io.StringIO()
    PlainScreen(tmp_path / FOLDER.name, RECORD, out, monotonic=clock).done()
    assert out.getvalue() == "done    in 0.0 s   mlrun tensorboard a3f1 · mlrun show a3f1\n"


def test_a_stream_that_is_no_terminal_gets_plain_lines() -> None:
    assert type(screen_for(FOLDER, RECORD, io.StringIO())) is PlainScreen


def test_a_training_line_says_how_far_how_well_and_how_fast() -> None:
    assert train_line(progress(400)) == (
        "train   400/1,000 40%   loss 0.25  accuracy 0.5   100 steps/s   eta 6.0 s"
    )
    without_end = progress(400, max_steps=None, steps_per_sec=None)
    assert train_line(without_end) == "train   step 400   loss 0.25  accuracy 0.5"


def test_a_dirty_tree_has_a_star() -> None:
    commit = "51062775" * 5
    assert git_text({"commit": commit, "dirty": True}) == "git 51062775* (diff kept)"
    assert git_text({"commit": commit, "dirty": False}) == "git 51062775"


def test_long_times_are_in_hours() -> None:
    assert duration(59.96) == "60.0 s"
    assert duration(7322) == "2:02:02"
