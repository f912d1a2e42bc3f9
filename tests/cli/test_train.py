"""The whole command, with TensorFlow: train, interrupt, resume, look."""

import json
import os
import pty
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from kerasrun import runs
from tests.cli.conftest import Completed, clean_environment, mlrun_command

pytestmark = pytest.mark.slow

Start = Callable[..., subprocess.Popen[str]]
Command = Callable[..., subprocess.CompletedProcess[str]]
Interrupt = Callable[[subprocess.Popen[str], str], str]


def test_a_training_in_a_pipe_prints_plain_lines(trained: tuple[Path, Completed]) -> None:
    project, done = trained
    assert done.returncode == 0, done.stderr
    assert done.stderr == "a word of the model file\n"
    lines = done.stdout.splitlines()
    run = runs.find_run("first", project / "runs")
    expected = [
        rf"run     {run.id}   net\.py   seed 7",
        r"eval    step 10   loss \S+  mae \S+",
        r"eval    step 20   loss \S+  mae \S+",
        r"export  export/exporter/\d+   answers as evaluated \(\d examples, largest .*\)",
        rf"done    in \S+ s   mlrun tensorboard {run.id[-4:]} · mlrun show {run.id[-4:]}"
        rf" · mlrun serve {run.id[-4:]}",
    ]
    assert len(lines) == len(expected), done.stdout
    for line, pattern in zip(lines, expected, strict=True):
        assert re.fullmatch(pattern, line), line
    assert (str(run.status), run.step, run.params) == ("completed", 20, {"units": 3})
    assert (run.folder / "source" / "net.py").read_text() == (project / "net.py").read_text()
    assert run.record["argv"][:3] == ["mlrun", "train", "--model"]
    assert "a word of the model file" in (run.folder / "output.log").read_text()


def test_a_wrong_feature_key_is_one_line_and_leaves_no_run(mlrun: Command, project: Path) -> None:
    text = (project / "net.py").read_text()
    (project / "net.py").write_text(text.replace('"net_input"', '"net_inptu"'))
    done = mlrun("train", "--model", "net.py", "--max-steps", "5")
    assert done.returncode == 2
    assert done.stdout == ""
    word, error = done.stderr.splitlines()
    assert word == "a word of the model file"
    assert error.startswith("error: ")
    assert "Did you mean 'net_input'" in error
    assert list((project / "runs").iterdir()) == []


def test_the_traceback_is_there_for_those_who_ask(mlrun: Command, project: Path) -> None:
    (project / "net.py").write_text("1 / 0\n")
    done = mlrun("train", "--model", "net.py", "--traceback")
    assert done.returncode == 2
    assert "Traceback (most recent call last):" in done.stderr
    assert done.stderr.splitlines()[-1] == (
        "error: net.py, line 1: ZeroDivisionError: division by zero"
    )


def test_ctrl_c_saves_a_checkpoint_and_resume_goes_on(
    start: Start, mlrun: Command, interrupt: Interrupt, project: Path
) -> None:
    process = start(
        *["train", "--model", "net.py", "--max-steps", "100000000"],
        *["--save-checkpoints-steps", "100"],
    )
    interrupt(process, "eval")
    _, err = process.communicate(timeout=100)
    assert process.returncode == 130, err
    run = runs.find_run("@last", project / "runs")
    assert str(run.status) == "stopped (SIGINT)"
    assert run.step is not None
    assert re.search(
        rf"stopped by SIGINT with a checkpoint of step {run.step:,}\.   mlrun resume", err
    )
    done = mlrun("resume", run.id[-4:], "--max-steps", str(run.step + 10), "--json")
    assert done.returncode == 0, done.stderr
    assert f"resume  from model.ckpt-{run.step} (attempt 2; attempt 1: stopped" in done.stderr
    shown = json.loads(done.stdout)
    assert (shown["run"]["status"], shown["run"]["step"]) == ("completed", run.step + 10)
    assert [entry["attempt"] for entry in shown["record"]["attempts"]] == [1, 2]


def test_a_reader_that_goes_away_does_not_end_the_training(start: Start, project: Path) -> None:
    process = start("train", "--model", "net.py", "--max-steps", "300")
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith("run ")
    process.stdout.close()
    assert process.stderr.read() == "a word of the model file\n"
    assert process.wait(100) == 0
    process.stderr.close()
    assert runs.find_run("@last", project / "runs").step == 300


def test_a_terminal_gets_a_bar(project: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        mlrun_command("train", "--model", "net.py", "--max-steps", "200"),
        cwd=project,
        env={**clean_environment(), "TERM": "xterm", "COLUMNS": "120", "NO_COLOR": "1"},
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = read_terminal(ours)
    assert process.wait(100) == 0, shown
    assert "starting TensorFlow" in shown
    assert "200/200" in shown
    assert "100%" in shown
    assert re.search(r"eval    step 200   loss", shown)
    assert "a word of the model file" in shown
    assert not re.search(r"\x1b\[\d*;?3\dm", shown)  # NO_COLOR


def read_terminal(fd: int) -> str:
    """What is printed until the other end is closed."""
    chunks = []
    while True:
        try:
            chunk = os.read(fd, 65536)
        except OSError:  # Linux: EIO
            break
        if not chunk:
            break
        chunks.append(chunk)
    os.close(fd)
    return b"".join(chunks).decode()
