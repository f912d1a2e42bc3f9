"""`mlrun push`, `mlrun pull`, and runs that are read at a URL."""

import json
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import fsspec
import pytest
from typer.testing import CliRunner

from kerasrun import runs
from kerasrun.cli.main import app
from kerasrun.runs import clock
from kerasrun.runs.push.mirror import Mirror

TEAM = "memory://team"


@pytest.fixture(autouse=True)
def _places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty store, and a cache and a root of our own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("KERASRUN_ROOT", str(tmp_path / "root"))
    memory = fsspec.filesystem("memory")
    if memory.exists("/team"):
        memory.rm("/team", recursive=True)


@pytest.fixture
def run(tmp_path: Path) -> runs.TrackedRun:
    """A run that has ended, with a few files of an Estimator's."""
    with runs.start("baseline", params={"lr": 0.1}, tags=["keep"], root=tmp_path / "root") as made:
        made.log({"loss": 0.5}, step=1)
        made.log({"loss": 0.4}, step=1, group="eval")
        for name in ("model.ckpt-1.index", "model.ckpt-1.data-00000-of-00001"):
            (made.folder / name).write_text(name)
        (made.folder / "checkpoint").write_text('model_checkpoint_path: "model.ckpt-1"\n')
    return made


def mlrun(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def stored(run: runs.TrackedRun) -> dict[str, float]:
    """When each file of the run's copy was written."""
    memory = fsspec.filesystem("memory")
    found = memory.find(f"/team/{run.id}", detail=True)
    return {name.removeprefix(f"/team/{run.id}/"): info["created"] for name, info in found.items()}


def test_a_run_is_copied_without_what_belongs_to_this_machine(run: runs.TrackedRun) -> None:
    result = mlrun("push", "baseline", "--to", TEAM)
    assert (result.exit_code, result.stdout) == (0, f"{run.id}  {TEAM}/{run.id}\n")
    names = stored(run)
    assert {"run.json", "exit.json", "metrics.json", "labels.json", "copied.json"} <= set(names)
    assert {"checkpoint", "model.ckpt-1.index", "source/packages.txt"} <= set(names)
    assert not {"lock", "labels.lock", "heartbeat"} & set(names)
    assert any(name.startswith("eval/events.out.tfevents.") for name in names)


def test_the_record_is_written_last(run: runs.TrackedRun) -> None:
    mlrun("push", "baseline", "--to", TEAM)
    written = stored(run)
    last = sorted(written, key=lambda name: written[name])[-6:]
    assert last == [
        *("checkpoint", "labels.json", "metrics.json", "exit.json", "copied.json", "run.json")
    ]


def test_what_has_not_changed_is_not_sent_again(run: runs.TrackedRun) -> None:
    mlrun("push", "baseline", "--to", TEAM)
    before = stored(run)
    (run.folder / "model.ckpt-1.index").write_text("another of another size")
    mlrun("push", "baseline", "--to", TEAM)
    after = stored(run)
    changed = {name for name in after if after[name] != before[name]}
    assert "model.ckpt-1.index" in changed
    assert not {"model.ckpt-1.data-00000-of-00001", "source/packages.txt"} & changed


def test_a_checkpoint_that_is_gone_here_goes_there_too(run: runs.TrackedRun) -> None:
    mlrun("push", "baseline", "--to", TEAM)
    (run.folder / "model.ckpt-1.index").unlink()
    mlrun("push", "baseline", "--to", TEAM)
    assert "model.ckpt-1.index" not in stored(run)


def test_runs_and_show_read_a_url(run: runs.TrackedRun) -> None:
    mlrun("push", "baseline", "--to", TEAM)
    (found,) = json.loads(mlrun("runs", "--json", "--root", TEAM).stdout)["runs"]
    here = json.loads(mlrun("runs", "--json").stdout)["runs"][0]
    assert {**found, "dir": None} == {**here, "dir": None}
    assert "tags       keep" in mlrun("show", "baseline", "--root", TEAM).stdout


def test_a_url_is_read_anew_each_time(run: runs.TrackedRun) -> None:
    mlrun("push", "baseline", "--to", TEAM)
    assert run.id in mlrun("runs", "--root", TEAM).stdout
    run_json = json.loads((run.folder / "run.json").read_text())
    (run.folder / "run.json").write_text(json.dumps({**run_json, "name": "renamed"}))
    mlrun("push", run.id, "--to", TEAM)
    assert "renamed" in mlrun("runs", "--root", TEAM).stdout
    fsspec.filesystem("memory").rm(f"/team/{run.id}", recursive=True)
    assert mlrun("runs", "--root", TEAM).stdout == ""


def test_a_run_without_its_record_is_being_prepared(run: runs.TrackedRun) -> None:
    mlrun("push", "baseline", "--to", TEAM)
    fsspec.filesystem("memory").rm(f"/team/{run.id}/run.json")
    fsspec.filesystem("memory").rm(f"/team/{run.id}/exit.json")
    fsspec.filesystem("memory").rm(f"/team/{run.id}/copied.json")
    (found,) = json.loads(mlrun("runs", "--json", "--root", TEAM).stdout)["runs"]
    assert found["status"] == "preparing"


def test_the_copy_of_a_run_at_work_is_believed_while_it_is_fresh(tmp_path: Path) -> None:
    with runs.start("busy", root=tmp_path / "root") as busy:
        busy.log({"loss": 1.0}, step=1)
        mlrun("push", "busy", "--to", TEAM)
        assert _status() == "running"
        path = f"/team/{busy.id}/copied.json"
        memory = fsspec.filesystem("memory")
        copied = json.loads(memory.cat(path))
        copied["copied"] = clock.to_text(clock.now() - timedelta(minutes=5))
        memory.pipe(path, json.dumps(copied).encode())
        assert _status() == "lost"
    mlrun("push", "busy", "--to", TEAM)
    assert _status() == "completed"


def _status() -> str:
    (found,) = json.loads(mlrun("runs", "--json", "--root", TEAM).stdout)["runs"]
    return str(found["status"])


def test_pull_brings_back_the_whole_run(run: runs.TrackedRun, tmp_path: Path) -> None:
    mlrun("push", "baseline", "--to", TEAM)
    there = tmp_path / "colleague"
    result = mlrun("pull", "baseline", "--from", TEAM, "--root", str(there))
    assert (result.exit_code, result.stdout) == (0, f"{there / run.id}\n")
    assert [path.name for path in there.iterdir()] == [run.id]
    assert (there / run.id / "model.ckpt-1.index").read_text() == "model.ckpt-1.index"
    assert runs.find_run("baseline", there).status.state == "completed"
    again = mlrun("pull", run.id[-4:], "--from", TEAM, "--root", str(there), "--json")
    assert json.loads(again.stdout) == {"schema": 1, "run": run.id, "dir": str(there / run.id)}


def test_pull_replaces_no_run_of_this_machine(run: runs.TrackedRun) -> None:
    mlrun("push", "baseline", "--to", TEAM)
    result = mlrun("pull", "baseline", "--from", TEAM)
    assert result.exit_code == 4
    assert "is no copy that may be replaced" in result.stderr
    assert (run.folder / "lock").exists()


def test_runs_of_a_condition_are_pushed(run: runs.TrackedRun) -> None:
    result = mlrun("push", "--where", "tag:keep", "--to", TEAM, "--json")
    content = json.loads(result.stdout)
    assert content == {"schema": 1, "pushed": [{"run": run.id, "to": f"{TEAM}/{run.id}"}]}
    result = mlrun("push", "--where", "lr > 5", "--to", TEAM)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "no run fulfils the condition: nothing was sent\n"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ["push", "baseline", "--to", "team"],
            2,
            "--to team: expected mlflow:http://HOST:PORT, or",
        ),
        (["push", "baseline", "--to", "xyz://a"], 2, "xyz://a: Protocol not known: xyz"),
        (
            ["push", "baseline", "--to", "mlflow:ftp://a"],
            2,
            "--to mlflow:ftp://a: expected mlflow:",
        ),
        (["push", "nobody", "--to", TEAM], 3, "no run 'nobody'"),
        (["push", "--to", TEAM], 2, "which runs? Name them, or say --where CONDITION"),
        (["push", "baseline", "--to", "mlflow:http://127.0.0.1:9"], 1, "cannot reach http://127"),
        (["pull", "nobody", "--from", TEAM], 3, "no run 'nobody'"),
        (["pull", "baseline", "--from", "team"], 2, "team: expected a URL such as"),
        (["push", "baseline", "--to", "file:///proc/team"], 1, "cannot write file:///proc/team: "),
        (["runs", "--root", "xyz://a"], 2, "xyz://a: Protocol not known: xyz"),
        (["evaluate", "baseline", "--root", TEAM], 2, f"--root {TEAM}: only `mlrun runs` and"),
    ],
)
def test_mistakes_are_one_line(
    run: runs.TrackedRun, arguments: list[str], code: int, message: str
) -> None:
    result = mlrun(*arguments)
    assert result.exit_code == code, result.stderr
    assert result.stderr.startswith(f"error: {message}")
    assert len(result.stderr.splitlines()) == 1


