"""Sweeps whose trials are all gone for good are removed, too."""

import contextlib
import shutil
import time
from pathlib import Path

from kerasrun.runs.errors import Refused, RunError
from kerasrun.runs.sweep.files import SweepFiles
from kerasrun.runs.sweep.find import sweep_ids
from kerasrun.runs.sweep.plan import read_plan
from kerasrun.runs.sweep.session import only_process
from kerasrun.runs.trash import trashed

_LEFT_OVER_SECS = 3600.0


def delete_empty_sweeps(root: Path) -> list[str]:
    """Deletes the folders of sweeps of which no trial is left under `root` or in its trash.

    One that has begun no trial yet, or that cannot be read, stays; so does one at work. A folder
    that a kill has left without a record goes after an hour.

    Returns:
        The ids of those that were deleted.
    """
    kept = {folder.name for folder in trashed(root)}
    deleted = []
    for sweep_id in sweep_ids(root):
        files = SweepFiles(root / sweep_id)
        with contextlib.suppress(Refused, RunError, OSError), only_process(files):
            if _is_empty(files, kept):
                shutil.rmtree(files.folder)
                deleted.append(sweep_id)
    return deleted


def _is_empty(files: SweepFiles, kept: set[str]) -> bool:
    if not files.sweep_json.exists():
        return time.time() - files.folder.stat().st_mtime > _LEFT_OVER_SECS
    runs = [trial.run for trial in read_plan(files).trials if trial.run]
    return bool(runs) and not any(one in kept or (files.root / one).exists() for one in runs)
