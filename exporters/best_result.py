"""The best evaluation so far, remembered in a file beside the exports."""

import json
import logging
import os
from typing import Any

import numpy as np
import tensorflow as tf

from kerasrun.exporters.durable import write_whole

_logger = logging.getLogger(__name__)


class BestResult:
    """`best_result.json` in the folder of a BestExporter.

    It holds the evaluation result of the newest export and the export's name, so that a training
    that is started again knows what it has to beat.

    Args:
        export_path: The exporter's folder.
    """

    def __init__(self, export_path: str) -> None:
        self.path = os.path.join(export_path, "best_result.json")

    def read(self) -> dict[str, Any] | None:
        """Returns the remembered evaluation result; None if there is none that can be read."""
        if not tf.io.gfile.exists(self.path):
            return None
        with tf.io.gfile.GFile(self.path, "r") as file:
            text = file.read()
        try:
            result = json.loads(text)["eval_result"]
        except (ValueError, KeyError, TypeError) as error:
            _logger.warning("%s cannot be read (%s): it is not used.", self.path, error)
            return None
        return result if isinstance(result, dict) else None

    def write(self, eval_result: dict[str, Any] | None, export: str | bytes) -> None:
        """Remembers an evaluation result and the export that was made of it."""
        name = os.path.basename(os.fsdecode(export).rstrip("/"))
        content = {"eval_result": dict(eval_result or {}), "export": name}
        write_whole(self.path, json.dumps(content, indent=2, default=_plain) + "\n")


def _plain(value: Any) -> Any:
    """Makes JSON of what an evaluation may answer besides Python's own numbers."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    array = np.asarray(value)
    return array.tolist() if array.dtype.kind in "biufUS" else repr(value)