def test_a_mirror_copies_while_the_run_is_at_work(tmp_path: Path) -> None:
    warnings: list[str] = []
    with (
        Mirror(TEAM, warnings.append, every_secs=0.05) as mirror,
        runs.start("busy", root=tmp_path / "root") as busy,
    ):
        mirror.follow(busy.folder)
        deadline = time.monotonic() + 20
        while not fsspec.filesystem("memory").exists(f"/team/{busy.id}/run.json"):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert _status() == "running"
    assert _status() == "completed"
    assert warnings == []


def test_a_mirror_at_no_url_is_said_before_anything_is_begun(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("model = None\n")
    result = mlrun("train", "--model", str(tmp_path / "net.py"), "--mirror", "team")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: team: expected a URL such as s3://BUCKET/PATH")
    assert not (tmp_path / "root").exists()


def test_a_copy_in_a_folder_is_whole_or_absent(run: runs.TrackedRun, tmp_path: Path) -> None:
    mlrun("push", "baseline", "--to", f"file://{tmp_path}/team")
    names = {path.name for path in (tmp_path / "team" / run.id).rglob("*")}
    assert "run.json" in names
    assert not [name for name in names if name.startswith(".")]


def test_a_mirror_that_cannot_be_written_is_a_warning(run: runs.TrackedRun, tmp_path: Path) -> None:
    (tmp_path / "team").write_text("in the way")
    warnings: list[str] = []
    with Mirror(f"file://{tmp_path}/team", warnings.append, every_secs=0.01) as mirror:
        mirror.follow(run.folder)
        time.sleep(0.1)
        os.unlink(tmp_path / "team")
    assert len(warnings) == 1
    assert warnings[0].startswith(f"cannot write file://{tmp_path}/team: ")
    assert (tmp_path / "team" / run.id / "run.json").exists()
