"""A process beside the one that leads: `python -m kerasrun.runs.cluster.peer RUN_DIR [REQUEST]`.

It reads the run's record and writes nothing to the run: no record, no metrics, no lock; but an
evaluator writes `evaluations.json`. What it prints is in `worker-N.log`. It exits with 0, with 1 or
2 (an error of its own, its traceback in its log), 75 (another worker was lost), or 128 + n for
signal n.
"""

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasrun._tensorflow_import import import_tensorflow
from kerasrun.runs.attempt import Request, enter_settings
from kerasrun.runs.cluster.places import EVALUATOR, place_from_environ
from kerasrun.runs.events import EventWriter
from kerasrun.runs.lasting_output import lasting_output
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.outcome import Outcome, outcome_of_error
from kerasrun.runs.records import check_startable, read_record
from kerasrun.runs.signals import handlers
from kerasrun.runs.worker import DEAF, RAISING, print_traceback

if TYPE_CHECKING:
    from kerasrun.runs.job_observer import PrintingObserver


def take_part(folder: Path, request: Request | None = None) -> int:
    """Does this process's part in the run in `folder`; returns the exit code.

    Args:
        folder: The run's.
        request: What the run is asked, where the record may not have it yet.
    """
    with contextlib.closing(EventWriter.from_environ()) as events, lasting_output():
        part = _Part(RunFiles(folder), request)
        try:
            with handlers(RAISING):
                print(f"process {os.getpid()} of {os.uname().nodename}", flush=True)
                part.train()
            return 0
        except BaseException as error:
            with handlers(DEAF):
                outcome = outcome_of_error(error, began=part.began, attempt=1)
                if outcome.status == "failed":
                    _say_why(events, error, outcome)
                return outcome.code


def _say_why(events: EventWriter, error: BaseException, outcome: Outcome) -> None:
    print_traceback(events, error)
    events.send("failed", reason=outcome.reason)


class _Part:
    """The training, or the evaluation, of one peer."""

    def __init__(self, files: RunFiles, request: Request | None) -> None:
        self._files = files
        self._request = request
        self._observer: PrintingObserver | None = None

    @property
    def began(self) -> bool:
        """Whether a step of training was done."""
        return self._observer is not None and self._observer.began

    def train(self) -> None:
        """Does what the one that leads does, up to evaluating and saving."""
        record: dict[str, Any] = read_record(self._files)
        check_startable(self._files.folder.name, record)
        if self._request is not None:
            record.setdefault("attempts", [])
            enter_settings(record, self._request)
        import_tensorflow()
        from kerasrun.runs.job import prepared_training
        from kerasrun.runs.job_observer import EvaluationObserver, PrintingObserver

        training = prepared_training(self._files, record)
        place = place_from_environ()
        evaluates = place is not None and place.task_type == EVALUATOR
        self._observer = EvaluationObserver(self._files) if evaluates else PrintingObserver()
        training.estimator.add_observer(self._observer)
        training.run()


def main() -> None:
    """Takes part, and ends at once: TensorFlow's threads of a cluster keep Python for seconds."""
    request = Request(**json.loads(sys.argv[2])) if len(sys.argv) > 2 else None
    code = take_part(Path(sys.argv[1]), request)
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
