"""Writes YAML: the part of it that manifests need, readable, with every text in quotes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any


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
    return json.dumps(value, ensure_ascii=False)  # YAML takes JSON's texts, numbers, [] and {}
