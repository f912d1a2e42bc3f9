"""Runs of a script of one's own: what is kept of them, and how they end."""

import logging
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from kerasrun import runs
from kerasrun.cli.main import app
from kerasrun.runs.errors import UsageError
from kerasrun.runs.event_reader import read_points
from kerasrun.runs.tracked import open_run

Scalars = Callable[[str], dict[str, list[tuple[int, float]]]]


def mlrun(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def script(tmp_path: Path, body: str) -> list[str]:
    """A script that trains in the block `with runs.start(...) as run`."""
    path = tmp_path / "train.py"
    path.write_text(
        "import os, signal, sys, time\n"
        "from kerasrun import runs\n"
        f"with runs.start('mine', root={str(tmp_path / 'root')!r}) as run:\n"
        "    run.log({'loss': 0.5}, step=1)\n" + textwrap.indent(textwrap.dedent(body), "    ")
    )
    return [sys.executable, str(path)]


def ended(tmp_path: Path, body: str) -> tuple[int, runs.Run]:
    done = subprocess.run(script(tmp_path, body), capture_output=True, timeout=60, check=False)
    return done.returncode, runs.find_run("@last", tmp_path / "root")


def test_a_run_keeps_what_was_logged(tmp_path: Path, scalars: Scalars) -> None:
    with runs.start("mine", params={"lr": 0.1, "net": {"units": 4}}, root=tmp_path) as run:
        assert runs.find_run(run.id, tmp_path).status.state == "running"
        for step, loss in enumerate([0.9, 0.3, 0.6]):
            run.log({"loss": loss, "accuracy": np.float32(0.5)}, step=step)
        run.log({"loss": np.array([0.7])}, group="eval")
    found = runs.find_run("mine", tmp_path)
    assert found.status.state == "completed"
    assert found.params == run.params == {"lr": 0.1, "net.units": 4}
    train = found.metrics["metrics"]["train"]["loss"]
    assert (train["last"], train["min"], train["min_step"], train["n"]) == (0.6, 0.3, 1, 3)
    assert found.metrics["metrics"]["eval"]["loss"]["last_step"] == 2
    points = scalars(str(run.folder))["loss"]
    assert [step for step, _ in points] == [0, 1, 2]
    assert [loss for _, loss in points] == pytest.approx([0.9, 0.3, 0.6])
    assert scalars(str(run.folder / "eval")).keys() == {"loss"}


def test_steps_count_by_themselves(tmp_path: Path) -> None:
    with runs.start(root=tmp_path) as run:
        run.log({"loss": 3})
        run.log({"loss": 2})
    assert runs.find_run(run.id, tmp_path).metrics["metrics"]["train"]["loss"]["last_step"] == 1


def test_a_run_tells_where_it_comes_from(tmp_path: Path) -> None:
    _, run = ended(tmp_path, "pass\n")
    assert run.record["kind"] == "tracked"
    assert run.record["argv"] == [sys.executable, str(tmp_path / "train.py")]
    assert (run.folder / run.record["model"]["copy"]).read_text().startswith("import os")
    assert "kerasrun==" in (run.folder / "source" / "packages.txt").read_text()
    assert run.attempts[0]["pid"] != os.getpid()
    text = mlrun("show", "mine", "--root", str(tmp_path / "root")).stdout
    assert "train      loss 0.5 at step 1" in text
    assert mlrun("logs", "mine", "--root", str(tmp_path / "root")).exit_code == 0


@pytest.mark.parametrize(
    ("body", "code", "state", "reason"),
    [
        ("pass\n", 0, "completed", ""),
        ("raise ValueError('no data')\n", 1, "failed", "no data"),
        ("sys.exit(3)\n", 3, "failed", "sys.exit(3)"),
        ("sys.exit()\n", 0, "completed", ""),
        ("raise KeyboardInterrupt\n", -signal.SIGINT, "stopped", "SIGINT"),
        ("os.kill(os.getpid(), signal.SIGTERM); time.sleep(9)\n", 143, "stopped", "SIGTERM"),
        (
            "os.kill(os.getpid(), signal.SIGKILL)\n",
            -signal.SIGKILL,
            "crashed",
            "the process is gone and left no outcome",
        ),
    ],
)
def test_how_it_ended(tmp_path: Path, body: str, code: int, state: str, reason: str) -> None:
    returned, run = ended(tmp_path, body)
    assert (returned, run.status.state, run.status.reason) == (code, state, reason)
    assert run.metrics["metrics"]["train"]["loss"]["last"] == 0.5


def test_a_failed_run_keeps_its_traceback(tmp_path: Path) -> None:
    _, run = ended(tmp_path, "raise ValueError('no data')\n")
    assert run.outcome is not None
    assert run.outcome["last_lines"][-1] == "ValueError: no data"
    output = mlrun("logs", "mine", "--root", str(tmp_path / "root")).stdout
    assert "raise ValueError('no data')" in output


def test_without_a_block_an_error_that_ends_python_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    path.write_text(
        "from kerasrun import runs\n"
        f"run = runs.start(root={str(tmp_path / 'root')!r})\n"
        "raise RuntimeError('too hot')\n"
    )
    subprocess.run([sys.executable, str(path)], capture_output=True, timeout=60, check=False)
    status = runs.find_run("@last", tmp_path / "root").status
    assert (status.state, status.reason) == ("failed", "RuntimeError: too hot")


def test_the_command_refuses_to_go_on_with_it(tmp_path: Path) -> None:
    ended(tmp_path, "raise ValueError('no data')\n")
    for command in ("resume", "evaluate"):
        result = mlrun(command, "mine", "--root", str(tmp_path / "root"))
        assert result.exit_code == 4
        assert result.stderr.endswith(
            f"was not started by mlrun: run its own program again: {sys.executable} "
            f"{tmp_path / 'train.py'}\n"
        )


def test_labels_are_those_of_the_command(tmp_path: Path) -> None:
    with runs.start(tags=["baseline"], note="first", root=tmp_path) as run:
        run.tag("keep")
    assert runs.find_run(run.id, tmp_path).labels == (("baseline", "keep"), "first")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "@last"}, "name must be a word that does not begin with @, found '@last'"),
        ({"tags": ["two words"]}, "tag 'two words': expected a word"),
    ],
)
def test_what_the_command_line_cannot_name_is_refused(
    tmp_path: Path, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        runs.start(**arguments, root=tmp_path / "root")
    assert not (tmp_path / "root").exists()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        ({"values": {"loss": "low"}}, TypeError, "metric 'loss': expected one number, found 'low'"),
        ({"values": {"loss": np.ones(2)}}, TypeError, "metric 'loss': expected one number"),
        ({"values": {"loss": None}}, TypeError, "metric 'loss': expected one number, found None"),
        ({"values": {"loss": 1}, "step": -1}, ValueError, "step must not be negative, found -1"),
        ({"values": {"loss": 1}, "group": "a/b"}, ValueError, "found 'a/b'"),
        ({"values": {"loss": 1}, "group": "source"}, ValueError, "found 'source'"),
    ],
)
def test_what_is_no_point_is_refused(
    tmp_path: Path, call: dict[str, Any], error: type[Exception], message: str
) -> None:
    with runs.start(root=tmp_path) as run, pytest.raises(error, match=message):
        run.log(**call)


