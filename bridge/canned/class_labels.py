"""Labels that are classes: by number, or by their names."""

from collections.abc import Iterable, Sequence
from typing import Any

import tensorflow as tf


class ClassLabels:
    """The classes of a head.

    Args:
        n_classes: How many there are.
        label_vocabulary: Their labels, in the order of their ids. None: labels are ids.

    Raises:
        TypeError: `label_vocabulary` is neither list nor tuple, or a label is no text.
        ValueError: It has not `n_classes` labels, or one of them twice.
    """

    def __init__(self, n_classes: int, label_vocabulary: Sequence[Any] | None) -> None:
        self.n_classes = n_classes
        if label_vocabulary is None:
            self.vocabulary: list[str | bytes] | None = None
            return
        if not isinstance(label_vocabulary, (list, tuple)):
            raise TypeError(
                f"label_vocabulary must be a list or a tuple; received {label_vocabulary!r}."
            )
        if not all(isinstance(label, (str, bytes)) for label in label_vocabulary):
            raise TypeError(
                "label_vocabulary must hold the labels as text; received "
                f"{list(label_vocabulary)}. Labels that are numbers from 0 need no vocabulary."
            )
        self.vocabulary = list(label_vocabulary)
        if len(self.vocabulary) != n_classes:
            raise ValueError(
                f"label_vocabulary must have n_classes={n_classes} labels; it has "
                f"{len(self.vocabulary)}: {self.vocabulary}."
            )
        if len(set(self.vocabulary)) != n_classes:
            raise ValueError(f"label_vocabulary has a label twice: {self.vocabulary}.")

    def ids(self, labels: tf.Tensor) -> tf.Tensor:
        """The ids of labels.

        Args:
            labels: Strings where there is a vocabulary, else numbers.

        Raises:
            ValueError: They are of the other type.
            tf.errors.InvalidArgumentError: As the graph runs: there is no such class.
        """
        if self.vocabulary is not None:
            return self._looked_up(labels)
        if labels.dtype == tf.string:
            raise ValueError(
                "labels are strings, and there is no label_vocabulary: give the head or the "
                "Estimator label_vocabulary=[...], the labels in the order of their ids."
            )
        return in_range(labels, self.n_classes)

    def _looked_up(self, labels: tf.Tensor) -> tf.Tensor:
        if labels.dtype != tf.string:
            raise ValueError(
                f"labels must be strings where there is a label_vocabulary; found "
                f"{labels.dtype.name}. Leave label_vocabulary out for labels that are ids."
            )
        ids = tf.range(self.n_classes, dtype=tf.int64)
        table = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(tf.constant(self.vocabulary), ids), -1
        )
        found = table.lookup(labels)
        told = f"A label is not in label_vocabulary {self.vocabulary}. The labels:"
        known = tf.debugging.Assert(tf.reduce_all(found >= 0), [told, labels])
        with tf.control_dependencies([known]):
            return tf.identity(found)

    def names(self, ids: tf.Tensor) -> tf.Tensor:
        """The labels of ids, as strings."""
        if self.vocabulary is None:
            return tf.strings.as_string(ids)
        return tf.gather(tf.constant(self.vocabulary), ids)

    def all_ids(self, logits: tf.Tensor) -> tf.Tensor:
        """The ids of all classes for each example, `[batch, n_classes]`."""
        return self._of_each(tf.range(self.n_classes), logits)

    def all_names(self, logits: tf.Tensor) -> tf.Tensor:
        """The labels of all classes for each example, `[batch, n_classes]`."""
        return self._of_each(self.names(tf.range(self.n_classes)), logits)

    @staticmethod
    def _of_each(row: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        return tf.tile(row[tf.newaxis], [tf.shape(logits)[0], 1])


def in_range(labels: tf.Tensor, n_classes: int) -> tf.Tensor:
    """The labels.

    Raises:
        tf.errors.InvalidArgumentError: As the graph runs: one is below 0 or above
            `n_classes - 1`.
    """
    inside = tf.reduce_all((labels >= 0) & (labels <= tf.cast(n_classes - 1, labels.dtype)))
    told = f"labels must be from 0 to {n_classes - 1}; check n_classes. The labels:"
    with tf.control_dependencies([tf.debugging.Assert(inside, [told, labels])]):
        return tf.identity(labels)


def checked_thresholds(thresholds: Iterable[float] | None) -> tuple[float, ...]:
    """The thresholds of a head.

    Raises:
        ValueError: One is not between 0 and 1.
    """
    checked = tuple(thresholds or ())
    for threshold in checked:
        if not 0 < threshold < 1:
            raise ValueError(f"thresholds must lie between 0 and 1; received {threshold!r}.")
    return checked
