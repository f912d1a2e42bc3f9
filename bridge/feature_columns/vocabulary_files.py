"""The vocabulary files of columns travel with the model that is saved."""

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf
from tensorflow.python.feature_column import feature_column_v2 as fc

from kerasrun.bridge.feature_columns.columns import leaves


def copy_files(columns: Iterable[Any], folder: str) -> None:
    """Copies the vocabulary files of columns into a folder.

    Args:
        columns: Feature columns.
        folder: A folder that is there, and empty.

    Raises:
        tf.errors.NotFoundError: A file is gone.
    """
    for number, path in enumerate(_paths(columns)):
        tf.io.gfile.copy(path, os.path.join(folder, _name(number, path)))


def with_files_of(columns: list[Any], folder: str, owner: Any) -> list[Any]:
    """Returns the columns with vocabulary files that `copy_files` wrote of them.

    Args:
        columns: Feature columns, in the same order.
        folder: Where the files are, for now.
        owner: What reads the files: as long as it lives, copies of them stay.
    """
    paths = _paths(columns)
    if not paths:
        return columns
    kept = tempfile.mkdtemp(prefix="kerasrun-vocabulary-")
    weakref.finalize(owner, shutil.rmtree, kept, ignore_errors=True)
    copies: dict[str, str] = {}
    for number, path in enumerate(paths):
        copies[path] = os.path.join(kept, str(number), os.path.basename(path))
        os.mkdir(os.path.dirname(copies[path]))
        tf.io.gfile.copy(os.path.join(folder, _name(number, path)), copies[path])
    return [_with_paths(column, copies) for column in columns]


def _paths(columns: Iterable[Any]) -> list[str]:
    found = [
        str(leaf.vocabulary_file)
        for column in columns
        for leaf in leaves(column)
        if isinstance(leaf, fc.VocabularyFileCategoricalColumn)
    ]
    return list(dict.fromkeys(found))


def _name(number: int, path: str) -> str:
    return f"{number}_{os.path.basename(path)}"


def _with_paths(value: Any, paths: Mapping[str, str]) -> Any:
    """A column, or a part of one, that reads these files in place of its own."""
    if isinstance(value, fc.fc_types.FeatureColumn):
        parts = {name: _with_paths(getattr(value, name), paths) for name in value._fields}
        if isinstance(value, fc.VocabularyFileCategoricalColumn):
            parts["vocabulary_file"] = paths[str(value.vocabulary_file)]
        return value._replace(**parts)
    if isinstance(value, tuple) and any(isinstance(i, fc.fc_types.FeatureColumn) for i in value):
        return tuple(_with_paths(one, paths) for one in value)
    return value
