"""The SavedModels that a run's exporters wrote, found without TensorFlow."""

from pathlib import Path

_FILES = ("saved_model.pb", "saved_model.pbtxt")


def newest_saved_model(folder: Path) -> Path | None:
    """The newest `export/<exporter>/<seconds>` of the run in `folder`; None if there is none."""
    found = [
        path
        for path in folder.glob("export/*/*")
        if path.name.isdigit() and any((path / name).is_file() for name in _FILES)
    ]
    return max(found, key=lambda path: int(path.name), default=None)
