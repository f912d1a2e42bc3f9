"""The settings of a training, each with where it came from.

In `run.json`: `{"max_steps": {"value": 1000, "origin": "default"}, ...}`. What the command line
says is entered when the run is made; the worker settles the rest.
"""

from collections.abc import Mapping
from typing import Any

COMMAND_LINE = "command line"
MODEL_FILE = "model file"
DEFAULT = "default"


def was_given(origin: str) -> bool:
    """Whether a value of this origin was asked for: on a command line, be it of an earlier run."""
    return origin == COMMAND_LINE or origin.startswith("run ")


class Settings:
    """Reads and settles the entries of `run.json`.

    Args:
        entries: The content of `settings` there; added to in place.
    """

    def __init__(self, entries: dict[str, dict[str, Any]]) -> None:
        self._entries = entries

    def given(self, name: str) -> Any:
        """The value that stands already, or None."""
        entry = self._entries.get(name)
        return entry["value"] if entry else None

    def settle(self, name: str, *choices: tuple[Any, str]) -> Any:
        """The value that stands already, else the first choice that is not None, which is entered.

        >>> entries = {}
        >>> Settings(entries).settle("max_steps", (None, MODEL_FILE), (1000, DEFAULT))
        1000
        >>> entries
        {'max_steps': {'value': 1000, 'origin': 'default'}}
        """
        if name in self._entries:
            return self._entries[name]["value"]
        for value, origin in choices:
            if value is not None:
                self._entries[name] = {"value": value, "origin": origin}
                return value
        return None


def from_command_line(options: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The entries for the options that were given (not None, not empty)."""
    return {
        name: {"value": value, "origin": COMMAND_LINE}
        for name, value in options.items()
        if value is not None and value != {}
    }
