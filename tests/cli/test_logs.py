"""`mlrun logs`: whole, its end, as it comes; from another process."""

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kerasrun.bridge.file_lock import FileLock
from kerasrun.cli.main import app
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.run_log import RunLog
from tests.cli.run_records import write_run

RUN = "20261121-223015-a3f1"
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def log(project: Path) -> Path:
    """The output.log of a run that has ended."""
    folder = write_run(project / "runs", RUN, name="base")
    path = folder / "output.log"
    path.write_bytes(b"attempt 1\nbytes: \xff\xfe\n\nattempt 2\nhalf")
    return path


@pytest.fixture
def log_at_work(log: Path) -> Iterator[tuple[Path, Callable[[], None]]]:
    """The output.log of a run at work, and what ends the run."""
    exit_json = log.with_name("exit.json")
    exit_json.write_text("\n")
    lock = FileLock(log.with_name("lock"))

    def end() -> None:
        exit_json.write_text(json.dumps({"schema": 1, "status": "completed", "code": 0}))
        lock.release()

    yield log, end
    lock.release()


def logs(log: Path, *arguments: str) -> Any:
    return CliRunner().invoke(app, ["logs", *arguments, "--root", str(log.parents[1])])


def test_the_bytes_come_out_as_they_are(log: Path) -> None:
    assert logs(log, "base").stdout_bytes == log.read_bytes()


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, b""),
        (1, b"half"),
        (2, b"attempt 2\nhalf"),
        (3, b"\nattempt 2\nhalf"),
        (99, b"attempt 1\nbytes: \xff\xfe\n\nattempt 2\nhalf"),
    ],
)
def test_only_the_last_lines(log: Path, number: int, expected: bytes) -> None:
    assert logs(log, "a3f1", "-n", str(number)).stdout_bytes == expected


def test_the_last_lines_of_a_long_file(log: Path) -> None:
    lines = [b"x" * length for length in (70_000, 3, 200_000, 65_536, 1)]
    log.write_bytes(b"\n".join(lines) + b"\n")
    for number in range(1, 6):
        expected = b"\n".join(lines[-number:]) + b"\n"
        assert logs(log, RUN, "--lines", str(number)).stdout_bytes == expected


def test_json_has_an_object_a_line(log: Path) -> None:
    printed = [json.loads(line) for line in logs(log, RUN, "--json").stdout.splitlines()]
    assert [one["line"] for one in printed] == [
        *["attempt 1", "bytes: \ufffd\ufffd", "", "attempt 2", "half"]
    ]
    assert {(one["schema"], one["run"]) for one in printed} == {(1, RUN)}


@pytest.mark.parametrize("arguments", [[], ["-f"], ["-n", "3"]])
def test_a_run_that_has_printed_nothing_says_so(log: Path, arguments: list[str]) -> None:
    log.unlink()
    result = logs(log, RUN, *arguments)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"run {RUN} has printed nothing: no output.log\n"


def test_a_damaged_record_hides_no_output(log: Path) -> None:
    log.with_name("run.json").write_text("{")
    assert logs(log, RUN, "-f", "-n", "1").stdout == "half"


def test_a_log_that_cannot_be_read_is_one_line(log: Path) -> None:
    log.unlink()
    log.mkdir()
    result = logs(log, RUN)
    assert result.exit_code == 1
    assert result.stderr == (
        f"error: the output of run {RUN} cannot be read: Is a directory: {log}\n"
    )


def test_following_goes_on_to_the_end_of_the_run(
    log_at_work: tuple[Path, Callable[[], None]], start: Start
) -> None:
    log, end = log_at_work
    log.unlink()
    process = start("logs", "-f", "@running")
    log.write_text("first\n")
    assert process.stdout is not None
    assert process.stdout.readline() == "first\n"
    log.write_text("")  # cut off
    with log.open("a") as file:
        file.write("1\n")
        file.flush()
        assert process.stdout.readline() == "1\n"
        log.rename(log.with_suffix(".1"))  # rotated
        file.write("2\n")
    log.write_text("3\n")
    end()
    out, err = process.communicate(timeout=20)
    assert (out, err, process.returncode) == ("2\n3\n", "", 0)


def test_ctrl_c_ends_the_following_quietly(
    log_at_work: tuple[Path, Callable[[], None]], start: Start
) -> None:
    log_at_work[0].write_text("one\nhalf")
    process = start("logs", RUN, "-f")
    assert process.stdout is not None
    assert process.stdout.readline() == "one\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (err, process.returncode) == ("", 130)


def test_following_ends_where_the_run_is_removed(
    log_at_work: tuple[Path, Callable[[], None]],
) -> None:
    log, _ = log_at_work
    chunks = RunLog(RunFiles(log.parent)).chunks(follow=True)
    next(chunks)
    log.parent.rename(log.parents[1] / "elsewhere")
    assert list(chunks) == []
