"""Where runs live: `--root`, else `KERASRUN_ROOT`, else `./runs` or `./.kerasrun/runs`."""

import os
from collections.abc import Mapping
from pathlib import Path

ROOT_VARIABLE = "KERASRUN_ROOT"


def runs_root(
    option: str | os.PathLike[str] | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    cwd: Path | None = None,
) -> Path:
    """The absolute path of the folder that holds the runs; it need not exist yet.

    `./runs` is passed over when it is a Python package (it holds an `__init__.py`), since run
    folders do not belong among code; then it is `./.kerasrun/runs`.

    Args:
        option: What the user gave, or None.
        environ: Where `KERASRUN_ROOT` is looked up; an empty value counts as none.
        cwd: The folder that relative paths start from; the current one when None.
    """
    here = cwd or Path.cwd()
    chosen = option or environ.get(ROOT_VARIABLE)
    if chosen:
        return here / Path(chosen).expanduser()
    if (here / "runs" / "__init__.py").exists():
        return here / ".kerasrun" / "runs"
    return here / "runs"
