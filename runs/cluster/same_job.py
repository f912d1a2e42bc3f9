"""Whether a command is the one that began a job: a word that is used twice is a mistake."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from kerasrun.runs.errors import UsageError
from kerasrun.runs.launch import TrainOrder
from kerasrun.runs.model_file import split_name
from kerasrun.runs.settings import COMMAND_LINE


def check_same(order: TrainOrder, run_id: str, record: Mapping[str, Any]) -> None:
    """Raises if the run of a job trains something else than the command asks for.

    The name of the model file, the parameters and the seed are compared; the folder may be another
    on each host, and where the training ends may change.

    Args:
        order: What the command asks for; has a `job`.
        run_id: The run that is there.
        record: The content of its `run.json`.

    Raises:
        UsageError: It names the first that differs.
    """
    if order.model is None:  # it follows from another run
        return
    known, asked = _of_record(record), _of_order(order, order.model)
    for name in dict.fromkeys([*asked, *known]):
        if known.get(name) != asked.get(name):
            raise UsageError(
                f"job {order.job} is run {run_id}, begun {_said(name, known)}, and this command "
                f"comes {_said(name, asked)}. Another training needs another word for --job"
            )


def _of_order(order: TrainOrder, model: str) -> dict[str, str]:
    file, name = split_name(model)
    seed = None if order.seed is None else str(order.seed)
    return _entries(file, name, {key: str(text) for key, text in order.params.items()}, seed)


def _of_record(record: Mapping[str, Any]) -> dict[str, str]:
    model, seed = record.get("model") or {}, record.get("seed") or {}
    params = {
        name: str(entry.get("text"))
        for name, entry in (record.get("params") or {}).items()
        if entry.get("origin") == COMMAND_LINE
    }
    given = seed.get("origin") == COMMAND_LINE and seed.get("value") is not None
    return _entries(
        str(model.get("file")), model.get("name"), params, str(seed["value"]) if given else None
    )


def _entries(
    file: str, name: str | None, params: Mapping[str, str], seed: str | None
) -> dict[str, str]:
    model = PurePath(file).name + (f":{name}" if name else "")
    found = {"--model ": model, **{f"-p {key}=": text for key, text in params.items()}}
    return found if seed is None else {**found, "--seed ": seed}


def _said(name: str, entries: Mapping[str, str]) -> str:
    return f"with {name}{entries[name]}" if name in entries else f"without {name.rstrip(' =')}"
