"""The input functions of a training: of CSV files, or those that the model file defines."""

from collections.abc import Callable
from typing import Any

from kerasrun.runs.errors import ModelFileError, UsageError
from kerasrun.runs.model_file import ModelFile
from kerasrun.runs.settings import Settings

InputFn = Callable[..., Any]

_OPTIONS = {"train_input_fn": "train_data", "eval_input_fn": "eval_data"}
_SPECS = {"train_input_fn": "train_spec", "eval_input_fn": "eval_spec"}


def input_functions(file: ModelFile, settings: Settings, seed: int) -> dict[str, InputFn]:
    """`train_input_fn` and `eval_input_fn`, not yet bound to parameters.

    `--train-data` and `--eval-data` come first, then those of the file's `train_spec` and
    `eval_spec`, then its functions of these names.

    Raises:
        ModelFileError: There is no function and no data for one of them.
        UsageError: `--batch-size` is given, and nothing takes it.
    """
    return {name: _input_function(name, file, settings, seed) for name in _OPTIONS}


def _input_function(name: str, file: ModelFile, settings: Settings, seed: int) -> InputFn:
    data = settings.given(_OPTIONS[name])
    if data is not None:
        return _of_csv(data, settings, seed, training=name == "train_input_fn")
    specs = specs_of(file, _SPECS[name])
    if specs:
        return file.guarded(specs[0].input_fn)
    function = file.function(name)
    if function is not None:
        return function
    option = "--" + _OPTIONS[name].replace("_", "-")
    raise ModelFileError(f"{file.name} defines no {name}: define it, or give {option} FILE.csv")


def specs_of(file: ModelFile, name: str) -> list[Any]:
    """The file's `train_spec`, or its `eval_spec`, which may be several; empty without.

    Raises:
        ModelFileError: It is something else.
    """
    found = file.get(name)
    several = isinstance(found, list) and name == "eval_spec"
    specs = list(found) if several else [found]
    if found is None or not specs:
        return []
    for spec in specs:
        if not hasattr(spec, "input_fn"):
            kind = "a TrainSpec" if name == "train_spec" else "an EvalSpec, or a list of them"
            raise ModelFileError(f"{file.name}: {name} holds {spec!r}, expected {kind}")
    return specs


def _of_csv(pattern: str, settings: Settings, seed: int, *, training: bool) -> InputFn:
    from kerasrun.input_fns import csv_input_fn

    batch_size = settings.given("batch_size")
    sizes = {} if batch_size is None else {"batch_size": batch_size}
    return csv_input_fn(
        pattern,
        label=settings.given("label"),
        features=settings.given("features"),
        num_epochs=None if training else 1,
        shuffle=training,
        seed=seed,
        **sizes,
    )


def refuse_unused_batch_size(
    settings: Settings, takers: dict[str, Any], texts: dict[str, str], file: ModelFile
) -> None:
    """Whoever gives `--batch-size` must find that something takes it.

    Args:
        settings: Those of the run.
        takers: By function name, its parameters.
        texts: What `-p` gave.
        file: The model file.

    Raises:
        UsageError: Nothing takes it, or `-p batch_size` says it too.
    """
    if settings.given("batch_size") is None:
        return
    if "batch_size" in texts:
        raise UsageError("give --batch-size or -p batch_size, not both")
    from_csv = settings.given("train_data") or settings.given("eval_data")
    if not from_csv and not any("batch_size" in names for names in takers.values()):
        raise UsageError(
            f"--batch-size: no input function of {file.name} has a parameter batch_size. "
            "Write def train_input_fn(batch_size=32): ..., or leave the option out."
        )
