"""Looks at a sweep's model file before any trial is begun: `python -m …check_job FOLDER`.

It needs TensorFlow, for the model file does; so it is a process of its own.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from kerasrun.runs.errors import RunError
from kerasrun.runs.job_inputs import input_functions
from kerasrun.runs.job_model import apply_seed, loaded_model_file, model_and_inputs
from kerasrun.runs.model_choice import chosen_model, is_keras_model
from kerasrun.runs.model_file import ModelFile
from kerasrun.runs.params import bind
from kerasrun.runs.settings import Settings, from_command_line
from kerasrun.runs.sweep.files import SweepFiles
from kerasrun.runs.sweep.plan import Plan, read_plan


def check_trials(files: SweepFiles, samples: list[dict[str, str]]) -> None:
    """Raises unless the model file can be loaded, builds a model, and takes these parameters.

    Raises:
        UsageError: It cannot, or a parameter is unknown or of another type.
    """
    plan = read_plan(files)
    apply_seed(plan.seed["value"])
    file = loaded_model_file(files.source, {"model": plan.model})
    _build(file, plan, samples[0])
    functions = _functions(file, plan)
    for texts in samples:
        bind(functions, texts, file.name)


def _build(file: ModelFile, plan: Plan, texts: dict[str, str]) -> None:
    """Builds the model of the first trial, as its worker will."""
    record: dict[str, Any] = {
        "model": plan.model,
        "seed": plan.seed,
        "params": {name: {"value": text, "text": text} for name, text in texts.items()},
    }
    model_and_inputs(record, file, Settings(from_command_line(plan.options)))


def _functions(file: ModelFile, plan: Plan) -> dict[str, Any]:
    chosen = chosen_model(file, plan.model["name"])
    functions: dict[str, Any] = {} if is_keras_model(chosen) else {"build_model": chosen}
    settings = Settings(from_command_line(plan.options))
    return functions | input_functions(file, settings, plan.seed["value"])


def main() -> None:
    """Checks the sweep in the folder that is named; the last line of stderr says what is wrong."""
    files = SweepFiles(Path(sys.argv[1]))
    try:
        check_trials(files, json.loads(sys.stdin.read()))
    except RunError as error:
        print(f"{error.detail}\n{error}".strip(), file=sys.stderr, flush=True)
        os._exit(error.exit_code)
    sys.stderr.flush()
    os._exit(0)  # nothing is left to be done, and TensorFlow takes its time to end


if __name__ == "__main__":
    main()
