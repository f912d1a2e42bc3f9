"""What `--to` names: an MLflow server, or a store for folders."""

from typing import Protocol

from kerasrun.runs.errors import UsageError
from kerasrun.runs.push.store import Store, is_url
from kerasrun.runs.run import Run

_MLFLOW = "mlflow:"


class Destination(Protocol):
    """Where runs are sent."""

    def push(self, run: Run) -> str:
        """Sends a run; returns where it is found then."""


def destination(url: str, *, experiment: str) -> Destination:
    """The destination at `url`.

    Args:
        url: `mlflow:http://…`, or a URL that fsspec knows.
        experiment: What runs belong to in MLflow.

    Raises:
        UsageError: It is none of these.
        ServerError: The MLflow server cannot be reached.
    """
    if url.startswith(_MLFLOW):
        return MlflowDestination(url.removeprefix(_MLFLOW), experiment)
    if is_url(url):
        return StoreDestination(url)
    raise UsageError(
        f"--to {url}: expected mlflow:http://HOST:PORT, or a URL such as s3://BUCKET/PATH or "
        "file:///PATH"
    )


class MlflowDestination:
    """An experiment of an MLflow tracking server."""

    def __init__(self, url: str, experiment: str) -> None:
        from kerasrun.runs.push.mlflow_api import MlflowServer

        self._server = MlflowServer(url)
        self._experiment = self._server.experiment_id(experiment)

    def push(self, run: Run) -> str:
        """Sends a run; returns the address of its page."""
        from kerasrun.runs.push.to_mlflow import push_to_mlflow

        mlflow_id = push_to_mlflow(run, self._server, self._experiment)
        return f"{self._server.url}/#/experiments/{self._experiment}/runs/{mlflow_id}"


class StoreDestination:
    """Folders in a store."""

    def __init__(self, url: str) -> None:
        self._store = Store(url)

    def push(self, run: Run) -> str:
        """Copies a run; returns the URL of its copy."""
        from kerasrun.runs.push.copies import push_run

        return push_run(run.folder, self._store)
