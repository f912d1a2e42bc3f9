"""The files of a sweep: a folder `s-ID` beside those of the runs, its trials."""

import secrets
from datetime import UTC, datetime
from pathlib import Path

from kerasrun.runs import ids
from kerasrun.runs.errors import UsageError
from kerasrun.runs.layout import RunFiles

_PREFIX = "s-"
_TRIES = 1000


class SweepFiles:
    """Where each file of the sweep in `folder` lies.

    Args:
        folder: The sweep's folder, which is called as its id.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def id(self) -> str:
        """The sweep's id."""
        return self.folder.name

    @property
    def root(self) -> Path:
        """Where the trials lie: beside it."""
        return self.folder.parent

    @property
    def sweep_json(self) -> Path:
        """What is tried, and which run each trial is."""
        return self.folder / "sweep.json"

    @property
    def lock(self) -> Path:
        """Held by the process that starts the trials; never deleted."""
        return self.folder / "lock"

    @property
    def study_db(self) -> Path:
        """Optuna's; a cache: it can be made again."""
        return self.folder / "study.db"

    @property
    def staged(self) -> Path:
        """Where the folder of a trial is made ready before it is one of the runs."""
        return self.folder / "staged"

    @property
    def source(self) -> RunFiles:
        """What it keeps of the model file, as a run does."""
        return RunFiles(self.folder)


def is_sweep_id(name: str) -> bool:
    """Whether `name` has the shape of a sweep's id.

    >>> is_sweep_id("s-20261121-223015-a3f1"), is_sweep_id("20261121-223015-a3f1")
    (True, False)
    """
    return name.startswith(_PREFIX) and ids.is_run_id(name.removeprefix(_PREFIX))


def claim_sweep(root: Path) -> SweepFiles:
    """Makes the folder of a new sweep under `root`.

    Raises:
        UsageError: `root` cannot be written.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        for _ in range(_TRIES):
            folder = root / (_PREFIX + ids.new_id(datetime.now(UTC), secrets.token_hex(2)))
            try:
                folder.mkdir()
            except FileExistsError:
                continue
            return SweepFiles(folder)
    except OSError as error:
        raise ids.cannot_make_a_run(root, error) from error
    raise UsageError(f"no free sweep id under {root} after {_TRIES} tries")
