"""Records that are damaged are read without harm, and gone on with or refused."""

import json
import math
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from kerasrun.cli.main import app
from kerasrun.runs.attempt import Request, begin_attempt
from kerasrun.runs.errors import UnreadableRun
from kerasrun.runs.latest_step import latest_step
from kerasrun.runs.launch import TrainOrder, prepare
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.listing import list_runs
from kerasrun.runs.metrics import MetricsFile
from kerasrun.runs.run import read_run
from kerasrun.runs.supervisor import supervise
from tests.runs.conftest import new_run, worker_command

HEALTHY, DAMAGED = "20261122-010203-77d0", "20261121-223015-a3f1"
JOB = """
task.metrics.progress(1, 20, {"loss": 0.75, "accuracy": 0.5}, 12.5)
task.metrics.checkpoint_saved(str(task.files.folder / "model.ckpt-10"), 10)
task.metrics.evaluated(None, 10, {"loss": 0.5, "accuracy": 0.25})
task.metrics.evaluated("hold-out", 10, {"loss": 0.5})
task.files.checkpoint_state.write_text('model_checkpoint_path: "model.ckpt-10"\\n')
task.began = True
print("größer: here is where it went wrong")
raise RuntimeError("no such column")
"""
FILES = ("run.json", "metrics.json", "exit.json", "checkpoint", "lock")
JSON_FILES = FILES[:3]
FEW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Sound(dict[str, bytes]):
    """The bytes of sound files, by name."""

    def __repr__(self) -> str:
        return "<sound>"  # they would fill the report of a failure


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Sound:
    """The files of a run that was begun by `mlrun train` and has failed twice."""
    tmp_path = tmp_path_factory.mktemp("sound")
    (tmp_path / "net.py").write_text("model = None\n")
    order = TrainOrder(
        "net.py",
        ["mlrun", "train", "--name", "größer"],
        tmp_path,
        name="größer",
        params={"units": "20"},
        options={"max_steps": 20},
    )
    files, _ = prepare(order, tmp_path / "runs")
    for _ in range(2):
        supervise(files.folder, command=worker_command(tmp_path / "job.py", files, JOB))
    return Sound({name: (files.folder / name).read_bytes() for name in FILES})


@pytest.fixture
def root(tmp_path: Path, sound: Sound) -> Path:
    """A healthy run, and one to be damaged."""
    new_run(tmp_path / "runs", HEALTHY, name="healthy")
    restore(tmp_path / "runs", sound)
    return tmp_path / "runs"


def restore(root: Path, sound: Sound) -> RunFiles:
    files = RunFiles(root / DAMAGED)
    shutil.rmtree(files.folder, ignore_errors=True)
    files.folder.mkdir()
    for name, data in sound.items():
        (files.folder / name).write_bytes(data)
    return files


