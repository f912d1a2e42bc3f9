"""Writes YAML: the part of it that manifests need, readable, with every text in quotes."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# YAML does not take these as they are, or breaks the line there; JSON leaves them so.
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def to_yaml(documents: Sequence[Mapping[str, Any]]) -> str:
    """The documents, each after a `---`.

    Args:
        documents: Of mappings, lists, texts, whole numbers and booleans. None is left out.

    >>> print(to_yaml([{"kind": "Job", "spec": {"ports": [{"port": 1}], "args": ["a"]}}]), end="")
    ---
    kind: "Job"
    spec:
      ports:
        - port: 1
      args:
        - "a"
    """
    lines = [line for document in documents for line in ("---", *_lines(document))]
    return "\n".join(lines) + "\n"


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if item is not None:
                yield from _under(f"{key}:", item)
        return
    for item in value:
        if _is_plain(item):
            yield f"- {_plain(item)}"
            continue
        first, *rest = _lines(item)
        yield f"- {first}"
        yield from (f"  {line}" for line in rest)


def _under(head: str, item: Any) -> Iterator[str]:
    if _is_plain(item):
        yield f"{head} {_plain(item)}"
        return
    yield head
    yield from (f"  {line}" for line in _lines(item))


def _is_plain(value: Any) -> bool:
    return not value or not isinstance(value, Mapping | list | tuple)


def _plain(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)  # YAML takes JSON's texts, numbers, [] and {}
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
