"""Which CSV columns become which features and labels."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf


@dataclass(frozen=True)
class Selection:
    """Features and label, by column name.

    Attributes:
        features: for each feature key a column, or several that are stacked; None means every
            column but the label, each under its own name.
        label: the label's column; None for features alone.
        label_vocabulary: label strings in the order of their numbers; None: as they are.
    """

    features: Mapping[str, str | tuple[str, ...]] | None
    label: str | None
    label_vocabulary: tuple[str, ...] | None

    @functools.cached_property
    def stacked(self) -> set[str]:
        """The columns that are stacked, as float32, with others."""
        return {
            column
            for columns in (self.features or {}).values()
            if not isinstance(columns, str)
            for column in columns
        }

    def columns(self, all_columns: Sequence[str]) -> list[str]:
        """Returns the columns that are read, in the file's order or unknown ones last."""
        if self.features is None:
            return list(all_columns)
        wanted = {column: None for key in self.features for column in _as_tuple(self.features[key])}
        if self.label is not None:
            wanted[self.label] = None
        known = set(all_columns)
        unknown = [column for column in wanted if column not in known]
        return [column for column in all_columns if column in wanted] + unknown

    def examples(self, columns: Mapping[str, tf.Tensor]) -> Any:
        """Returns `{key: [batch] or [batch, n]}`, or that and labels `[batch]`."""
        chosen = self.features
        if chosen is None:
            chosen = {name: name for name in columns if name != self.label}
        features = {key: _feature(columns, chosen[key]) for key in chosen}
        if self.label is None:
            return features
        return features, self._labels(columns[self.label])

    def _labels(self, labels: tf.Tensor) -> tf.Tensor:
        if self.label_vocabulary is None:
            return labels
        known = tf.constant(self.label_vocabulary)
        return tf.argmax(tf.equal(labels[:, tf.newaxis], known), axis=1)


def selection_of(features: Any, label: Any, label_vocabulary: Any) -> Selection:
    """Returns the selection that the arguments of `csv_input_fn` of these names mean.

    Raises:
        TypeError: an argument is of another type.
        ValueError: nothing is selected, or something twice.
    """
    if label is not None and not isinstance(label, str):
        raise TypeError(f"label must be a column's name or None, got {label!r}.")
    return Selection(_feature_map(features), label, _vocabulary(label_vocabulary, label))


def _feature_map(features: Any) -> dict[str, str | tuple[str, ...]] | None:
    if features is None:
        return None
    if isinstance(features, str) or not isinstance(features, Mapping | Sequence):
        raise TypeError(
            "features must be a list of column names or a dict of feature key to column name(s), "
            f"got {features!r}."
        )
    if not features:
        raise ValueError("features is empty; None means every column but the label.")
    if isinstance(features, Mapping):
        return {_name(key): _columns(key, features[key]) for key in features}
    if len(set(map(_name, features))) < len(features):
        raise ValueError(f"features names a column twice: {list(features)}.")
    return {name: name for name in features}


def _columns(key: str, columns: Any) -> str | tuple[str, ...]:
    if isinstance(columns, str):
        return columns
    if not isinstance(columns, Sequence) or not columns:
        raise TypeError(
            f"features[{key!r}] must be a column name or a list of them, got {columns!r}."
        )
    return tuple(map(_name, columns))


def _name(name: Any) -> str:
    if not isinstance(name, str):
        raise TypeError(f"features: names must be strings, got {name!r}.")
    return name


def _vocabulary(vocabulary: Any, label: str | None) -> tuple[str, ...] | None:
    if vocabulary is None:
        return None
    if label is None:
        raise ValueError("label_vocabulary is given but no label; name the label's column.")
    if isinstance(vocabulary, str) or not all(isinstance(value, str) for value in vocabulary):
        raise TypeError(f"label_vocabulary must be a list of strings, got {vocabulary!r}.")
    if not vocabulary or len(set(vocabulary)) < len(vocabulary):
        raise ValueError(f"label_vocabulary must hold different strings, got {list(vocabulary)}.")
    return tuple(vocabulary)


def _feature(columns: Mapping[str, tf.Tensor], names: str | tuple[str, ...]) -> tf.Tensor:
    if isinstance(names, str):
        return columns[names]
    return tf.stack([tf.cast(columns[name], tf.float32) for name in names], axis=1)


def _as_tuple(names: str | tuple[str, ...]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names
