"""A record of every run, as plain files.

>>> from pathlib import Path
>>> from kerasrun import runs
>>> runs.list_runs(Path("no-such-folder")).total
0
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerasrun.runs.data_frames import frame, scalars
    from kerasrun.runs.keras_callback import RunCallback
    from kerasrun.runs.listing import list_runs
    from kerasrun.runs.query import find_run
    from kerasrun.runs.root import runs_root
    from kerasrun.runs.run import Run, read_run
    from kerasrun.runs.tracked import TrackedRun, start

__all__ = [
    "Run",
    "RunCallback",
    "TrackedRun",
    "find_run",
    "frame",
    "list_runs",
    "read_run",
    "runs_root",
    "scalars",
    "start",
]

_HOMES = {
    "Run": "run",
    "RunCallback": "keras_callback",
    "TrackedRun": "tracked",
    "find_run": "query",
    "frame": "data_frames",
    "list_runs": "listing",
    "read_run": "run",
    "runs_root": "root",
    "scalars": "data_frames",
    "start": "tracked",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
