"""Embedding of sequences of numbers."""

from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.compat.contrib.framework.made_variables import model_variable


def embed_sequence(
    ids: Any,
    vocab_size: int | None = None,
    embed_dim: int | None = None,
    unique: bool = False,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    scope: Any = None,
    reuse: bool | None = None,
) -> tf.Tensor:
    """Looks up a vector for each number; its variable is `embeddings`.

    Args:
        ids: int32 or int64 below `vocab_size`, `[batch, length]`.
        vocab_size: How many vectors.
        embed_dim: Their size.
        unique: Whether a number that comes twice is looked up once; the result is the same.
        initializer: Of the vectors `[vocab_size, embed_dim]`.
        regularizer: Adds a loss to the collection of regularization losses.
        trainable: Whether training changes them.
        scope: Of the variable. None: `EmbedSequence`, or a free name like it.
        reuse: Whether it is there already.

    Returns:
        `[batch, length, embed_dim]`.

    Raises:
        ValueError: A size is missing while the variable is not there already.
    """
    if not (reuse or (vocab_size and embed_dim)):
        raise ValueError(
            "embed_sequence needs vocab_size and embed_dim; received "
            f"vocab_size={vocab_size!r} and embed_dim={embed_dim!r}."
        )
    with v1.variable_scope(scope, "EmbedSequence", [ids], reuse=reuse):
        shape = None if not (vocab_size and embed_dim) else [vocab_size, embed_dim]
        embeddings = model_variable(
            "embeddings",
            shape=shape,
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
        )
        return tf.nn.embedding_lookup(embeddings, ids)
