"""Whether a run is at work, asked of its folder, even where its record is damaged."""

from pathlib import Path

from kerasrun.runs.errors import UnreadableRun
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.lock import is_locked
from kerasrun.runs.outcome import describe
from kerasrun.runs.run import read_run


def is_at_work(folder: Path) -> bool:
    """Whether the run in `folder` is active; where `run.json` is damaged, whether it is locked.

    Raises:
        UnreadableRun: Its lock cannot be asked.
        FileNotFoundError: There is no such folder.
    """
    try:
        return read_run(folder).status.active
    except UnreadableRun:
        try:
            return is_locked(RunFiles(folder).lock)
        except OSError as error:
            raise UnreadableRun(folder.name, describe(error)) from error
