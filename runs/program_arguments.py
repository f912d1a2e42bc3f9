"""What a program's arguments say of its parameters, so that runs can be compared by them."""

from collections.abc import Sequence
from typing import Any

from kerasrun.runs.params import convert, plain
from kerasrun.runs.settings import COMMAND_LINE


def params_in(arguments: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The entries of `run.json` for arguments such as `--name=value`, `--name value` and `--name`.

    The program is not asked: what follows a name and does not begin with `-` is taken for its
    value, and a name without one is true. Other arguments are passed over.

    >>> found = params_in(["data.csv", "--batch-size", "32", "--lr=-1e-3", "--verbose"])
    >>> {name: entry["value"] for name, entry in found.items()}
    {'batch_size': 32, 'lr': -0.001, 'verbose': True}
    """
    found: dict[str, dict[str, Any]] = {}
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            break
        if not word.startswith("-") or _is_number(word):
            continue
        name, has_value, text = word.lstrip("-").partition("=")
        name = name.replace("-", "_")
        if not has_value and waiting and _is_value(waiting[0]):
            has_value, text = "=", waiting.pop(0)
        if name.isidentifier():
            value = plain(convert(text, Any)) if has_value else True
            given = {"text": text} if has_value else {}
            found[name] = {"value": value, "origin": COMMAND_LINE, **given}
    return found


def _is_value(word: str) -> bool:
    return not word.startswith("-") or _is_number(word)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
