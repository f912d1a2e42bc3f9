"""A folder that shows TensorBoard some runs: links, and what its HParams tab needs."""

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from kerasrun.runs.compare import rows_of
from kerasrun.runs.event_reader import event_files
from kerasrun.runs.hparams import types_of, write_end, write_experiment, write_start
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.run import Run

_HPARAMS = "events.out.tfevents.0000000000.hparams"  # read before the others
_NOT_LINKED = ("source", "input", "export")
_LONGEST_NAME = 120


class LogFolder:
    """Shows runs in a folder, each by a folder of its own that links to what lies in the run's.

    A run is called by its name and by the parameters that differ; where that tells nothing, or not
    enough, by its id.

    Args:
        path: An empty folder.
        runs: What is shown; their parameters and metrics are the columns of the HParams tab.
    """

    def __init__(self, path: Path, runs: Sequence[Run]) -> None:
        self.path = path
        self._differing = [
            row.name for row in rows_of(runs) if row.kind == "param" and not row.is_same
        ]
        self._types = types_of(runs)
        self._names: dict[str, str] = {}
        self._ended: set[str] = set()
        self._seen: dict[str, int] = {}
        self.show(runs)
        for name in list(self._names.values())[:1]:
            write_experiment(self.path / name / _HPARAMS, runs)

    def show(self, runs: Sequence[Run]) -> None:
        """Adds what is new: runs, files in their folders, and how they ended."""
        labels = {run.id: self._label(run) for run in runs if run.id not in self._names}
        taken = [*self._names.values(), *labels.values()]
        for run in runs:
            with contextlib.suppress(OSError):  # it was removed meanwhile
                if run.id in labels:
                    self._add(run, labels[run.id], alone=taken.count(labels[run.id]) == 1)
                self._link(run)
                if not run.status.active and run.id not in self._ended:
                    write_end(self.path / self._names[run.id] / _HPARAMS, run)
                    self._ended.add(run.id)

    def _add(self, run: Run, label: str, *, alone: bool) -> None:
        short = f"{label}-{run.id[-4:]}" if label else run.id
        # The end of an id is mostly enough to tell runs of one label apart.
        name = next(
            name
            for name in (label if alone and self._differing else short, short, f"{label}-{run.id}")
            if name and name not in self._names.values()
        )
        (self.path / name).mkdir()
        self._names[run.id] = name
        write_start(self.path / name / _HPARAMS, run, self._types)

    def _label(self, run: Run) -> str:
        """`baseline,lr=0.01,units=16`, as far as a folder's name can hold it."""
        pairs = [
            f"{name}={_text(run.params[name])}"
            for name in self._differing
            if run.params.get(name) is not None
        ]
        text = ",".join([*([run.name] if run.name else []), *pairs])
        clean = "".join("-" if one == "/" or not one.isprintable() else one for one in text)
        return clean.encode()[:_LONGEST_NAME].decode(errors="ignore").strip(". ")

    def _link(self, run: Run) -> None:
        folder, model_dir = run.folder.resolve(), RunFiles(run.folder).model_dir.resolve()
        changed = max(folder.stat().st_mtime_ns, model_dir.stat().st_mtime_ns)
        if self._seen.get(run.id) == changed:
            return
        self._seen[run.id] = changed
        entries = [one for one in folder.iterdir() if one.name != "model_dir" and _is_read(one)]
        if model_dir != folder:  # of the user's own, where anything may lie beside
            found = [one for one in model_dir.iterdir() if _is_read(one)]
            entries += [one for one in found if not one.is_dir() or event_files(one)]
        for entry in entries:
            link = self.path / self._names[run.id] / entry.name
            if not link.is_symlink():
                link.symlink_to(entry)


@contextmanager
def log_folder(runs: Sequence[Run]) -> Iterator[LogFolder]:
    """A temporary folder that shows `runs`, one at least."""
    with tempfile.TemporaryDirectory(prefix="kerasrun-tensorboard-") as folder:
        yield LogFolder(Path(folder), runs)


def _is_read(entry: Path) -> bool:
    """Whether TensorBoard may read it: event files, evaluations, and what the projector needs."""
    if entry.name.startswith(".") or entry.name in _NOT_LINKED:
        return False
    projector = ("checkpoint", "projector_config.pbtxt")
    return "tfevents" in entry.name or entry.name in projector or entry.is_dir()


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
