"""The worker of a trial: that of any run, with the GPUs that are its share."""

import json
import sys
from pathlib import Path

from kerasrun.runs.attempt import Request
from kerasrun.runs.sweep.devices import VARIABLE


def worker_command(folder: Path, request: Request, devices: str | None) -> list[str]:
    """The command line of the worker.

    Args:
        folder: The run's.
        request: What it is asked.
        devices: Its `CUDA_VISIBLE_DEVICES`, or None.
    """
    # -P: a keras.py in the current folder must not be taken for Keras.
    command = [sys.executable, "-P", "-m", "kerasrun.runs.worker", str(folder)]
    command.append(json.dumps(request.to_dict()))
    return command if devices is None else ["env", f"{VARIABLE}={devices}", *command]
