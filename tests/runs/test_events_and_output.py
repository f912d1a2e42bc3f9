import os
from pathlib import Path

import pytest

from kerasrun.runs.events import EventReader, EventWriter
from kerasrun.runs.output import OutputTail, is_noise


@pytest.fixture
def pipe() -> tuple[EventReader, EventWriter]:
    ours, theirs = os.pipe()
    return EventReader(ours), EventWriter(theirs)


def test_events_arrive_in_order_and_end(pipe: tuple[EventReader, EventWriter]) -> None:
    reader, writer = pipe
    writer.send("ready", step=0)
    writer.send("progress", step=10, metrics={"loss": 0.5})
    assert list(reader.read()) == [
        {"event": "ready", "step": 0},
        {"event": "progress", "step": 10, "metrics": {"loss": 0.5}},
    ]
    assert not reader.ended
    writer.close()
    assert list(reader.read()) == []
    assert reader.ended
    reader.close()


def test_a_reader_that_is_gone_costs_nothing(pipe: tuple[EventReader, EventWriter]) -> None:
    reader, writer = pipe
    reader.close()
    writer.send("ready")
    writer.send("progress")


def test_a_reader_that_sleeps_blocks_nobody(pipe: tuple[EventReader, EventWriter]) -> None:
    reader, writer = pipe
    for step in range(20_000):  # far more than a pipe holds
        writer.send("progress", step=step)
    steps = [event["step"] for event in reader.read()]
    assert steps == list(range(len(steps)))
    assert 0 < len(steps) < 20_000
    writer.close()
    reader.close()


def test_the_pipe_is_taken_out_of_the_environment() -> None:
    ours, theirs = os.pipe()
    environ = {"KERASRUN_EVENTS_FD": str(theirs)}
    writer = EventWriter.from_environ(environ)
    assert environ == {}
    assert not os.get_inheritable(theirs)
    writer.close()
    os.close(ours)


def test_without_a_pipe_events_go_nowhere() -> None:
    EventWriter.from_environ({}).send("ready")


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-21 22:30:15.123456: I tensorflow/core/util/port.cc:153] oneDNN custom operations",
        "2026-11-21 22:30:15.123456: E external/local_xla/xla/stream_executor/cuda.cc:51] no GPU",
        "I0000 00:00:1795317105.267289   15366 port.cc:153] oneDNN custom operations are on.",
        "E0000 00:00:1795317106.799283   15366 cuda_platform.cc:52] failed call to cuInit",
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
        "To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow "
        "with the appropriate compiler flags.",
    ],
)
def test_the_noise_of_tensorflow_is_known(line: str) -> None:
    assert is_noise(line)


@pytest.mark.parametrize(
    "line", ["", "2026-11-21 loaded", "WARNING: few examples", "I0000", "Epoch 1: loss 0.5"]
)
def test_what_a_user_prints_is_no_noise(line: str) -> None:
    assert not is_noise(line)


def test_a_tail_shows_whole_lines_and_at_last_the_rest(tmp_path: Path) -> None:
    log = tmp_path / "output.log"
    log.write_text("of an earlier attempt\n")
    with log.open("rb") as reading, log.open("a") as file:
        tail = OutputTail(reading)
        file.write("one\ntw")
        file.flush()
        tail.fetch()
        assert list(tail.lines()) == ["one"]
        log.unlink()  # nothing is lost by it
        file.write("o\n\nthr")
        file.flush()
        tail.fetch()
        assert list(tail.lines()) == ["two", ""]
        assert list(tail.lines(last=True)) == ["thr"]
        assert list(tail.lines(last=True)) == []
        assert tail.text() == "one\ntwo\n\nthr"


def test_a_traceback_is_left_out_even_when_already_fetched(tmp_path: Path) -> None:
    log = tmp_path / "output.log"
    log.touch()
    with log.open("rb") as reading:
        tail = OutputTail(reading)
        log.write_text("mine\nTraceback\n  more\n")
        tail.fetch()
        tail.stop_at(5)
        assert list(tail.lines(last=True)) == ["mine"]
        tail.fetch()
        assert list(tail.lines(last=True)) == []
        assert tail.text(5) == "Traceback\n  more\n"


def test_a_tail_of_everything_shows_everything(tmp_path: Path) -> None:
    log = tmp_path / "output.log"
    log.touch()
    with log.open("rb") as reading:
        tail = OutputTail(reading, everything=True)
        log.write_text("I0000 00:00:1795317105.2 1 port.cc:1] x\nTraceback\n")
        tail.stop_at(0)
        tail.fetch()
        assert len(list(tail.lines())) == 2
