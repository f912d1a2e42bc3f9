"""Which TensorFlow a file was written for, by the names that it uses."""

import ast
import functools
import os
import site
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_TENSORFLOW = "tensorflow"
_ONLY_V1 = ("contrib",)
_METHODS = ("make_one_shot_iterator", "make_initializable_iterator")
_MOST_FILES = 500
_OF_GRAPHS = ("Session", "InteractiveSession")
# Ours, or given to both.
_BOTH = ("estimator", "keras", "compat", "python", "feature_column")


@functools.cache
def written_for_v1(file: str) -> bool:
    """Whether a file is of a program that uses names which only TensorFlow 1 has.

    One file of a folder that does so speaks for the others, which may use none.

    Args:
        file: Its path. What is installed was written for what is installed.
    """
    return not _is_installed(file) and _folder_is_of_v1(os.path.dirname(os.path.realpath(file)))


@functools.cache
def needs_graphs(file: str) -> bool:
    """Whether a file builds graphs for sessions of its own."""
    return any(name.split(".")[0] in _OF_GRAPHS for name in _names(file))


@functools.cache
def _folder_is_of_v1(folder: str) -> bool:
    files = sorted(Path(folder).glob("*.py"))[:_MOST_FILES]
    return any(_is_of_v1(name) for file in files for name in _names(str(file)))


def _is_installed(file: str) -> bool:
    path = os.path.realpath(file)
    places = [*site.getsitepackages(), sysconfig.get_path("stdlib"), os.path.dirname(__file__)]
    return any(path.startswith(os.path.realpath(place) + os.sep) for place in places)


def _is_of_v1(name: str) -> bool:
    first = name.split(".")[0]
    if first in _ONLY_V1 or name in _METHODS:
        return True
    if first in _BOTH:
        return False
    import tensorflow as v2
    import tensorflow.compat.v1 as v1

    return not _has(v2, name) and (first == "layers" or _has(v1, name))


def _has(module: Any, name: str) -> bool:
    for part in name.split("."):
        if not hasattr(module, part):
            return False
        module = getattr(module, part)
    return True


@functools.cache
def _names(file: str) -> tuple[str, ...]:
    """What the file uses of `tensorflow`, such as `train.AdamOptimizer`, without what it calls."""
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ()
    return tuple(sorted(set(_used(tree))))


def _used(tree: ast.AST) -> Iterator[str]:
    aliases = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == _TENSORFLOW:
                    aliases.add(alias.asname or _TENSORFLOW)
                elif alias.name.startswith(f"{_TENSORFLOW}."):
                    yield alias.name[len(_TENSORFLOW) + 1 :]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            top, _, rest = node.module.partition(".")
            if top == _TENSORFLOW:
                yield from (f"{rest}.{each.name}".lstrip(".") for each in node.names)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in _METHODS:
            yield node.attr
        if isinstance(node, ast.Attribute) and (chain := _chain(node)):
            first, _, rest = chain.partition(".")
            if first in aliases:
                yield rest


def _chain(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        before = _chain(node.value)
        return f"{before}.{node.attr}" if before else ""
    return node.id if isinstance(node, ast.Name) else ""
