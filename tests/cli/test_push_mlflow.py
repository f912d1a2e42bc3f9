"""`mlrun push --to mlflow:…`, against a real MLflow server on SQLite."""

import contextlib
import http.server
import json
import math
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kerasrun import runs
from kerasrun.cli.main import app
from kerasrun.runs.push.mlflow_api import MlflowServer

ROOT = Path(__file__).parents[2]
MLFLOW = ROOT / ".venv-mlflow" / "bin" / "mlflow"
needs_mlflow = pytest.mark.skipif(not MLFLOW.exists(), reason="`make mlflow-env` installs MLflow")


def mlrun(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of its own, with an empty database."""
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    database = f"sqlite:///{folder}/mlflow.db"
    command = [str(MLFLOW), "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", database, "--workers", "1"]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(address, server, folder / "log")
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait(10)


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/health", timeout=5):
            return
        time.sleep(0.2)
    raise AssertionError(log.read_text())


class Asked:
    """What MLflow has, by its own REST API."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/api/2.0/mlflow"
        self._server = MlflowServer(url)

    def get(self, what: str, **query: str) -> Any:
        with urllib.request.urlopen(f"{self._url}/{what}?{urllib.parse.urlencode(query)}") as reply:
            return json.load(reply)

    def runs(self, experiment: str) -> list[dict[str, Any]]:
        found = self.get("experiments/get-by-name", experiment_name=experiment)["experiment"]
        content = json.dumps({"experiment_ids": [found["experiment_id"]]}).encode()
        request = urllib.request.Request(
            f"{self._url}/runs/search", content, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as reply:
            return list(json.load(reply).get("runs", []))

    def points(self, run: dict[str, Any], metric: str) -> list[tuple[int, float]]:
        answer = self.get(
            "metrics/get-history",
            run_id=run["info"]["run_id"],
            metric_key=metric,
            max_results="25000",
        )
        return sorted((point["step"], float(point["value"])) for point in answer["metrics"])


def pairs(entries: list[dict[str, str]]) -> dict[str, str]:
    return {entry["key"]: entry["value"] for entry in entries}


@needs_mlflow
@pytest.mark.slow
def test_all_of_a_run_arrives_once(url: str, tmp_path: Path) -> None:
    with runs.start(
        "baseline",
        params={"lr": 0.01, "top-5 (%)": None},
        tags=["keep"],
        note="first",
        root=tmp_path,
    ) as run:
        for step in range(1100):
            run.log({"loss": 1 / (step + 1)}, step=step)
        run.log({"loss": math.nan, "odd (%)": math.inf}, step=1100)
        run.log({"loss": 0.25}, group="eval")
    arguments = ("push", "baseline", "--to", f"mlflow:{url}", "--root", str(tmp_path))
    first = mlrun(*arguments)
    assert first.exit_code == 0, first.stderr
    assert mlrun(*arguments).stdout == first.stdout
    mlflow = Asked(url)
    (found,) = mlflow.runs("kerasrun")
    info, data = found["info"], found["data"]
    assert first.stdout.startswith(f"{run.id}  {url}/#/experiments/")
    assert first.stdout.rstrip().endswith(f"/runs/{info['run_id']}")
    assert (info["run_name"], info["status"]) == ("baseline", "FINISHED")
    assert 0 <= info["end_time"] - info["start_time"] < 60_000
    assert pairs(data["params"]) == {"lr": "0.01", "top-5 ___": "None"}
    tags = pairs(data["tags"])
    assert tags["kerasrun.run_id"] == run.id
    assert tags["kerasrun.tags"] == "keep"
    assert tags["mlflow.note.content"] == "first"
    points = mlflow.points(found, "train/loss")
    assert len(points) == 1101
    assert points[1] == (1, 0.5)
    assert math.isnan(points[-1][1])
    assert mlflow.points(found, "eval/loss") == [(1100, 0.25)]
    listed = mlflow.get("artifacts/list", run_id=info["run_id"])
    names = {file["path"] for file in listed["files"]}
    assert {"run.json", "metrics.json", "exit.json", "source"} <= names


@needs_mlflow
@pytest.mark.slow
def test_a_run_at_work_is_brought_up_to_date(url: str, tmp_path: Path) -> None:
    arguments = ("--to", f"mlflow:{url}", "--experiment", "busy", "--root", str(tmp_path))
    mlflow = Asked(url)
    with runs.start("busy", tags=["early"], note="soon gone", root=tmp_path) as run:
        run.log({"loss": 1.0}, step=1)
        assert mlrun("push", "busy", *arguments).exit_code == 0
        assert mlflow.runs("busy")[0]["info"]["status"] == "RUNNING"
        assert "kerasrun.tag.early" in pairs(mlflow.runs("busy")[0]["data"]["tags"])
        assert mlrun("tag", "busy", "-early", "--root", str(tmp_path)).exit_code == 0
        run.note("")
        run.log({"loss": 0.5}, step=2)
        run.add_params({"late": 1, "/odd//name": 2})
        run.finish(KeyboardInterrupt())
    assert mlrun("push", "busy", *arguments).exit_code == 0
    (found,) = mlflow.runs("busy")
    assert found["info"]["status"] == "KILLED"
    assert mlflow.points(found, "train/loss") == [(1, 1.0), (2, 0.5)]
    assert pairs(found["data"]["params"]) == {"late": "1", "odd/name": "2"}
    tags = pairs(found["data"]["tags"])
    assert "kerasrun.tag.early" not in tags
    assert "mlflow.note.content" not in tags


@needs_mlflow
@pytest.mark.slow
def test_a_run_without_event_files_has_the_points_of_its_summary(url: str, tmp_path: Path) -> None:
    with runs.start("summary", root=tmp_path) as run:
        for step, loss in enumerate([0.5, 0.25, 0.75]):
            run.log({"loss": loss}, step=step)
        run.finish(ValueError("no data"))
    for path in run.folder.glob("events.out.tfevents.*"):
        path.unlink()
    shutil.rmtree(run.folder / "source")
    arguments = ("--to", f"mlflow:{url}", "--experiment", "summary", "--root", str(tmp_path))
    assert mlrun("push", "summary", *arguments).exit_code == 0
    mlflow = Asked(url)
    (found,) = mlflow.runs("summary")
    assert found["info"]["status"] == "FAILED"
    assert mlflow.points(found, "train/loss") == [(0, 0.5), (1, 0.25), (2, 0.75)]
    assert pairs(found["data"]["tags"])["kerasrun.status"] == "failed (no data)"


class Guarded(http.server.BaseHTTPRequestHandler):
    """A server in front of MLflow that asks for a name and password."""

    def do_GET(self) -> None:
        known = self.headers.get("Authorization") == "Basic bWU6c2VjcmV0"
        self.send_response(200 if known else 401)
        self.end_headers()
        self.wfile.write(b"<html>welcome</html>")

    do_POST = do_GET

    def log_message(self, format: str, *arguments: Any) -> None:
        """Stays silent."""


@pytest.fixture
def guarded() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Guarded) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_server_that_asks_who_we_are_is_one_line(guarded: str, tmp_path: Path) -> None:
    with runs.start("baseline", root=tmp_path):
        pass
    result = mlrun("push", "@last", "--to", f"mlflow:http://{guarded}", "--root", str(tmp_path))
    assert result.exit_code == 1
    assert result.stderr == (
        f"error: http://{guarded} answers 401 Unauthorized: set MLFLOW_TRACKING_USERNAME and "
        "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN\n"
    )


def test_another_server_is_one_line_and_no_password_is_shown(guarded: str, tmp_path: Path) -> None:
    with runs.start("baseline", root=tmp_path):
        pass
    to = f"mlflow:http://me:secret@{guarded}"
    result = mlrun("push", "@last", "--to", to, "--root", str(tmp_path))
    assert result.exit_code == 1
    assert result.stderr == (
        f"error: http://{guarded} is no MLflow server: its answer is no JSON object\n"
    )
