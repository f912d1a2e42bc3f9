"""What is in a checkpoint of an old program, and its weights for a Keras model of a model file."""

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasrun._tensorflow_import import import_tensorflow
from kerasrun.runs.errors import ModelFileError, Refused, RunError, UsageError
from kerasrun.runs.job_inputs import specs_of
from kerasrun.runs.model_choice import built_model, chosen_model, is_keras_model
from kerasrun.runs.model_file import ModelFile, existing_model_file, load_model_file, split_name
from kerasrun.runs.params import bind
from kerasrun.runs.quiet import without_noise
from kerasrun.runs.reopened import readable

if TYPE_CHECKING:
    from kerasrun.bridge.checkpoint_import import ImportReport
    from kerasrun.bridge.checkpoint_import_contents import CheckpointContents

_WEIGHTS_END, _MODEL_END = ".weights.h5", ".keras"


@dataclass(frozen=True)
class ImportOrder:
    """What `mlrun import-checkpoint` was told.

    Attributes:
        checkpoint: A folder of checkpoints, a checkpoint's prefix or a SavedModel.
        model: `FILE[:NAME]` of the model file.
        params: Texts of keyword arguments of its `build_model`.
        mapping: Names of weights to names in the checkpoint.
        averages: Whether moving averages are taken.
        partial: Whether weights may keep their initial values.
        to: Where the result is written: a Keras file, or a folder for a checkpoint; None: nowhere.
        global_step: That of the checkpoint written; None: the old one's.
    """

    checkpoint: str
    model: str
    params: Mapping[str, str] = field(default_factory=dict)
    mapping: Mapping[str, str] = field(default_factory=dict)
    averages: bool = False
    partial: bool = False
    to: Path | None = None
    global_step: int | None = None


@dataclass(frozen=True)
class Imported:
    """What came of it.

    Attributes:
        report: The pairs, and what is left on both sides.
        written: The checkpoint's prefix or the file; None: nothing was written.
        global_step: That of the checkpoint written, or None.
        refusal: Why it could not be done; None: it was.
    """

    report: "ImportReport"
    written: str | None = None
    global_step: int | None = None
    refusal: str | None = None


def parse_mapping(texts: list[str]) -> dict[str, str]:
    """`["dense/kernel=hidden/kernel"]` to `{"dense/kernel": "hidden/kernel"}`.

    Raises:
        UsageError: One has no `=` or nothing beside it, or a name comes twice with another one.
    """
    found: dict[str, str] = {}
    for text in texts:
        new, _, old = text.partition("=")
        if not new or not old:
            raise UsageError(f"--map {text}: expected NEW=OLD, such as dense/kernel=hidden/kernel")
        if found.setdefault(new, old) != old:
            raise UsageError(f"--map {new} is given twice: {found[new]!r} and {old!r}")
    return found


def contents_of(checkpoint: str) -> "CheckpointContents":
    """What is in a checkpoint.

    Raises:
        UsageError: There is none.
        RunError: It is damaged.
    """
    with without_noise(), readable(), _told_by_class():
        import_tensorflow()
        from kerasrun.bridge.checkpoint_import_contents import read_contents

        return read_contents(checkpoint)


def run_import(order: ImportOrder) -> Imported:
    """Maps a checkpoint onto the model of a model file, and writes the result if it is whole.

    What the model file prints goes to stderr.

    Raises:
        UsageError: There is no checkpoint, the model file cannot be used, a pair of the mapping
            does not fit, or the place to write to is none.
        Refused: There is something at that place.
        RunError: The checkpoint is damaged, or the result could not be written.
    """
    name, asked = split_name(order.model)
    path = existing_model_file(name, Path.cwd())
    _check_place(order.to)
    with (
        without_noise(),
        contextlib.redirect_stdout(sys.stderr),
        readable(),
        _told_by_class(),
    ):
        import_tensorflow()
        from kerasrun.bridge.checkpoint_import import plan_import, reason_against, take_values
        from kerasrun.bridge.checkpoint_import_contents import read_contents

        contents = read_contents(order.checkpoint)
        model = _model(load_model_file(path), asked, order.params)
        _check_writable_as(order.to, model)
        report = plan_import(model, contents, order.mapping, averages=order.averages)
        refusal = reason_against(report, partial=order.partial)
        if refusal is not None or order.to is None:
            return Imported(report, refusal=refusal)
        report = take_values(model, contents, report)
        return _written(order, order.to, model, report)


