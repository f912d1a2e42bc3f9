"""The best evaluation so far, remembered in a file beside the exports."""

import json
import logging
import os
from typing import Any

import numpy as np
import tensorflow as tf

from kerasrun.exporters.durable import write_whole
from kerasrun.exporters.retention import newer_than, newest_version

_logger = logging.getLogger(__name__)


class BestResult:
    """`best_result.json` in the folder of a BestExporter.

    It holds the evaluation result of the newest export and the export's name, so that a training
    that is started again knows what it has to beat. What is about to be exported is noted before:
    whoever reads after a kill sees by the folder whether it came to that.

    Args:
        export_path: The exporter's folder.
    """

    def __init__(self, export_path: str) -> None:
        self.path = os.path.join(export_path, "best_result.json")
        self._folder = export_path

    def read(self) -> dict[str, Any] | None:
        """Returns the best evaluation result; None if there is none that can be read."""
        if not tf.io.gfile.exists(self.path):
            return None
        with tf.io.gfile.GFile(self.path, "rb") as file:
            text = file.read()
        try:
            content = json.loads(text)
            pending = content.get("pending")
            if pending and newer_than(self._folder, pending["after"]):
                content = pending
            result = content["eval_result"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            _logger.warning("%s cannot be read (%s): it is not used.", self.path, error)
            return None
        return result if isinstance(result, dict) else None

    def intend(self, eval_result: dict[str, Any], best: dict[str, Any] | None) -> None:
        """Notes what is about to be exported, beside the best result before it."""
        after = newest_version(self._folder)
        pending = {"eval_result": eval_result, "after": after}
        self._write({"eval_result": best, "export": after, "pending": pending})

    def write(self, eval_result: dict[str, Any] | None, export: str | bytes) -> None:
        """Remembers an evaluation result and the export that was made of it."""
        name = os.path.basename(os.fsdecode(export).rstrip("/"))
        self._write({"eval_result": dict(eval_result or {}), "export": name})

    def _write(self, content: dict[str, Any]) -> None:
        write_whole(self.path, json.dumps(content, indent=2, default=_plain) + "\n")


def _plain(value: Any) -> Any:
    """Makes JSON of what an evaluation may answer besides Python's own numbers."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    array = np.asarray(value)
    return array.tolist() if array.dtype.kind in "biufUS" else repr(value)
