"""What a run keeps of its source: the model file, the uncommitted changes, the packages."""

import hashlib
import shutil
from pathlib import Path
from typing import Any

from kerasrun.runs.errors import ModelFileError
from kerasrun.runs.git import GitState, git_state
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.packages import installed_packages


def keep_model_file(files: RunFiles, model_file: Path, name: str | None) -> dict[str, Any]:
    """Copies the model file into the run and describes it for `run.json`.

    Args:
        files: The run's.
        model_file: An absolute path.
        name: The model or function asked for, or None.
    """
    files.source.mkdir(exist_ok=True)
    copy = files.source / model_file.name
    shutil.copyfile(model_file, copy)
    return {
        "file": str(model_file),
        "name": name,
        "copy": str(copy.relative_to(files.folder)),
        "sha256": sha256(copy),
    }


def keep_git_state(files: RunFiles, folder: Path) -> dict[str, Any] | None:
    """Writes `source/diff.patch` when there are changes; returns the entry for `run.json`."""
    state = git_state(folder)
    if state is None:
        return None
    if state.dirty:
        files.source.mkdir(exist_ok=True)
        files.diff.write_bytes(state.diff)
    return _git_entry(files, state)


def _git_entry(files: RunFiles, state: GitState) -> dict[str, Any]:
    return {
        "commit": state.commit,
        "branch": state.branch,
        "dirty": state.dirty,
        "diff": str(files.diff.relative_to(files.folder)) if state.dirty else None,
    }


def keep_packages(files: RunFiles) -> None:
    """Writes `source/packages.txt`."""
    files.source.mkdir(exist_ok=True)
    files.packages.write_text("".join(f"{line}\n" for line in installed_packages()))


def model_source(files: RunFiles, model: dict[str, Any]) -> tuple[Path, Path]:
    """Where to read the code of a kept model file, and the path that it believes to have.

    The original is read while it is unchanged; afterwards the run's own copy, so that a run that
    is resumed goes on as it began.

    Returns:
        The file to read, and the original path.
    """
    original = Path(model["file"])
    if original.is_file() and sha256(original) == model["sha256"]:
        return original, original
    copy = files.folder / model["copy"]
    if not copy.is_file():
        raise ModelFileError(f"neither {original} as it was nor the run's copy {copy} is there")
    return copy, original


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
