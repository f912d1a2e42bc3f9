"""`training.json`: what has come after the newest checkpoint, for a process that goes on from it.

A checkpoint is saved before it is evaluated and exported, and before training knows that it has
ended. A process that is killed in between leaves a checkpoint that does not tell. This file does:
at which step training stopped and how, and for each evaluation which checkpoint it was done for,
and whether its exporters were called. One process writes it, the one that trains.
"""

import json
import logging
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from kerasrun.bridge.reasons import reason_of
from kerasrun.exporters.durable import write_whole

_LOGGER = logging.getLogger("tensorflow")
_FILE = "training.json"
_SCHEMA = 1
ENDED, INTERRUPTED = "ended", "interrupted"


class EvaluationState(NamedTuple):
    """How far the evaluations of one EvalSpec have come.

    Attributes:
        step: That of the checkpoint evaluated last; None: none has been.
        began: When that evaluation began, in seconds since 1970.
        exported: Whether every exporter was called for it.
        final: Whether they were told that it was the last.
        versions: By exporter, the newest export before they were called; None: there was none.
    """

    step: int | None = None
    began: float | None = None
    exported: bool = False
    final: bool = False
    versions: Mapping[str, str | None] = {}


class TrainingRecord:
    """Reads and writes the file of one `model_dir`.

    It is a help, not a must: where it cannot be written, training goes on.

    Args:
        model_dir: The folder.
    """

    def __init__(self, model_dir: str) -> None:
        self._path = os.path.join(model_dir, _FILE)

    def stopped(self, step: int | None) -> str | None:
        """How the training stopped whose newest checkpoint is of `step`; None: it was cut off."""
        stopped = self._read().get("stopped")
        if step is None or not isinstance(stopped, dict) or stopped.get("step") != step:
            return None
        return str(stopped.get("how"))

    def note_stop(self, step: int, how: str) -> None:
        """Training has stopped at `step`: it `ENDED`, or was `INTERRUPTED`."""
        self._write({**self._read(), "stopped": {"step": step, "how": how}})

    def evaluation(self, folder: str) -> EvaluationState | None:
        """The state of the evaluations in `eval` or `eval_<name>`; None: there never were any."""
        found = _evaluations(self._read()).get(folder)
        if not isinstance(found, dict):
            return None
        known = {key: found[key] for key in EvaluationState._fields if key in found}
        return EvaluationState(**known)

    def note_evaluation(self, folder: str, state: EvaluationState) -> None:
        """Replaces the state of the evaluations in `folder`."""
        content = self._read()
        content["evaluations"] = {**_evaluations(content), folder: state._asdict()}
        self._write(content)

    def _read(self) -> dict[str, Any]:
        if not tf.io.gfile.exists(self._path):
            return {"schema": _SCHEMA}
        try:
            with tf.io.gfile.GFile(self._path, "rb") as file:
                content = json.loads(file.read())
            if isinstance(content, dict):
                return content
            why = f"it holds {type(content).__name__}, expected an object"
        except (ValueError, OSError, tf.errors.OpError) as error:
            why = reason_of(error)
        _LOGGER.warning("%s cannot be read and is not used: %s.", self._path, why)
        return {"schema": _SCHEMA}

    def _write(self, content: Mapping[str, Any]) -> None:
        try:
            write_whole(self._path, json.dumps(content, indent=2) + "\n")
        except (OSError, tf.errors.OpError) as error:
            _LOGGER.warning("%s cannot be written: %s.", self._path, reason_of(error))


def _evaluations(content: Mapping[str, Any]) -> dict[str, Any]:
    found = content.get("evaluations")
    return found if isinstance(found, dict) else {}