def _check_place(to: Path | None) -> None:
    if to is None:
        return
    if to.suffix == ".h5" and not to.name.endswith(_WEIGHTS_END):
        raise UsageError(f"--to {to}: expected a name that ends in {_WEIGHTS_END} or {_MODEL_END}")
    if not _is_file(to):
        if to.exists() and not to.is_dir():
            raise UsageError(
                f"--to {to} is a file: expected a folder, or a name that ends in "
                f"{_WEIGHTS_END} or {_MODEL_END}"
            )
        return
    if not to.absolute().parent.is_dir():
        raise UsageError(f"--to {to}: there is no folder {to.parent}")
    if os.path.lexists(to):
        raise Refused(f"{to} is there already: give another --to")


def _check_writable_as(to: Path | None, model: Any) -> None:
    if to is None or _is_file(to):
        return
    from kerasrun.bridge.checkpoint_import_files import check_no_checkpoint

    if getattr(model, "optimizer", None) is None:
        raise UsageError(
            f"--to {to}: the model is not compiled, and training could not continue there: call "
            f"its compile(), or name a file that ends in {_WEIGHTS_END} or {_MODEL_END}"
        )
    check_no_checkpoint(str(to))


def _is_file(to: Path) -> bool:
    return to.name.endswith((_WEIGHTS_END, _MODEL_END))


def _written(order: ImportOrder, to: Path, model: Any, report: "ImportReport") -> Imported:
    from kerasrun.bridge.checkpoint_import_files import write_as_checkpoint, write_as_keras_file

    if _is_file(to):
        write_as_keras_file(model, str(to))
        return Imported(report, str(to))
    step = order.global_step if order.global_step is not None else report.step or 0
    return Imported(report, write_as_checkpoint(model, str(to), step), step)


def _model(file: ModelFile, asked: str | None, params: Mapping[str, str]) -> Any:
    """The model of a model file, built."""
    chosen = chosen_model(file, asked)
    if is_keras_model(chosen):
        if params:
            raise UsageError(
                f"unknown parameter {sorted(params)[0]!r}: {file.name} defines a ready-made model"
            )
        model = chosen
    else:
        binding = bind({"build_model": chosen}, params, file.name)
        model = built_model(file, chosen, binding.arguments["build_model"])
    if not model.built:
        _build(model, file)
    return model


def _build(model: Any, file: ModelFile) -> None:
    """Gives a model without an Input the shapes of its data."""
    from kerasrun.bridge.checkpoint_import_build import build_for

    for name in ("eval", "train"):
        specs = specs_of(file, f"{name}_spec")
        input_fn = file.guarded(specs[0].input_fn) if specs else file.function(f"{name}_input_fn")
        if input_fn is not None:
            build_for(model, input_fn)
            return
    raise ModelFileError(
        f"{file.name}: the model has no shapes before it sees data: begin it with a keras.Input, "
        "or define eval_input_fn"
    )


@contextlib.contextmanager
def _told_by_class() -> Iterator[None]:
    """Inside it, the bridge's errors become those of the command."""
    from kerasrun.bridge.checkpoint_import_contents import (
        NoCheckpointError,
        UnreadableCheckpointError,
    )
    from kerasrun.bridge.checkpoint_import_files import ExistsError
    from kerasrun.bridge.checkpoint_import_mapping import MappingError
    from kerasrun.bridge.errors import ModelDirInUseError

    try:
        yield
    except (ExistsError, ModelDirInUseError) as error:
        raise Refused(str(error)) from error
    except (NoCheckpointError, MappingError) as error:
        raise UsageError(str(error)) from error
    except UnreadableCheckpointError as error:
        raise RunError(str(error)) from error
