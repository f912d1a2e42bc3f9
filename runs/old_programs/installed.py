"""Which names the installed TensorFlow and Keras have, read from their files: neither is imported.

Both keep their public names in files that hold nothing but imports, one a name.
"""

import re
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

_IMPORTED = re.compile(
    r"^(?:(?:from \S+ )?import|[ ]+)[ ]*(?:[\w.]+ as )?(\w+),?(?: #.*)?$", re.MULTILINE
)
_DEFINED = re.compile(r"^(?:(?:def|class) )?(\w+)(?=[(:]|[^=\n]*=)", re.MULTILINE)
_IMPORT_LINE = re.compile(r"^(?:from \S+ )?import (.*)", re.MULTILINE)
_WORD = re.compile(r"\w+")
_ALL_OF = re.compile(r"^from tensorflow\.([\w.]+) import \*", re.MULTILINE)
_OF_KERAS = {"keras", "losses", "metrics", "optimizers", "initializers"}


class Installed:
    """TensorFlow and Keras as they lie on the disk.

    Raises:
        LookupError: One of them is not installed.
    """

    def __init__(self) -> None:
        self._tensorflow = _folder("tensorflow")
        self._keras = _folder("keras") / "_tf_keras" / "keras"
        self._v2 = self._tensorflow / "_api" / "v2"
        self._private: dict[str, bool] = {}  # what was asked already

    def v1_symbol(self, name: str) -> str | None:
        """The public part of a name below `tf.compat.v1`; None if there is none.

        >>> Installed().v1_symbol("train.AdamOptimizer.minimize")
        'train.AdamOptimizer'
        """
        first = name.partition(".")[0]
        if first == "keras":
            return self.keras_symbol(name)
        if name.startswith(
            ("flags.", "app.flags.")
        ):  # absl's; what is below FLAGS is the program's
            below, rest = name.split("flags.", 1)
            return f"{below}flags.{rest.partition('.')[0]}"
        if name in ("flags", "app.flags"):
            return name
        return _symbol(self._v2 / "compat" / "v1", "__init__.py", name)

    def v2_symbol(self, name: str) -> str | None:
        """The public part of a name below `tf`; None if there is none."""
        first, _, rest = name.partition(".")
        if first == "keras":
            return self.keras_symbol(name)
        if first in _OF_KERAS:
            below = _symbol(self._keras / first, "__init__.py", rest) if rest else ""
            return None if below is None else name
        return _symbol(self._v2, "v2.py", name)

    def keras_symbol(self, name: str) -> str | None:
        """The public part of a name that begins with `keras`; None if there is none."""
        _, _, rest = name.partition(".")
        below = _symbol(self._keras, "__init__.py", rest) if rest else ""
        return None if below is None else f"keras.{below}".rstrip(".")

    def has_private(self, name: str) -> bool:
        """Whether a name such as `python.framework.ops.Tensor` is in TensorFlow's own files."""
        if name not in self._private:
            self._private[name] = self._is_there(name.split("."))
        return self._private[name]

    def _is_there(self, parts: list[str]) -> bool:
        place = self._tensorflow
        for part in parts:
            if (place / part).is_dir():
                place = place / part
            elif (place / f"{part}.py").is_file():
                place = place / f"{part}.py"
            elif place.suffix == ".py":
                return self._speaks_of(place, part)
            else:
                return self._speaks_of(place / "__init__.py", part)
        return True

    def _speaks_of(self, path: Path, name: str) -> bool:
        """Whether a file defines or imports a name, or all of a file that does."""
        if path.stem.endswith("_pb2") or name in _names_of(path):
            return True
        modules = _ALL_OF.findall(_text(path))
        files = (self._tensorflow / f"{one.replace('.', '/')}.py" for one in modules)
        return not name.startswith("_") and any(self._speaks_of(one, name) for one in files)


@cache
def release() -> str:
    """The installed TensorFlow, such as `TensorFlow 2.21`; without a number if there is none."""
    try:
        return "TensorFlow " + ".".join(version("tensorflow").split(".")[:2])
    except PackageNotFoundError:
        return "TensorFlow"


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.origin:
        raise LookupError(package)
    return Path(spec.origin).parent


def _symbol(folder: Path, file: str, name: str) -> str | None:
    """As much of `name` as the files of an API list: modules, and one name in the last of them."""
    parts = name.split(".")
    for number, part in enumerate(parts, 1):
        if part.startswith("__"):
            return ".".join(parts[:number])
        if part not in _names_in(folder / file):
            return None
        if not (folder / part).is_dir():
            return ".".join(parts[:number])
        folder, file = folder / part, "__init__.py"
    return name


@cache
def _names_in(path: Path) -> frozenset[str]:
    return frozenset(_IMPORTED.findall(_text(path)))


@cache
def _names_of(path: Path) -> frozenset[str]:
    """What a file defines or imports at its outermost level, and some words more."""
    text = _text(path)
    imported = (word for line in _IMPORT_LINE.findall(text) for word in _WORD.findall(line))
    return frozenset((*_DEFINED.findall(text), *imported, *_IMPORTED.findall(text)))


@cache
def _text(path: Path) -> str:
    """What a file holds; nothing where there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
