"""What `mlrun tensorboard` shows: runs under names that tell them apart, and the HParams tab."""

import contextlib
import json
import math
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from kerasrun.runs.layout import RunFiles
from kerasrun.runs.log_folder import log_folder
from kerasrun.runs.run import Run, read_run
from kerasrun.runs.scalar_file import ScalarFile
from kerasrun.runs.tensorboard import TensorBoard

Make = Callable[..., Run]
SUMMARY = {"first": 1.0, "first_step": 1, "last": 0.5, "last_step": 2, "n": 2}


@pytest.fixture
def make(make_run: Callable[..., RunFiles]) -> Make:
    """Writes a run with these params, a curve of its training and one of its evaluation."""

    def new(
        last: str, *, name: str | None = None, status: str | None = "completed", **params: Any
    ) -> Run:
        given = {key: {"value": value, "origin": "x"} for key, value in params.items()}
        files = make_run(f"20261121-223015-{last}", name=name, params=given)
        metrics = {"train": {"loss": SUMMARY}, "eval": {"loss": SUMMARY}}
        files.metrics_json.write_text(json.dumps({"schema": 1, "step": 2, "metrics": metrics}))
        if status:
            outcome = {"schema": 1, "status": status, "ended": "2026-11-21T22:40:15.000Z"}
            files.exit_json.write_text(json.dumps(outcome))
        for folder in (files.folder, files.folder / "eval"):
            events = ScalarFile(folder)
            events.add(1, {"loss": 1.0})
            events.add(2, {"loss": 0.5})
            events.close()
        return read_run(files.folder)

    return new


def names(*runs: Run) -> list[str]:
    with log_folder(runs) as shown:
        return sorted(path.name for path in shown.path.iterdir())


def test_runs_are_called_by_the_params_that_differ(make: Make) -> None:
    one = make("0001", lr=0.01, units=16, same=True)
    other = make("0002", lr=0.1, units=16, same=True)
    assert names(one, other) == ["lr=0.01", "lr=0.1"]


def test_a_name_comes_first(make: Make) -> None:
    assert names(make("0001", name="base", lr=1, up=True), make("0002", lr=2, up=False)) == [
        "base,lr=1,up=true",
        "lr=2,up=false",
    ]


def test_what_no_param_tells_apart_has_the_end_of_its_id(make: Make) -> None:
    runs = [make("0001", lr=1), make("0002", lr=1), make("0003", lr=2)]
    assert names(*runs) == ["lr=1-0001", "lr=1-0002", "lr=2"]


def test_without_differences_it_is_the_id_or_the_name_and_its_end(make: Make) -> None:
    assert names(make("0001", lr=1), make("0002", lr=1, name="a/b")) == [
        "20261121-223015-0001",
        "a-b-0002",
    ]


def test_names_are_fit_for_folders(make: Make) -> None:
    found = names(make("0001", path="../x/\n", long="y" * 300), make("0002", path="", long=""))
    assert len(found) == 2
    assert max(len(name.encode()) for name in found) < 200


def test_run_folders_are_linked_and_not_written_to(make: Make) -> None:
    run = make("0001")
    before = {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")}
    with log_folder([run]) as shown:
        (folder,) = shown.path.iterdir()
        links = {path.name: path.resolve() for path in folder.iterdir() if path.is_symlink()}
        events = next(run.folder.glob("events*"))
        assert links == {"eval": run.folder / "eval", events.name: events}
    assert not shown.path.exists()
    assert before == {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")}


def test_what_comes_later_is_shown_too(make: Make) -> None:
    first = make("0001", lr=1)
    with log_folder([first]) as shown:
        ScalarFile(first.folder / "eval_more").add(1, {"loss": 1.0})
        shown.show([read_run(first.folder), make("0002", lr=2), make("0003", lr=2)])
        found = {path.name: path for path in shown.path.iterdir()}
        assert len(found) == 3
        assert (found["20261121-223015-0001"] / "eval_more").is_dir()
        assert any((found["20261121-223015-0002"]).glob("events*.hparams"))


def test_a_run_that_is_removed_meanwhile_stops_nothing(make: Make) -> None:
    runs = [make("0001", lr=1), make("0002", lr=2)]
    for path in sorted(runs[0].folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    runs[0].folder.rmdir()
    assert "lr=2" in names(*runs)


def test_tensorflow_is_not_imported(make: Make) -> None:
    code = (
        "import sys; from pathlib import Path; from kerasrun.runs.run import read_run\n"
        "from kerasrun.runs.log_folder import log_folder\n"
        f"with log_folder([read_run(Path({str(make('0001', lr=1).folder)!r}))]): pass\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not {"tensorflow", "keras"} & set(done.stdout.split())


@pytest.mark.slow
def test_the_hparams_tab_has_typed_params_metrics_and_statuses(make: Make) -> None:
    runs = [
        make("0001", lr=0.1, units=8, opt="adam", up=True, mixed=1, hidden=[8, 4]),
        make("0002", lr=math.inf, units=None, opt="sgd", up=False, mixed="x", status="failed"),
        make("0003", lr=1, units=16, opt="sgd", up=False, status="stopped"),
    ]
    with log_folder(runs) as shown:
        server = TensorBoard(shown.path, port=0)
        try:
            url = f"{server.url()}data/plugin/hparams/"
            statuses = ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"]
            request = {"startIndex": 0, "sliceSize": 9, "allowedStatuses": statuses}
            groups = ask(
                f"{url}session_groups", request, lambda found: len(found["sessionGroups"]) == 3
            )
            experiment = ask(f"{url}experiment", {}, lambda found: bool(found["hparamInfos"]))
        finally:
            server.stop()
    types = {
        one["name"]: one["type"].removeprefix("DATA_TYPE_") for one in experiment["hparamInfos"]
    }
    assert types == {
        **{"lr": "FLOAT64", "units": "FLOAT64", "opt": "STRING", "up": "BOOL"},
        **{"mixed": "STRING", "hidden": "STRING"},
    }
    metrics = {one["displayName"] for one in experiment["metricInfos"]}
    assert metrics == {"eval/loss", "train/loss"}
    by_status = {one["sessions"][0]["status"]: one for one in groups["sessionGroups"]}
    assert set(by_status) == {"STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_UNKNOWN"}
    first = by_status["STATUS_SUCCESS"]
    assert first["hparams"] == {
        **{"lr": 0.1, "units": 8.0, "opt": "adam", "up": True, "mixed": "1", "hidden": "[8, 4]"}
    }
    assert {one["value"] for one in first["metricValues"]} == {0.5}
    assert len(first["metricValues"]) == 2
    assert by_status["STATUS_FAILURE"]["hparams"] == {"opt": "sgd", "up": False, "mixed": "x"}


def ask(url: str, request: dict[str, Any], is_there: Callable[[Any], bool]) -> Any:
    """What TensorBoard answers once it has read all."""
    body, headers = json.dumps(request).encode(), {"Content-Type": "application/json"}
    deadline = time.monotonic() + 60
    while True:
        found = None
        with (
            contextlib.suppress(urllib.error.HTTPError),  # nothing has been read yet
            urllib.request.urlopen(urllib.request.Request(url, body, headers)) as reply,
        ):
            found = json.load(reply)
        if time.monotonic() > deadline or (found and is_there(found)):
            return found
        time.sleep(0.2)