def mlrun(root: Path, *arguments: str) -> Any:
    result = CliRunner().invoke(app, [*arguments, "--root", str(root)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def strict_json(text: str) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def read_in_every_way(root: Path) -> None:
    """Nothing but documented errors may come out, and the other run is always shown."""
    listing = list_runs(root)
    assert HEALTHY in [run.id for run in listing.runs]
    assert len(listing.runs) + len(listing.unreadable) == 2
    shown = mlrun(root, "runs")
    assert shown.exit_code == 0
    assert "healthy" in shown.stdout
    assert len(shown.stderr.splitlines()) == len(listing.unreadable)
    listed = strict_json(mlrun(root, "runs", "--json").stdout)
    assert [run["id"] for run in listed["runs"]] == [run.id for run in listing.runs]
    for name in ("healthy", DAMAGED):
        text, content = mlrun(root, "show", name), mlrun(root, "show", name, "--json")
        unreadable = name == DAMAGED and bool(listing.unreadable)
        assert (text.exit_code, content.exit_code) == ((1, 1) if unreadable else (0, 0))
        if unreadable:
            assert text.stderr == content.stderr == f"error: {listing.unreadable[0]}\n"
        else:
            strict_json(content.stdout)


def go_on(files: RunFiles) -> None:
    """A further attempt begins and reports, or is refused and leaves the record as it is."""
    before = files.run_json.read_bytes() if files.run_json.exists() else b""
    try:
        attempts = read_run(files.folder).attempts
        begin_attempt(files, Request())
    except UnreadableRun:
        assert (files.run_json.read_bytes() if files.run_json.exists() else b"") == before
        return
    metrics = MetricsFile(files)
    metrics.resumed_at(latest_step(files.folder) or 0)
    metrics.progress(11, 20, {"loss": math.nan}, None)
    metrics.evaluated("hold-out", 20, {"loss": 0.25})
    run = read_run(files.folder)
    assert len(run.attempts) == len(attempts) + 1
    assert all(entry["outcome"]["status"] for entry in run.attempts[len(attempts) - 1 : -1])
    assert run.status.state == "crashed"
    assert run.metrics["metrics"]["eval_hold-out"]["loss"]["last"] == 0.25


def flipped(data: bytes, at: int, bit: int) -> bytes:
    return data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :] if data else data


@st.composite
def damage(draw: st.DrawFn) -> tuple[str, Callable[[bytes], bytes]]:
    """A file and what happens to its bytes."""
    name = draw(st.sampled_from(FILES))
    where, kind = draw(st.floats(0, 0.9999)), draw(st.sampled_from("fftid"))
    bit, inserted = draw(st.integers(0, 7)), draw(st.binary(max_size=8))

    def harm(data: bytes) -> bytes:
        data = data if name != "exit.json" else data.rstrip(b"\n")
        at = int(where * len(data))
        return {
            "f": flipped(data, at, bit),
            "t": data[:at],
            "i": data[:at] + inserted + data[at:],
            "d": data[:at] + data[at + 1 + bit :],
        }[kind]

    return name, harm


@FEW
@given(harms=st.lists(damage(), min_size=1, max_size=3))
def test_bytes_that_change_harm_nothing_else(
    root: Path, sound: Sound, harms: list[tuple[str, Callable[[bytes], bytes]]]
) -> None:
    files = restore(root, sound)
    for name, harm in harms:
        path = files.folder / name
        path.write_bytes(harm(path.read_bytes()))
    read_in_every_way(root)
    go_on(files)
    read_in_every_way(root)


WRONG = st.one_of(
    st.sampled_from([None, True, 0, -1, 2**63, 10**400, 1e308, -1e-9, "", "\udc80", "2026", "x"]),
    st.sampled_from([math.nan, math.inf, [], [[]], {}, {"x": {}}, "2026-11-21T22:30:15", "0001"]),
    st.text(max_size=4),
    st.integers(),
    st.floats(),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to everything in a JSON value."""
    yield path
    if not isinstance(value, dict | list):
        return
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        yield from places(item, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], wrong: Any, *, gone: bool) -> Any:
    if not path:
        return wrong
    inner = value[path[0]]
    if gone and len(path) == 1:
        del value[path[0]]
    else:
        value[path[0]] = replaced(inner, path[1:], wrong, gone=gone)
    return value


@settings(FEW, max_examples=30)
@given(data=st.data(), name=st.sampled_from(JSON_FILES), wrong=WRONG, gone=st.booleans())
def test_values_of_the_wrong_kind_harm_nothing_else(
    root: Path, sound: Sound, data: st.DataObject, name: str, wrong: Any, gone: bool
) -> None:
    files = restore(root, sound)
    content = json.loads(sound[name])
    path = data.draw(st.sampled_from(list(places(content))))
    text = json.dumps(replaced(content, path, wrong, gone=gone))
    (files.folder / name).write_text(text)
    read_in_every_way(root)
    go_on(files)
    read_in_every_way(root)


def test_a_record_that_lacks_what_a_worker_needs_is_listed_and_not_resumed(
    root: Path, sound: Sound
) -> None:
    for key in ("cwd", "model", "seed"):
        files = restore(root, sound)
        record = json.loads(sound["run.json"])
        del record[key]
        files.run_json.write_text(json.dumps(record))
        refused = mlrun(root, "resume", DAMAGED)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert refused.stderr == (
            f"error: run {DAMAGED} cannot be read: run.json: it lacks {key!r}\n"
        )
        assert mlrun(root, "show", DAMAGED).exit_code == 0


def test_a_worker_refuses_a_damaged_record_and_leaves_it(
    root: Path, sound: Sound, tmp_path: Path
) -> None:
    files = restore(root, sound)
    damaged = sound["run.json"][:-40]
    files.run_json.write_bytes(damaged)
    done = subprocess.run(
        worker_command(tmp_path / "job.py", files, "pass"), capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"run {DAMAGED} cannot be read: run.json: ")
    assert len(done.stderr.splitlines()) == 1
    assert files.run_json.read_bytes() == damaged
    assert files.exit_json.read_bytes() == sound["exit.json"]


def test_a_kill_between_the_two_writes_of_a_new_attempt_is_told_as_a_crash(
    root: Path, sound: Sound
) -> None:
    files = restore(root, sound)
    begin_attempt(files, Request())
    files.exit_json.write_bytes(sound["exit.json"])  # as the attempt before left it
    assert str(read_run(files.folder).status) == "crashed (the process is gone and left no outcome)"
    begin_attempt(files, Request())
    outcomes = [entry.get("outcome") for entry in read_run(files.folder).attempts]
    assert [outcome and outcome["status"] for outcome in outcomes] == (
        ["failed", "failed", "crashed", None]
    )
