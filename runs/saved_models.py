"""The SavedModels that a run's exporters wrote, found without TensorFlow."""

from pathlib import Path

from kerasrun.runs.errors import UnreadableRun
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.records import read_record

_FILES = ("saved_model.pb", "saved_model.pbtxt")


def exports_of(folder: Path) -> list[Path]:
    """What the run in `folder` has exported and is still there, oldest first.

    That is each `export/<exporter>/<seconds>` in its folder, and what a program of the user's own
    has exported elsewhere.
    """
    found = [*folder.glob("export/*/*"), *_recorded(folder)]
    there = {path for path in found if path.name.isdigit() and path.is_dir()}
    return sorted(there, key=lambda path: (int(path.name), path))


def newest_saved_model(folder: Path) -> Path | None:
    """The newest SavedModel that the run in `folder` has exported; None if there is none."""
    found = [path for path in exports_of(folder) if any((path / name).is_file() for name in _FILES)]
    return found[-1] if found else None


def _recorded(folder: Path) -> list[Path]:
    try:
        record = read_record(RunFiles(folder))
    except UnreadableRun:
        return []
    return [Path(one["path"]) for one in record.get("exports", [])]
