"""`mlrun export`: a run's model for other programs."""

from pathlib import Path
from typing import Annotated, Any

import typer

from kerasrun.cli.options import Json, Root, RunName, Traceback


def export(
    run: RunName,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help="One of saved_model, keras, tflite, onnx and coreml.",
        ),
    ] = "saved_model",
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="Where it shall lie. Default: export/FORMAT/<seconds> in the run's folder.",
            show_default=False,
        ),
    ] = None,
    quantize: Annotated[
        str | None,
        typer.Option(
            metavar="HOW",
            help="Smaller weights: float16 or int8 for tflite and coreml, dynamic for tflite.",
            show_default=False,
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Fix the number of rows that are answered at a time. Default: any number.",
            show_default=False,
        ),
    ] = None,
    checkpoint: Annotated[
        int | None,
        typer.Option(
            metavar="STEP", min=0, help="Which checkpoint. Default: the newest.", show_default=False
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace an earlier export at --to.")
    ] = False,
    eval_steps: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            help="Batches of evaluation data for the metrics. Default: as in the run; 0: none.",
            show_default=False,
        ),
    ] = None,
    root: Root = None,
    json: Json = False,
    traceback: Traceback = False,
) -> None:
    """Export a run's model, and compare the two on evaluation data."""
    from kerasrun.cli.errors import interruptible, readable_errors
    from kerasrun.cli.json_shape import SCHEMA, to_text
    from kerasrun.runs.export import ExportOrder, check_order, export_run
    from kerasrun.runs.query import find_run
    from kerasrun.runs.root import runs_root

    order = ExportOrder(form, to, quantize, batch_size, checkpoint, force, eval_steps)
    with interruptible("nothing was exported"), readable_errors(traceback=traceback):
        check_order(order)
        found = find_run(run, runs_root(root))
        done = export_run(found, order)
        if json:
            print(to_text({"schema": SCHEMA, "run": found.id, **_shape(done)}))
        else:
            print(_line(done))
            if done.metrics:
                print(_metrics_line(done))


def _shape(done: Any) -> dict[str, Any]:
    return {
        "format": done.form,
        "path": done.path,
        "bytes": done.size,
        "examples": done.examples,
        "difference": done.difference,
        "quantize": done.quantize,
        "note": done.note,
        "metrics": done.metrics,
        "metrics_as_trained": done.metrics_as_trained,
    }


def _line(done: Any) -> str:
    from kerasrun.cli.lines import number

    text = f"export  {done.path}   {_bytes(done.size)}   "
    if done.difference is None:
        return text + (done.note or "not run: no examples fit it")
    difference = number(done.difference) if done.difference else "0.0"
    text += f"answers as evaluated ({done.examples} examples, largest difference {difference})"
    return text + (f"; {done.note}" if done.note else "")


def _metrics_line(done: Any) -> str:
    """`eval    accuracy 0.9667 (as trained: 0.9667)`."""
    from kerasrun.cli.lines import number, ordered_tags

    parts = [
        f"{tag} {number(done.metrics[tag])} (as trained: {number(done.metrics_as_trained[tag])})"
        for tag in ordered_tags(list(done.metrics))
    ]
    return "eval    " + "   ".join(parts)


def _bytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.1f} kB"
