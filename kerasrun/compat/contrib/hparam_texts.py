"""Values of hyperparameters as text: `learning_rate=0.1,units=[10,20],name=small`."""

import re
from collections.abc import Mapping
from typing import Any

_SETTING = re.compile(
    r"""
    \s* (?P<name>[a-zA-Z][\w.]*)
    (?:\[\s*(?P<index>\d+)\s*\])?            # one element
    \s*=\s*
    (?: \[(?P<values>[^\]]*)\] | (?P<value>[^,\[]*) )
    \s* (?:,|$)
    """,
    re.VERBOSE,
)
_TRUTH = {"true": True, "1": True, "false": False, "0": False}
Kinds = Mapping[str, type]


def parse_values(values: str, type_map: Kinds, ignore_unknown: bool = False) -> dict[str, Any]:
    """Reads hyperparameters: `name=value`, `name=[a,b]` and `name[1]=value`, comma-separated.

    Args:
        values: The text.
        type_map: Name to type: `int`, `float`, `bool` or `str`.
        ignore_unknown: Whether other names are passed over.

    Returns:
        Name to value; to a list; or, of single elements, to a dict by index.

    Raises:
        ValueError: The text has another form, a name is unknown or comes twice, a value is not of
            its type.
    """
    found: dict[str, Any] = {}
    position = 0
    while position < len(values):
        setting = _SETTING.match(values, position)
        if setting is None:
            raise ValueError(
                f"Malformed hyperparameters, from {values[position:]!r} on: write name=value, "
                "name=[a,b] or name[index]=value, with commas between."
            )
        position = setting.end()
        name = setting["name"]
        if name not in type_map:
            if ignore_unknown:
                continue
            raise ValueError(f"Unknown hyperparameter {name!r}; there are {sorted(type_map)}.")
        _add(found, setting, type_map[name])
    return found


def _add(found: dict[str, Any], setting: re.Match[str], kind: type) -> None:
    name, index, listed = setting["name"], setting["index"], setting["values"]
    if index is not None and listed is not None:
        raise ValueError(f"Hyperparameter {name}[{index}] must be one value, not a list.")
    if index is None:
        if name in found:
            raise ValueError(f"Hyperparameter {name!r} is given twice.")
        texts = None if listed is None else [text for text in listed.split(",") if text.strip()]
        found[name] = (
            of_text(setting["value"], kind, name)
            if texts is None
            else [of_text(text, kind, name) for text in texts]
        )
        return
    elements = found.setdefault(name, {})
    if not isinstance(elements, dict) or int(index) in elements:
        raise ValueError(f"Hyperparameter {name}[{index}] is given twice.")
    elements[int(index)] = of_text(setting["value"], kind, name)


def of_text(text: str, kind: type, name: str) -> Any:
    """The value of a text; see `parse_values`.

    Raises:
        ValueError: It is not of this type.
    """
    stripped = text.strip()
    try:
        if kind is bool:
            return _TRUTH[stripped.lower()]
        return stripped if kind in (str, type(None)) else kind(stripped)
    except (KeyError, ValueError):
        raise ValueError(
            f"Hyperparameter {name!r} must be of type {kind.__name__}; received {stripped!r}."
        ) from None
