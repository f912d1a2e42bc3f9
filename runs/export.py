"""A run's model in a format that other programs take: written aside, run, put in place."""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kerasrun._tensorflow_import import import_tensorflow
from kerasrun.runs.errors import Refused, RunError, UsageError
from kerasrun.runs.export_metrics import with_metrics
from kerasrun.runs.quiet import without_noise
from kerasrun.runs.reopened import Written, check_reopenable, checkpoint_path, readable, written_for
from kerasrun.runs.run import Run

if TYPE_CHECKING:
    from kerasrun.exporters.formats.conversion import Conversion
    from kerasrun.exporters.formats.source import Source

ENDS = {
    "saved_model": "",
    "keras": ".keras",
    "tflite": ".tflite",
    "onnx": ".onnx",
    "coreml": ".mlpackage",
}
QUANTIZE = {"tflite": ("dynamic", "float16", "int8"), "coreml": ("float16", "int8")}


@dataclass(frozen=True)
class ExportOrder:
    """What `mlrun export` was told.

    Attributes:
        form: One of `ENDS`.
        to: Where it shall lie; None: `export/<form>/<seconds>` in the run's folder.
        quantize: How weights are made smaller, or None.
        batch_size: Fixes the number of rows; None: any.
        checkpoint: The step of the checkpoint; None: the newest.
        force: Whether what is at `to` may be replaced.
        eval_steps: On how many batches of evaluation data the metrics are computed; None: on those
            of the run's own evaluation; 0: not at all.
    """

    form: str
    to: Path | None = None
    quantize: str | None = None
    batch_size: int | None = None
    checkpoint: int | None = None
    force: bool = False
    eval_steps: int | None = None


def check_order(order: ExportOrder) -> None:
    """Looks at what needs no model.

    Raises:
        UsageError: There is no such format or quantization, or `to` does not end as the format
            does or lies in no folder.
        Refused: There is something at `to`, and `force` is not given; or it is nothing that an
            export could have written.
    """
    if order.form not in ENDS:
        raise UsageError(f"--format {order.form!r}: expected one of {', '.join(ENDS)}")
    known = QUANTIZE.get(order.form, ())
    if order.quantize is not None and order.quantize not in known:
        expected = f"one of {', '.join(known)}" if known else "none, for it has no quantization"
        raise UsageError(f"--quantize {order.quantize}: {order.form} expects {expected}")
    if order.to is None:
        return
    end = ENDS[order.form]
    if end and order.to.suffix != end:
        raise UsageError(f"--to {order.to}: expected a name that ends in {end}")
    if not order.to.absolute().parent.is_dir():
        raise UsageError(f"--to {order.to}: there is no folder {order.to.parent}")
    if os.path.lexists(order.to):
        _check_replaceable(order.to, order)


def _check_replaceable(to: Path, order: ExportOrder) -> None:
    if not order.force:
        raise Refused(f"{to} is there already: give --force to replace it, or another --to")
    marks = {"saved_model": ("saved_model.pb", "saved_model.pbtxt"), "coreml": ("Manifest.json",)}
    if order.form in marks:
        fits = to.is_dir() and any((to / mark).is_file() for mark in marks[order.form])
    else:
        fits = to.is_file()
    if not fits:
        raise Refused(f"{to} is no {order.form} export, and is not replaced: give another --to")


def export_run(run: Run, order: ExportOrder) -> "Conversion":
    """Exports a checkpoint of a run, runs the export on evaluation data, and computes its metrics.

    What the model file prints goes to stderr. The run's own exports are left as they are.

    Args:
        run: Whose model.
        order: Which checkpoint, which format, and where to.

    Raises:
        UsageError, Refused: As in `check_order`; or there is no such checkpoint.
        RunError: The model cannot be had in this format, or answers otherwise there.
    """
    check_order(order)
    check_reopenable(run)
    path = checkpoint_path(run, order.checkpoint)
    if path is None:
        raise UsageError(f"run {run.id} has no checkpoint yet: there is nothing to export")
    to = None if order.to is None else order.to.absolute()
    with without_noise(), contextlib.redirect_stdout(sys.stderr), readable():
        import_tensorflow()
        from kerasrun.exporters.formats.errors import ConversionError

        try:
            if to is None:
                return _into_run(run, order, path)
            return _to(to, run, order, path)
        except ConversionError as error:
            raise RunError(str(error)) from error


def _into_run(run: Run, order: ExportOrder, checkpoint: str) -> "Conversion":
    from kerasrun.exporters.formats.format_exporter import write_beside

    base = run.folder / "export" / order.form
    written = written_for(run, str(base), checkpoint, order.batch_size)
    try:
        if order.form == "saved_model":
            return _made(run, order, written, written.path)
        name = f"model{ENDS[order.form]}"
        return write_beside(written.path, name, lambda path: _made(run, order, written, path))
    except BaseException:
        shutil.rmtree(written.path, ignore_errors=True)
        with contextlib.suppress(OSError):  # others lie there
            base.rmdir()
        raise


def _to(to: Path, run: Run, order: ExportOrder, checkpoint: str) -> "Conversion":
    with _aside(to) as folder:
        written = written_for(run, str(folder / "saved"), checkpoint, order.batch_size)
        made = folder / f"model{ENDS[order.form]}"
        made = Path(written.path) if order.form == "saved_model" else made
        conversion = _made(run, order, written, str(made))
        if os.path.lexists(to):  # perhaps it has come meanwhile
            _check_replaceable(to, order)
            to.rename(folder / "replaced")
        made.rename(to)
    return type(conversion)(**{**vars(conversion), "path": str(to)})


@contextlib.contextmanager
def _aside(to: Path) -> Iterator[Path]:
    """A folder beside `to`, gone afterwards."""
    try:
        folder = tempfile.mkdtemp(dir=to.parent, prefix=f".{to.name}.")
    except OSError as error:
        raise UsageError(f"--to {to} cannot be written: {error.strerror}") from error
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _made(run: Run, order: ExportOrder, written: Written, path: str) -> "Conversion":
    """The model in its format, with its metrics."""
    from kerasrun.exporters.formats.source import Source

    source = Source(written.path)
    conversion = _converted(order, written, source, path)
    with contextlib.chdir(run.record["cwd"]):  # where its data may lie
        return with_metrics(conversion, written, source, order.eval_steps)


def _converted(order: ExportOrder, written: Written, source: "Source", path: str) -> "Conversion":
    from kerasrun.exporters.formats.examples import examples_for

    if order.form == "saved_model":
        return _of_saved_model(written)
    examples = examples_for(source, written.estimator.eval_examples)
    if order.form == "keras":
        from kerasrun.runs.export_keras import save_keras

        return save_keras(written.estimator.program, source, path, examples)
    if order.form == "tflite":
        from kerasrun.exporters.formats.tflite import convert_to_tflite

        return convert_to_tflite(source.folder, path, examples, quantize=order.quantize)
    if order.form == "onnx":
        from kerasrun.exporters.formats.onnx import convert_to_onnx

        return convert_to_onnx(source.folder, path, examples)
    from kerasrun.exporters.formats.coreml import convert_to_coreml

    return convert_to_coreml(source.folder, path, examples, quantize=order.quantize)


def _of_saved_model(written: Written) -> "Conversion":
    from kerasrun.exporters.formats.conversion import Conversion, size_of

    difference = written.difference if written.examples else None
    return Conversion(
        "saved_model", written.path, size_of(written.path), written.examples, difference
    )