def test_values_that_are_not_finite_are_kept_apart(tmp_path: Path) -> None:
    with runs.start(root=tmp_path) as run:
        for value in (1.0, float("nan"), float("inf")):
            run.log({"loss": value})
    summary = runs.find_run(run.id, tmp_path).metrics["metrics"]["train"]["loss"]
    assert (summary["n"], summary["last"], summary["min"]) == (3, None, 1.0)


def test_a_folder_that_is_removed_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), runs.start(root=tmp_path) as run:
        shutil.rmtree(run.folder)
        (tmp_path / run.id).write_text("in the way")
        for step in range(20):
            run.log({"loss": 1.0}, step=step)
        run.tag("late")
        run.add_params({"lr": 1})
    assert [record.getMessage() for record in caplog.records] == [
        f"run {run.id} cannot be recorded whole (Not a directory: "
        f"{run.folder}/metrics.json): the work goes on"
    ]


def test_points_of_a_full_disk_follow_when_there_is_room(tmp_path: Path) -> None:
    body = """
    import resource
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, hard))
    for step in range(2, 50):
        run.log({'loss': float(step)}, step=step)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    """
    _, run = ended(tmp_path, body)
    assert run.status.state == "completed"
    assert run.metrics["metrics"]["train"]["loss"]["n"] == 49
    (points,) = read_points(run.folder)
    assert points.steps.tolist() == list(range(1, 50))


def test_nothing_is_recorded_after_the_end(tmp_path: Path) -> None:
    with runs.start(root=tmp_path) as run:
        run.log({"loss": 1.0})
    run.log({"loss": 2.0})
    run.finish(ValueError("late"))
    found = runs.find_run(run.id, tmp_path)
    assert found.status.state == "completed"
    assert found.metrics["metrics"]["train"]["loss"]["n"] == 1


def test_threads_may_log_at_once(tmp_path: Path) -> None:
    with runs.start(root=tmp_path) as run:

        def log(group: str) -> None:
            for step in range(50):
                run.log({"loss": step}, step=step, group=group)

        threads = [threading.Thread(target=log, args=[f"g{n}"]) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    metrics = runs.find_run(run.id, tmp_path).metrics["metrics"]
    assert [metrics[f"g{n}"]["loss"]["n"] for n in range(4)] == [50] * 4


def test_a_child_process_records_nothing(tmp_path: Path) -> None:
    body = """
    pid = os.fork()
    if pid == 0:
        run.log({'loss': 9.0}, step=2)
        run.finish()
        os._exit(0)
    os.waitpid(pid, 0)
    run.log({'loss': 0.25}, step=2)
    """
    _, run = ended(tmp_path, body)
    summary = run.metrics["metrics"]["train"]["loss"]
    assert (summary["n"], summary["max"], run.status.state) == (2, 0.5, "completed")


def test_runs_can_be_open_side_by_side(tmp_path: Path) -> None:
    with runs.start("one", root=tmp_path) as one:
        with runs.start("two", root=tmp_path) as two:
            assert open_run() is two
        assert open_run() is one
    assert open_run() is None


def test_a_root_that_cannot_be_written_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "root").write_text("a file")
    with pytest.raises(UsageError, match=r"cannot make a run under .*: File exists"):
        runs.start(root=tmp_path / "root")


def test_nothing_heavy_is_imported(tmp_path: Path) -> None:
    body = "(run.folder / 'modules').write_text(' '.join(sys.modules))\n"
    _, run = ended(tmp_path, body)
    loaded = {name.partition(".")[0] for name in (run.folder / "modules").read_text().split()}
    assert not loaded & {"tensorflow", "keras", "pandas"}
