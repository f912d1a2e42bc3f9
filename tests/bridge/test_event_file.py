"""Event files: nothing is lost by a kill, nothing raises, nothing stands twice."""

import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kerasrun.bridge.summaries import SummaryWriter

KILLED = """
import os, signal, sys
from kerasrun._tensorflow_import import import_tensorflow
import_tensorflow()
from kerasrun.bridge.summaries import SummaryWriter
writer = SummaryWriter(sys.argv[1])
for step in range(1, 51):
    writer.scalars({"loss": step / 2}, step)
os.kill(os.getpid(), signal.SIGKILL)
"""


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """To a process, files that cannot grow are a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def writer(tmp_path: Path, said: list[str]) -> SummaryWriter:
    return SummaryWriter(str(tmp_path / "logs"), said.append)


def write(writer: SummaryWriter, *steps: int) -> None:
    for step in steps:
        writer.scalars({"loss": float(step)}, step)


def the_file(tmp_path: Path) -> Path:
    (file,) = (tmp_path / "logs").iterdir()
    return file


@pytest.mark.slow
def test_a_killed_process_loses_no_event(tmp_path: Path, scalars: Any) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], stderr=subprocess.DEVNULL)
    assert ended.returncode == -9
    assert scalars(str(tmp_path))["loss"] == [(step, step / 2) for step in range(1, 51)]


def test_nothing_is_made_before_the_first_event(writer: SummaryWriter, tmp_path: Path) -> None:
    writer.flush()
    writer.close()
    assert not (tmp_path / "logs").exists()


def test_what_a_full_disk_refuses_follows_each_once(
    writer: SummaryWriter, tmp_path: Path, scalars: Any, said: list[str]
) -> None:
    write(writer, 1, 2)
    with no_file_larger_than(the_file(tmp_path).stat().st_size + 10):
        write(writer, 3, 4, 5)  # ten bytes of the third come to stand there
        writer.flush()
    assert scalars(str(tmp_path / "logs"))["loss"] == [(1, 1.0), (2, 2.0)]
    write(writer, 6)
    writer.flush()
    assert scalars(str(tmp_path / "logs"))["loss"] == [(n, float(n)) for n in range(1, 7)]
    assert said == [
        f"Summaries cannot be written to {tmp_path}/logs (File too large): work goes on, and they "
        "follow when they can.",
        f"Summaries are written to {tmp_path}/logs again.",
    ]


def test_a_deleted_folder_is_made_anew(
    writer: SummaryWriter, tmp_path: Path, scalars: Any, said: list[str]
) -> None:
    write(writer, 1)
    shutil.rmtree(tmp_path / "logs")
    write(writer, 2)
    writer.restart_at(2)  # counts as in any file: its first record tells the version
    write(writer, 2)
    assert scalars(str(tmp_path / "logs"))["loss"] == [(2, 2.0)]
    assert said == []


def test_a_folder_that_cannot_be_made_is_said_once(said: list[str]) -> None:
    writer = SummaryWriter("/proc/logs", said.append)
    write(writer, 1, 2, 3)
    writer.flush()
    writer.close()
    (sentence,) = said
    assert sentence.startswith("Summaries cannot be written to /proc/logs (")


def test_files_of_one_second_have_names_in_their_order(tmp_path: Path, scalars: Any) -> None:
    for step in range(1, 13):
        writer = SummaryWriter(str(tmp_path))
        write(writer, step)
        writer.close()
    assert len(list(tmp_path.iterdir())) == 12
    assert [step for step, _ in scalars(str(tmp_path))["loss"]] == list(range(1, 13))


def test_a_store_is_sent_its_events(scalars: Any) -> None:
    import tensorflow as tf

    writer = SummaryWriter("ram://logs")
    write(writer, 1, 2)
    writer.close()
    (name,) = tf.io.gfile.listdir("ram://logs")
    events = list(tf.compat.v1.train.summary_iterator(f"ram://logs/{name}"))
    assert [event.step for event in events] == [0, 1, 2]
