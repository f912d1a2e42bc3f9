"""What the path of a REST request asks for.

Paths are matched as they came: a model whose name has a `/` is asked for with `%2F`.
"""

import functools
import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple
from urllib.parse import quote, unquote_to_bytes

from kerasrun.exporters.serving.json_document import invalid

__all__ = ["Method", "ModelPath", "parse_path", "raw_path"]

Method = Literal["classify", "regress", "predict", "metadata", "status"]

_VERSION = rb"(?:/versions/(?P<version>[0-9]+)|/labels/(?P<label>[^/:]+))?"
_POST = re.compile(
    rb"/v1/models/(?P<name>[^/:]+)" + _VERSION + rb":(?P<method>classify|regress|predict)",
    re.IGNORECASE | re.DOTALL,
)
_GET = re.compile(
    rb"/v1/models(?:/(?P<name>[^/:]+))?" + _VERSION + rb"(?:/(?P<method>metadata))?",
    re.IGNORECASE | re.DOTALL,
)
_PATTERNS = {"POST": _POST, "GET": _GET}
_MOST_VERSION = 2**63 - 1


class ModelPath(NamedTuple):
    """A model, and what is asked of it.

    Attributes:
        name: The model's name.
        method: `classify`, `regress`, `predict`, `metadata` or `status`.
        version: The number of a version; None where the path has none.
        label: The label of a version; None where the path has none.
    """

    name: str
    method: Method
    version: int | None = None
    label: str | None = None


@functools.lru_cache(maxsize=64)  # most requests ask for the same
def parse_path(http_method: str, path: bytes) -> ModelPath:
    """Returns what a request asks for.

    Args:
        http_method: `GET` or `POST`; no path fits another one.
        path: As it was sent, with its escapes, without a query.

    Raises:
        ServingError: It is no path of TensorFlow Serving's.
    """
    pattern = _PATTERNS.get(http_method)
    match = pattern.fullmatch(path) if pattern else None
    if match is None:
        raise invalid(f"Malformed request: {http_method} {path.decode('utf-8', 'replace')}")
    if match["name"] is None:
        raise invalid("Missing model name in request.")
    method: Any = (match["method"] or b"status").decode().lower()
    label = None if match["label"] is None else _plain(match["label"])
    return ModelPath(_plain(match["name"]), method, _version(match["version"]), label)


def raw_path(scope: Mapping[str, Any]) -> bytes:
    """Returns the path of an ASGI request as it was sent, without the query.

    Servers need not keep it; what the escapes were is lost then.
    """
    path: bytes | None = scope.get("raw_path")
    return quote(scope["path"]).encode() if path is None else path.partition(b"?")[0]


def _plain(name: bytes) -> str:
    return unquote_to_bytes(name).decode("utf-8", "replace")


def _version(digits: bytes | None) -> int | None:
    if digits is None:
        return None
    number = digits.lstrip(b"0") or b"0"
    if len(number) > 19 or int(number) > _MOST_VERSION:
        shown = digits[:100].decode()
        raise invalid(f"Failed to convert version: {shown} to numeric.")
    return int(number)
