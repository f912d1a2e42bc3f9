"""An MLflow tracking server's REST API, as far as a run is written to it.

It needs the standard library only: MLflow itself takes seconds to import.
"""

import base64
import http.client
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kerasrun.runs.errors import RunError, UsageError

_TIMEOUT_SECS = 60.0
_METRICS_A_REQUEST = 1000
_PARAMS_A_REQUEST = 100
_TAGS_A_REQUEST = 100


class ServerError(RunError):
    """The server cannot be reached, or says no.

    Attributes:
        code: MLflow's own, such as `RESOURCE_DOES_NOT_EXIST`; empty where it gave none.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class MlflowServer:
    """A tracking server.

    The name and password, or the token, are those that MLflow's own client takes from
    `MLFLOW_TRACKING_USERNAME`, `MLFLOW_TRACKING_PASSWORD` and `MLFLOW_TRACKING_TOKEN`.

    Args:
        url: Such as `http://127.0.0.1:5000`.
        environ: Where they are looked up.

    Raises:
        UsageError: It is no address of a server.
    """

    def __init__(self, url: str, environ: Mapping[str, str] = os.environ) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(
                f"--to mlflow:{url}: expected mlflow:http://HOST:PORT or mlflow:https://…"
            )
        host = parts.netloc.rpartition("@")[2]
        self.url = urllib.parse.urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
        self._headers = _authorization(parts, environ)

    def experiment_id(self, name: str) -> str:
        """The id of the experiment of this name, which is made if there is none.

        Raises:
            ServerError: The server says no.
        """
        found = self._experiment(name)
        if found is None:
            try:
                found = self._call("POST", "experiments/create", {"name": name})
            except ServerError as error:
                if error.code != "RESOURCE_ALREADY_EXISTS":
                    raise
                found = self._experiment(name) or {}  # somebody has made it meanwhile
        if found.get("lifecycle_stage") == "deleted":
            raise UsageError(
                f"experiment {name!r} has been deleted on {self.url}; restore it there, or "
                "give another name with --experiment"
            )
        return str(found["experiment_id"])

    def run_with_tag(self, experiment_id: str, tag: str, value: str) -> dict[str, Any] | None:
        """The run of the experiment that has this tag, or None."""
        request = {
            "experiment_ids": [experiment_id],
            "filter": f"tags.`{tag}` = '{value}'",
            "max_results": 1,
        }
        return next(iter(self._call("POST", "runs/search", request).get("runs", [])), None)

    def create_run(self, experiment_id: str, **fields: Any) -> dict[str, Any]:
        """Makes a run; returns it."""
        content = {"experiment_id": experiment_id, **fields}
        made: dict[str, Any] = self._call("POST", "runs/create", content)["run"]
        return made

    def delete_tag(self, run_id: str, key: str) -> None:
        """Takes a tag away."""
        self._call("POST", "runs/delete-tag", {"run_id": run_id, "key": key})

    def update_run(self, run_id: str, **fields: Any) -> None:
        """Replaces `status`, `end_time` or `run_name`."""
        self._call("POST", "runs/update", {"run_id": run_id, **fields})

    def log(
        self,
        run_id: str,
        *,
        metrics: Sequence[Mapping[str, Any]] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Adds to a run, as many at once as the server takes."""
        for some in _parts(_pairs(tags), _TAGS_A_REQUEST):
            self._call("POST", "runs/log-batch", {"run_id": run_id, "tags": some})
        for some in _parts(_pairs(params), _PARAMS_A_REQUEST):
            self._call("POST", "runs/log-batch", {"run_id": run_id, "params": some})
        for some in _parts(metrics, _METRICS_A_REQUEST):
            self._call("POST", "runs/log-batch", {"run_id": run_id, "metrics": some})

    def put_artifact(self, path: str, data: bytes) -> None:
        """Stores a file through the server, at the path of `mlflow-artifacts:/path`."""
        url = f"{self.url}/api/2.0/mlflow-artifacts/artifacts/{urllib.parse.quote(path)}"
        self._send("PUT", url, data, "application/octet-stream")

    def _experiment(self, name: str) -> dict[str, Any] | None:
        query = urllib.parse.urlencode({"experiment_name": name})
        try:
            found: dict[str, Any] = self._call("GET", f"experiments/get-by-name?{query}")
        except ServerError as error:
            if error.code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return None
        return dict(found["experiment"])

    def _call(
        self, method: str, what: str, content: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        data = None if content is None else json.dumps(content, allow_nan=False).encode()
        answer = self._send(method, f"{self.url}/api/2.0/mlflow/{what}", data, "application/json")
        try:
            read = json.loads(answer or b"{}")
        except ValueError:
            read = None
        if not isinstance(read, dict):
            raise ServerError(f"{self.url} is no MLflow server: its answer is no JSON object")
        return read

    def _send(self, method: str, url: str, data: bytes | None, kind: str) -> bytes:
        headers = {"Content-Type": kind, **self._headers}
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECS) as reply:
                answer: bytes = reply.read()
                return answer
        except urllib.error.HTTPError as error:
            raise _refused(self.url, error) from None
        except urllib.error.URLError as error:
            raise ServerError(f"cannot reach {self.url}: {error.reason}") from None
        except (OSError, http.client.HTTPException) as error:
            raise ServerError(f"cannot reach {self.url}: {error or type(error).__name__}") from None


def _authorization(parts: urllib.parse.SplitResult, environ: Mapping[str, str]) -> dict[str, str]:
    user = urllib.parse.unquote(parts.username or "") or environ.get("MLFLOW_TRACKING_USERNAME")
    password = urllib.parse.unquote(parts.password or "") or environ.get("MLFLOW_TRACKING_PASSWORD")
    if user and password:
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}
    if token := environ.get("MLFLOW_TRACKING_TOKEN"):
        return {"Authorization": f"Bearer {token}"}
    return {}


def _refused(url: str, error: urllib.error.HTTPError) -> ServerError:
    text = error.read().decode(errors="replace")
    try:
        said = json.loads(text)
        code, why = str(said["error_code"]), str(said.get("message", ""))
    except (ValueError, KeyError, TypeError):
        code, why = "", " ".join(text.split())
    if error.code in (401, 403):
        why = "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
    elif error.code == 404 and not code:
        why = "it is no MLflow server, or lacks this call"
    shown = why if len(why) <= 300 else f"{why[:299]}…"
    return ServerError(f"{url} answers {error.code} {error.reason}: {shown}", code)


def _pairs(values: Mapping[str, str] | None) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in (values or {}).items()]


def _parts(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for begin in range(0, len(items), size):
        yield items[begin : begin + size]
