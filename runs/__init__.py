"""A record of every run, as plain files.

>>> from pathlib import Path
>>> from kerasrun import runs
>>> runs.list_runs(Path("no-such-folder")).total
0
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerasrun.runs.listing import list_runs
    from kerasrun.runs.query import find_run
    from kerasrun.runs.root import runs_root
    from kerasrun.runs.run import Run, read_run

__all__ = ["Run", "find_run", "list_runs", "read_run", "runs_root"]

_HOMES = {
    "Run": "run",
    "find_run": "query",
    "list_runs": "listing",
    "read_run": "run",
    "runs_root": "root",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
