"""What a run of your own script writes down at its start: the same `run.json` as `mlrun train`."""

import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kerasrun.runs import clock, ids
from kerasrun.runs.errors import UsageError
from kerasrun.runs.host import describe_host
from kerasrun.runs.json_file import reserve, write_json
from kerasrun.runs.labels import Labels, check_tag
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.packages import main_versions
from kerasrun.runs.params import plain
from kerasrun.runs.records import SCHEMA, TRACKED
from kerasrun.runs.source import keep_git_state, keep_model_file, keep_packages

_GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_TAKEN = ("export", "input", "lock", "heartbeat", "source")


def claim_run(
    root: Path, name: str | None, params: Mapping[str, Any], seed: int | None
) -> RunFiles:
    """Makes the folder of a new run under `root`, with its `run.json` and what it keeps of you.

    Raises:
        UsageError: The root cannot be written.
    """
    files = RunFiles(ids.claim(root))
    try:
        _write_record(files, name, params, seed)
    except BaseException as error:
        shutil.rmtree(files.folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise ids.cannot_make_a_run(root, error) from error
        raise
    return files


def entries(params: Mapping[str, Any], origin: str) -> dict[str, dict[str, Any]]:
    """The entries of `params` in `run.json`; a mapping inside becomes `outer.inner`.

    >>> entries({"lr": 0.1, "net": {"units": 4}}, "script")["net.units"]
    {'value': 4, 'origin': 'script'}
    """
    found: dict[str, dict[str, Any]] = {}
    for name, value in params.items():
        if isinstance(value, Mapping):
            inner = entries(value, origin)
            found |= {f"{name}.{key}": entry for key, entry in inner.items()}
        else:
            found[str(name)] = {"value": plain(_as_python(value)), "origin": origin}
    return found


def scalars(values: Mapping[str, Any]) -> dict[str, float]:
    """The values as Python floats.

    Raises:
        TypeError: One is no single number.
    """
    return {str(tag): _scalar(tag, value) for tag, value in values.items()}


def check_group(group: str) -> None:
    """Raises unless `group` can name metrics and a folder of event files.

    Raises:
        ValueError: It cannot.
    """
    if not _GROUP.fullmatch(group) or group in _TAKEN:
        raise ValueError(
            f"group must be a word of letters, digits, '-' and '_', and none of "
            f"{', '.join(_TAKEN)}; found {group!r}"
        )


def checked_labels(name: str | None, tags: Iterable[str] = (), note: str = "") -> Labels:
    """The tags and the note, if the command line can name them.

    Raises:
        ValueError: It cannot.
        TypeError: The tags are one text.
    """
    if name is not None and (not name.strip() or name.startswith("@")):
        raise ValueError(f"name must be a word that does not begin with @, found {name!r}")
    if isinstance(tags, str):
        raise TypeError(f"tags must be a list of words, found the text {tags!r}")
    words = tuple(tags)
    try:
        for word in words:
            check_tag(word)
    except UsageError as error:
        raise ValueError(str(error)) from None
    return Labels(words, note)


def _write_record(
    files: RunFiles, name: str | None, params: Mapping[str, Any], seed: int | None
) -> None:
    script = _script()
    record = {
        "schema": SCHEMA,
        "id": files.folder.name,
        "kind": TRACKED,
        "name": name,
        "created": clock.to_text(clock.now()),
        "argv": list(sys.orig_argv),
        "cwd": str(Path.cwd()),
        "params": dict(params),
        "settings": {},
        "git": keep_git_state(files, script.parent if script else Path.cwd()),
        "versions": main_versions(),
        "host": describe_host(),
        "attempts": [],
    }
    if script is not None:
        record["model"] = keep_model_file(files, script, None)
    if seed is not None:
        record["seed"] = {"value": int(seed), "origin": "script"}
    keep_packages(files)
    reserve(files.exit_json)
    write_json(files.run_json, record)


def _script() -> Path | None:
    """The file that Python was started with; None in a notebook or a prompt."""
    name = getattr(sys.modules.get("__main__"), "__file__", None)
    path = Path(name).resolve() if name else None
    return path if path is not None and path.is_file() else None


def _scalar(tag: str, value: Any) -> float:
    try:
        if isinstance(value, str | bytes):
            raise TypeError
        return float(_as_python(value))
    except (TypeError, ValueError, RuntimeError):
        found = repr(value)
        found = found if len(found) <= 60 else f"{found[:59]}…"
        raise TypeError(f"metric {tag!r}: expected one number, found {found}") from None


def _as_python(value: Any) -> Any:
    """A Python number for an array or tensor of one element; all else as it is.

    Asked by what the value can do: nothing heavy is imported here.
    """
    shape = getattr(value, "shape", None)
    if shape is None or any(size != 1 for size in shape):
        return value
    if hasattr(value, "detach"):  # torch
        value = value.detach()
    if not hasattr(value, "item") and hasattr(value, "numpy"):  # TensorFlow, Keras
        value = value.numpy()
    return value.item() if hasattr(value, "item") else value
