"""Other servers of models, each in an environment of its own: `make bench-serving-peers`.

Their model only gives back what it is given, without TensorFlow: it is the least that they cost.
"""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks.serving_servers import Question, Server, free_port, serving

_PROJECT = Path(__file__).parents[1]
_MLSERVER = _PROJECT / ".venv-serving" / "bin" / "mlserver"
_MLFLOW = _PROJECT / ".venv-mlflow" / "bin" / "mlflow"

_MLSERVER_ECHO = """
from mlserver import MLModel
from mlserver.types import InferenceResponse, ResponseOutput

class Echo(MLModel):
    async def load(self):
        return True

    async def predict(self, payload):
        given = payload.inputs[0]
        output = ResponseOutput(
            name="y", shape=given.shape, datatype=given.datatype, data=given.data
        )
        return InferenceResponse(model_name=self.name, outputs=[output])
"""
_MLFLOW_ECHO = """
import sys
import mlflow

class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input

mlflow.pyfunc.save_model(sys.argv[1], python_model=Echo(), pip_requirements=["mlflow"])
"""


def missing() -> list[str]:
    """Returns the names of those that are not installed."""
    there = {"MLServer": _MLSERVER, "mlflow models serve": _MLFLOW}
    return [name for name, program in there.items() if not program.exists()]


@contextlib.contextmanager
def peers(folder: Path, row: list[float]) -> Iterator[list[Server]]:
    """Yields those that are installed.

    Args:
        folder: Where their files go.
        row: What they are asked about.

    Raises:
        RuntimeError: One does not start.
        subprocess.CalledProcessError: The model of one cannot be made.
    """
    with contextlib.ExitStack() as stack:
        found = []
        if _MLSERVER.exists():
            found.append(stack.enter_context(_mlserver(folder / "mlserver", row)))
        if _MLFLOW.exists():
            found.append(stack.enter_context(_mlflow(folder / "mlflow", row)))
        yield found


def _mlserver(folder: Path, row: list[float]) -> contextlib.AbstractContextManager[Server]:
    folder.mkdir()
    port = free_port()
    settings = {
        "host": "127.0.0.1",
        "http_port": port,
        "grpc_port": free_port(),
        "metrics_port": free_port(),
        "parallel_workers": 0,  # one would take more CPU
        "debug": False,
    }
    files = {
        "settings.json": json.dumps(settings),
        "model-settings.json": json.dumps({"name": "echo", "implementation": "echo_model.Echo"}),
        "echo_model.py": _MLSERVER_ECHO,
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    given = {"name": "x", "shape": [1, len(row)], "datatype": "FP32", "data": row}
    question = Question("/v2/models/echo/infer", json.dumps({"inputs": [given]}), '"outputs"')
    command = [str(_MLSERVER), "start", "."]
    return serving("MLServer", command, port, question, folder, {"PYTHONPATH": str(folder)})


def _mlflow(folder: Path, row: list[float]) -> contextlib.AbstractContextManager[Server]:
    folder.mkdir()
    saved, port = folder / "model", free_port()
    making = [str(_MLFLOW.parent / "python"), "-c", _MLFLOW_ECHO, str(saved)]
    subprocess.run(making, check=True, capture_output=True, timeout=120, cwd=folder)
    command = [str(_MLFLOW), "models", "serve", "--model-uri", str(saved), "--port", str(port)]
    command += ["--env-manager", "local", "--workers", "1"]
    question = Question("/invocations", json.dumps({"inputs": [row]}), '"predictions"')
    path = f"{_MLFLOW.parent}{os.pathsep}{os.environ['PATH']}"  # it starts uvicorn by its name
    return serving("mlflow models serve", command, port, question, folder, {"PATH": path})
