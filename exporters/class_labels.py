"""Labels for the scores of a classifier: what `ClassificationOutput.with_classes` needs."""

from collections.abc import Iterable, Sequence

import tensorflow as tf

_WHO = "ClassificationOutput.with_classes"


def checked_labels(labels: Iterable[str | bytes]) -> tuple[str | bytes, ...]:
    """Returns the labels.

    Raises:
        TypeError: They are one text, or one of them is no text.
        ValueError: There is none, or two are the same.
    """
    if isinstance(labels, (str, bytes)) or not isinstance(labels, Iterable):
        raise TypeError(f"{_WHO} takes a list of texts, one for each class; received {labels!r}.")
    listed = tuple(labels)
    known: set[bytes] = set()
    for label in listed:
        if not isinstance(label, (str, bytes)):
            raise TypeError(
                f"{_WHO}: a label must be a text; found {label!r} in {list(listed)!r}. "
                "Numbers: [str(n) for n in labels]."
            )
        encoded = label.encode() if isinstance(label, str) else label
        if encoded in known:
            raise ValueError(f"{_WHO}: two classes have the label {label!r} in {list(listed)!r}.")
        known.add(encoded)
    if not listed:
        raise ValueError(f"{_WHO} needs at least one label; received none.")
    return listed


def labelled(scores: tf.Tensor, labels: Sequence[str | bytes]) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns scores and classes, both `[batch, labels]`.

    Args:
        scores: Float tensor `[batch, labels]`; for two labels also the probability of the second,
            `[batch, 1]` or `[batch]`.
        labels: In the order of the scores.

    Raises:
        ValueError: There are not as many scores as labels.
    """
    count, shape = len(labels), scores.shape
    if count == 2 and (shape.rank == 1 or (shape.rank == 2 and shape[1] == 1)):
        second = tf.reshape(scores, [-1, 1])
        scores = tf.concat([1.0 - second, second], axis=1)
    elif not shape.is_compatible_with([None, count]):
        one = "" if count == 2 else ", or two for the probability of the second"
        raise ValueError(
            f"{_WHO}: {count} labels {list(labels)!r} for scores of the shape {list(shape)}. Give "
            f"one label for each score of [batch, classes]{one}."
        )
    scores = tf.ensure_shape(scores, [None, count])
    return scores, tf.tile(tf.constant([labels]), [tf.shape(scores)[0], 1])
