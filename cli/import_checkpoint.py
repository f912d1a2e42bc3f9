"""`mlrun import-checkpoint`: the weights of an old `model_dir`, for a Keras model."""

from pathlib import Path
from typing import Annotated, Any

import typer

from kerasrun.cli.options import Json, Traceback

OldModelDir = Annotated[
    str,
    typer.Argument(
        metavar="OLD_MODEL_DIR",
        help="A folder of checkpoints (the newest is taken), a checkpoint such as "
        "DIR/model.ckpt-500, or a SavedModel.",
        show_default=False,
    ),
]


def import_checkpoint(
    old_model_dir: OldModelDir,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="FILE[:NAME]",
            help="The Keras model, as `mlrun train --model` takes it. Without it the checkpoint's "
            "variables are listed.",
            show_default=False,
        ),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param",
            "-p",
            metavar="NAME=VALUE",
            help="A keyword argument of build_model. May be given many times.",
            show_default=False,
        ),
    ] = None,
    map_: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="NEW=OLD",
            help="Decide where a weight comes from; * stands for the same text on both sides, "
            "OLD - for its initial value. May be given many times.",
            show_default=False,
        ),
    ] = None,
    ema: Annotated[
        bool, typer.Option("--ema", help="Take the moving averages of variables that have one.")
    ] = False,
    partial: Annotated[
        bool,
        typer.Option("--partial", help="Weights without a value may keep their initial ones."),
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="Write NAME.keras, NAME.weights.h5, or into any other folder a checkpoint that "
            "an Estimator of this model continues from.",
            show_default=False,
        ),
    ] = None,
    global_step: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            help="The step of the checkpoint written. Default: the old one's.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
    traceback: Traceback = False,
) -> None:
    """List what an old checkpoint holds, or give a Keras model its weights."""
    from kerasrun.cli.errors import interruptible, readable_errors

    with interruptible("nothing was written"), readable_errors(traceback=traceback):
        if model is None:
            given = {"--param": param, "--map": map_, "--ema": ema, "--partial": partial}
            _check_unused({**given, "--to": to, "--global-step": global_step is not None})
            _list(old_model_dir, json=json)
            return
        from kerasrun.runs.import_checkpoint import ImportOrder, parse_mapping
        from kerasrun.runs.params import parse_assignments

        params, mapping = parse_assignments(param or []), parse_mapping(map_ or [])
        _check_step(global_step, to)
        _import(
            ImportOrder(old_model_dir, model, params, mapping, ema, partial, to, global_step),
            json=json,
        )


def _check_unused(given: dict[str, Any]) -> None:
    from kerasrun.runs.errors import UsageError

    for option, value in given.items():
        if value:
            raise UsageError(f"{option} needs --model FILE: whose weights are they to be?")


def _check_step(global_step: int | None, to: Path | None) -> None:
    from kerasrun.runs.errors import UsageError

    if global_step is not None and (to is None or to.name.endswith((".h5", ".keras"))):
        raise UsageError("--global-step is for a checkpoint: give --to MODEL_DIR with it")


def _list(checkpoint: str, *, json: bool) -> None:
    from kerasrun.cli.import_report import contents_json, contents_lines
    from kerasrun.cli.json_shape import to_text
    from kerasrun.runs.import_checkpoint import contents_of

    found = contents_of(checkpoint)
    if json:
        print(to_text(contents_json(found)))
    else:
        print("\n".join(contents_lines(found)))


def _import(order: Any, *, json: bool) -> None:
    from kerasrun.cli.errors import warn
    from kerasrun.cli.import_report import report_json, report_lines
    from kerasrun.cli.json_shape import to_text
    from kerasrun.runs.errors import Refused
    from kerasrun.runs.import_checkpoint import run_import

    done = run_import(order)
    if json:
        print(to_text(report_json(done)))
    else:
        print("\n".join(report_lines(done)))
    if done.report.not_finite:
        warn(f"not all values are finite in {', '.join(done.report.not_finite)}")
    if done.refusal:
        hint = "" if order.partial else ", or give --partial"
        raise Refused(f"{done.refusal} Decide with --map NEW=OLD{hint}.")
