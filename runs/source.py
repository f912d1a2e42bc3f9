"""What a run keeps of its source: the model file, the uncommitted changes, the packages."""

import hashlib
import shutil
from pathlib import Path
from typing import Any

from kerasrun.runs.errors import ModelFileError, UsageError
from kerasrun.runs.git import GitState, git_state
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.local_imports import local_imports
from kerasrun.runs.packages import installed_packages


def keep_model_file(
    files: RunFiles, model_file: Path, name: str | None, folder: Path | None = None
) -> dict[str, Any]:
    """Copies the model file, and what it imports from beside it, into the run.

    Args:
        files: The run's.
        model_file: An absolute path.
        name: The model or function asked for, or None.
        folder: Where its imports begin; None: the folder that it is in.

    Returns:
        What `run.json` says of it.
    """
    folder = folder or model_file.parent
    imports = [
        _keep(files, path, folder)
        for path in local_imports(model_file, folder)
        if path.is_relative_to(folder)
    ]
    return {**_keep(files, model_file, folder), "name": name, "imports": imports}


def keep_source_of(files: RunFiles, parent: RunFiles, model: dict[str, Any]) -> dict[str, Any]:
    """Copies what another run has kept of its model file, so that this one can run the same.

    Args:
        files: This run's.
        parent: The other's.
        model: What `run.json` of the other says of its model.

    Returns:
        What `run.json` says of it.

    Raises:
        UsageError: The other has lost a file.
    """
    for entry in _entries(model):
        copy, original = files.folder / entry["copy"], parent.folder / entry["copy"]
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(original, copy)
        except FileNotFoundError:
            raise UsageError(f"run {parent.folder.name} has lost its copy {original}") from None
    return model


def kept_sources(files: RunFiles, record: dict[str, Any]) -> dict[str, Path]:
    """The run's copies of the model file and of what it imports, by their names."""
    return {
        one["copy"].removeprefix("source/"): files.folder / one["copy"]
        for one in _entries(record.get("model") or {})
    }


def original_sources(record: dict[str, Any]) -> dict[str, Path]:
    """Where the run took each of these from, by the same names."""
    return {
        one["copy"].removeprefix("source/"): Path(one["file"])
        for one in _entries(record.get("model") or {})
    }


def _entries(model: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in (model, *model.get("imports", [])) if "copy" in one]


def _keep(files: RunFiles, path: Path, folder: Path) -> dict[str, Any]:
    copy = files.source / path.relative_to(folder)
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, copy)
    return {
        "file": str(path),
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

    The originals are read while they are unchanged; afterwards the run's own copies, so that a run
    that is resumed goes on as it began.

    Returns:
        The file to read, and the original path.
    """
    original = Path(model["file"])
    if all(_is_unchanged(entry) for entry in _entries(model)):
        return original, original
    copy = files.folder / model["copy"]
    if not copy.is_file():
        raise ModelFileError(f"neither {original} as it was nor the run's copy {copy} is there")
    return copy, original


def _is_unchanged(entry: dict[str, Any]) -> bool:
    original = Path(entry["file"])
    return original.is_file() and sha256(original) == entry["sha256"]


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
