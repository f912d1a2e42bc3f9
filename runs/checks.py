"""What `mlrun doctor` looks at, each check by itself: one that fails hides no other."""

import shutil
import sys
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from kerasrun.runs.config import config_settings
from kerasrun.runs.errors import RunError
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.listing import list_runs
from kerasrun.runs.lock import FileLock
from kerasrun.runs.packages import main_versions
from kerasrun.runs.run import Run
from kerasrun.runs.trash import trashed

OK, NOTE, WRONG = "ok", "note", "wrong"
_LITTLE_BYTES = 1_000_000_000
_NETWORK = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "lustre",
    "fuse.sshfs",
    "9p",
    "ceph",
    "glusterfs",
}
_LEFT_OVER_SECS = 60.0


class Finding(NamedTuple):
    """One result.

    Attributes:
        level: `ok`, `note` (good to know) or `wrong`.
        subject: What was looked at.
        text: What was found.
        mend: What to do; empty where there is nothing.
    """

    level: str
    subject: str
    text: str
    mend: str = ""


def findings(root: str) -> Iterator[Finding]:
    """All checks in turn.

    Args:
        root: Where the runs live, an absolute path; it need not exist.
    """
    folder = Path(root)
    yield from _versions()
    yield from _command()
    yield from _config()
    yield from _root(folder)
    if folder.is_dir():
        yield from _runs(folder)


def _versions() -> Iterator[Finding]:
    found = main_versions()
    yield Finding(OK, "versions", "  ".join(f"{name} {text}" for name, text in found.items()))
    for name in ("tensorflow", "keras", "tensorboard"):
        if name not in found and not _is_installed(name):
            yield Finding(WRONG, name, "is not installed", f"pip install {name}")


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def _command() -> Iterator[Finding]:
    """Another distribution is called mlrun, and has a command of the same name."""
    if _is_installed("mlrun"):
        yield Finding(
            NOTE,
            "mlrun",
            f"another package named mlrun ({version('mlrun')}) is installed here",
            "the command `kerasrun` is always ours",
        )
    on_path = shutil.which("mlrun")
    if on_path is None:
        yield Finding(
            NOTE, "command", "no `mlrun` on PATH", f"it is in {Path(sys.executable).parent}"
        )
    elif Path(on_path).resolve().parent != Path(sys.executable).resolve().parent and not (
        Path(on_path).parent.samefile(Path(sys.executable).parent)
    ):
        yield Finding(NOTE, "command", f"`mlrun` on PATH is {on_path}: of another environment")
    else:
        yield Finding(OK, "command", on_path)


def _config() -> Iterator[Finding]:
    try:
        files = dict.fromkeys(str(one.origin) for one in config_settings())
    except RunError as error:
        yield Finding(WRONG, "config", str(error))
        return
    yield Finding(OK, "config", ", ".join(files) or "no config file")


def _root(folder: Path) -> Iterator[Finding]:
    if not folder.exists():
        yield Finding(OK, "root", f"{folder} does not exist yet: no run was made here")
        return
    if not folder.is_dir():
        yield Finding(WRONG, "root", f"{folder} is no folder", "choose another with --root")
        return
    kind = _file_system(folder)
    text = f"{folder}" + (f" on {kind}" if kind else "")
    yield Finding(NOTE if kind in _NETWORK else OK, "root", text)
    free = shutil.disk_usage(folder).free
    level = NOTE if free < _LITTLE_BYTES else OK
    yield Finding(level, "disk", f"{free / 1e9:.1f} GB free")
    yield _locks(folder)


def _locks(folder: Path) -> Finding:
    path = folder / ".doctor.lock"
    try:
        with FileLock(path):
            path.unlink(missing_ok=True)
    except OSError as error:
        text = f"cannot be taken in {folder}: {error.strerror or error}"
        return Finding(WRONG, "locks", text, "runs there cannot tell whether they are alive")
    return Finding(OK, "locks", "can be taken")


def _file_system(folder: Path) -> str | None:
    """The type of the file system that holds a folder, where the kernel tells."""
    try:
        lines = Path("/proc/mounts").read_text().splitlines()
    except OSError:
        return None
    mounts = [line.split()[1:3] for line in lines if len(line.split()) > 2]
    real = folder.resolve()
    holding = [(point, kind) for point, kind in mounts if real.is_relative_to(point)]
    return max(holding, key=lambda pair: len(pair[0]))[1] if holding else None


def _runs(folder: Path) -> Iterator[Finding]:
    listing = list_runs(folder)
    yield Finding(OK, "runs", f"{listing.total:,}, {_counts(listing.runs)}")
    for error in listing.unreadable:
        yield Finding(WRONG, "run", str(error), "move its folder elsewhere, or mend the file")
    for run in listing.runs:
        age = time.time() - run.folder.stat().st_mtime
        if not RunFiles(run.folder).run_json.exists() and age > _LEFT_OVER_SECS:
            yield Finding(NOTE, "run", f"{run.id} has no run.json", f"mlrun rm {run.id}")
        if run.status.state == "stalled":
            yield Finding(NOTE, "run", f"{run.id} is {run.status}", f"mlrun logs {run.id}")
    if count := len(trashed(folder)):
        yield Finding(NOTE, "trash", f"{count} runs", "mlrun gc --trash")


def _counts(runs: list[Run]) -> str:
    states = [run.status.state for run in runs]
    return ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states)) or "none"
