"""Where runs live: `--root`, `KERASRUN_ROOT`, a config file, `./runs` or `./.kerasrun/runs`."""

import os
from collections.abc import Mapping
from pathlib import Path

from kerasrun.runs.config import config_settings
from kerasrun.runs.errors import UsageError

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

    Raises:
        UsageError: It is a URL; see `readable_root`.
    """
    here = cwd or Path.cwd()
    chosen = _chosen(option, environ, here)
    if chosen and "://" in str(chosen):
        raise UsageError(
            f"--root {chosen}: only `mlrun runs` and `mlrun show` read runs at a URL; "
            "`mlrun pull RUN --from URL` brings one here"
        )
    if chosen:
        return here / Path(chosen).expanduser()
    if (here / "runs" / "__init__.py").exists():
        return here / ".kerasrun" / "runs"
    return here / "runs"


def readable_root(
    option: str | os.PathLike[str] | None = None, *, environ: Mapping[str, str] = os.environ
) -> Path:
    """As `runs_root`, but it may be a URL: then the folder holds the records of the runs there.

    Args:
        option: What the user gave, or None.
        environ: Where `KERASRUN_ROOT` is looked up.

    Raises:
        UsageError: There is no such kind of store.
        RunError: The store cannot be reached.
    """
    chosen = _chosen(option, environ, Path.cwd())
    if chosen and "://" in str(chosen):
        from kerasrun.runs.push.remote_root import records_of
        from kerasrun.runs.push.store import Store

        return records_of(Store(str(chosen)))
    return runs_root(option, environ=environ)


def _chosen(
    option: str | os.PathLike[str] | None, environ: Mapping[str, str], here: Path
) -> str | os.PathLike[str] | None:
    return option or environ.get(ROOT_VARIABLE) or _configured(environ, here)


def _configured(environ: Mapping[str, str], here: Path) -> str | None:
    for setting in config_settings(environ=environ, cwd=here):
        if not setting.command and setting.option == "root":
            return str(setting.value)
    return None
