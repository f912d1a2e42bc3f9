"""What the Estimators of a program do goes into its run.

It imports the bridge, so only the worker may import it.
"""

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kerasrun.bridge.new_estimators import EstimatorWatcher  # noqa: TID253 (see above)
from kerasrun.bridge.observer import Progress  # noqa: TID253 (see above)
from kerasrun.runs.job_observer import RunObserver
from kerasrun.runs.model_dirs import numbered, place_of
from kerasrun.runs.worker import Work


class ProgramWatcher(EstimatorWatcher):
    """Notices each Estimator, links its folder from the run's, and listens to it.

    Args:
        work: The worker's; `model_dirs` and `exports` of its record are written.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._pid = os.getpid()
        self._model_dirs: list[str] = []
        work.record["model_dirs"] = self._model_dirs

    def unnamed_model_dir(self) -> str | None:
        """The run's own folder for the first Estimator, for the others folders in it."""
        if os.getpid() != self._pid:  # a process that the program has forked
            return None
        folder, number = self._work.files.folder, len(self._model_dirs) + 1
        return str(folder if number == 1 else place_of(self._work.files, number))

    def made(self, estimator: Any) -> None:
        """Listens to it."""
        if os.getpid() != self._pid:
            return
        model_dir = _absolute(estimator.model_dir)
        if model_dir not in self._model_dirs:
            self._model_dirs.append(model_dir)
            self._link(model_dir, len(self._model_dirs))
            with contextlib.suppress(OSError):  # a full disk ends no program
                self._work.save_record()
        number = self._model_dirs.index(model_dir) + 1
        estimator.add_observer(ProgramObserver(self._work, number))

    def _link(self, model_dir: str, number: int) -> None:
        link = place_of(self._work.files, number)
        with contextlib.suppress(OSError):
            if link.is_symlink():  # of an earlier attempt
                link.unlink()
            if "://" not in model_dir and Path(model_dir) not in (self._work.files.folder, link):
                link.symlink_to(model_dir)


class ProgramObserver(RunObserver):
    """Passes on what an Estimator of a program tells.

    Args:
        work: The worker's.
        number: Which of the program's Estimators, by their folders; see
            `kerasrun.runs.model_dirs`.
    """

    def __init__(self, work: Work, number: int) -> None:
        super().__init__(work)
        self._number = number

    def train_begin(self, step: int, max_steps: int | None) -> None:
        """Of the first: what comes again after `step` is not counted again."""
        if self._number == 1:
            super().train_begin(step, max_steps)

    def progress(self, progress: Progress) -> None:
        """Notes the metrics."""
        if self._number == 1:
            super().progress(progress)
        else:
            group = numbered("train", self._number)
            self._work.metrics.points(group, progress.step, dict(progress.metrics))

    def checkpoint_saved(self, path: str, step: int) -> None:
        """Of the first: notes the checkpoint."""
        if self._number == 1:
            super().checkpoint_saved(path, step)

    def evaluated(self, name: str | None, result: Mapping[str, Any], checkpoint_path: str) -> None:
        """Notes the result, as far as it is numbers."""
        numbers = {key: value for key, value in result.items() if _is_number(value)}
        if self._number > 1:
            name = numbered(name, self._number) if name else str(self._number)
        super().evaluated(name, numbers, checkpoint_path)

    def exported(self, exporter_name: str, path: str, examples: int, difference: float) -> None:
        """Notes where it lies."""
        found = self._work.record.get("exports", [])
        there = [one for one in found if os.path.isdir(one["path"])]
        entry = {"name": exporter_name, "path": _absolute(path)}
        self._work.record["exports"] = [*there, entry]
        with contextlib.suppress(OSError):
            self._work.save_record()
        super().exported(exporter_name, path, examples, difference)


def _absolute(path: str) -> str:
    return path if "://" in path else os.path.abspath(path)


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
