"""Predictions for the rows of a table, by a run's newest export or one of its checkpoints."""

import contextlib
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasrun._tensorflow_import import import_tensorflow
from kerasrun.runs.errors import RunError, UsageError
from kerasrun.runs.outcome import describe
from kerasrun.runs.quiet import without_noise
from kerasrun.runs.reopened import check_reopenable, checkpoint_path, readable, written_for
from kerasrun.runs.run import Run
from kerasrun.runs.saved_models import newest_saved_model
from kerasrun.runs.table_features import Columns, TableFeatures, Wanted
from kerasrun.runs.tables import kind_of, parts_of

if TYPE_CHECKING:
    from kerasrun.exporters.formats.source import Source

Listener = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class PredictOrder:
    """What `mlrun predict` was told.

    Attributes:
        data: The table.
        features: By feature, the columns that make it.
        checkpoint: The step of a checkpoint; None: the newest export, or else checkpoint.
        batch_size: How many rows are read and asked at a time.
    """

    data: Path
    features: Columns = field(default_factory=dict)
    checkpoint: int | None = None
    batch_size: int = 1024


@dataclass(frozen=True)
class Predicted:
    """What was done.

    Attributes:
        model: The export or the checkpoint that was asked.
        rows: How many rows were predicted.
    """

    model: Path
    rows: int


def predict_run(run: Run, order: PredictOrder, listener: Listener) -> Predicted:
    """Asks the run's model about every row of a table.

    What the model file prints goes to stderr.

    Args:
        run: Whose model.
        order: What to predict, and by which model.
        listener: Given each batch of predictions: by output name an array `[rows, ...]`.

    Raises:
        UsageError: There is no model to ask, or the table is not what it is asked with.
        RunError: The model fails.
    """
    kind_of(order.data)
    data = order.data.absolute()
    if not data.exists():
        raise UsageError(f"{order.data}: no such file")
    with (
        without_noise(),
        contextlib.redirect_stdout(sys.stderr),
        readable(),
        _saved_model(run, order.checkpoint) as (model, folder),
    ):
        import_tensorflow()
        from kerasrun.exporters.formats.source import Source

        source = _loaded(Source, folder)
        features = TableFeatures(wanted_by(source), _columns(run, order, source), str(order.data))
        rows = 0
        for part in parts_of(data, order.batch_size):
            if part.rows:
                listener(source(features.of(part)))
            rows += part.rows
    if not rows:
        raise UsageError(f"{order.data} has no rows")
    return Predicted(model, rows)


def _loaded(source: Any, folder: Path) -> Any:
    try:
        return source(str(folder))
    except Exception as error:
        raise RunError(
            f"{folder} cannot be loaded ({describe(error)}); --checkpoint STEP asks a checkpoint",
            detail=traceback.format_exc(),
        ) from error


def wanted_by(source: "Source") -> dict[str, Wanted]:
    """By name, what each row is to have for the inputs of a model."""
    return {
        name: Wanted(
            tuple(spec.shape[1:]) if spec.shape.rank else (),
            "str" if spec.dtype.name == "string" else spec.dtype.name,
        )
        for name, spec in source.inputs.items()
    }


@contextlib.contextmanager
def _saved_model(run: Run, step: int | None) -> Iterator[tuple[Path, Path]]:
    """What is asked, and the SavedModel of it; that of a checkpoint is gone afterwards."""
    export = newest_saved_model(run.folder) if step is None else None
    if export is not None:
        yield export, export
        return
    check_reopenable(run)
    path = checkpoint_path(run, step)
    if path is None:
        raise UsageError(f"run {run.id} has neither an export nor a checkpoint yet")
    with tempfile.TemporaryDirectory(prefix="mlrun-") as folder:
        yield Path(path), Path(written_for(run, folder, path).path)


def _columns(run: Run, order: PredictOrder, source: "Source") -> Columns:
    """Those that the command names, and for the other features those that the run was told."""
    trained = ((run.record.get("settings") or {}).get("features") or {}).get("value") or {}
    known = {name: columns for name, columns in trained.items() if name in source.inputs}
    return {**known, **order.features}
