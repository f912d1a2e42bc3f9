"""`tf.contrib.feature_column`: columns of sequences."""

from kerasrun.compat.contrib.elsewhere import names_elsewhere

_WHERE = dict.fromkeys(
    (
        "sequence_categorical_column_with_hash_bucket",
        "sequence_categorical_column_with_identity",
        "sequence_categorical_column_with_vocabulary_file",
        "sequence_categorical_column_with_vocabulary_list",
        "sequence_numeric_column",
    ),
    "tensorflow.compat.v1.feature_column",
)
__all__ = [*_WHERE]
__getattr__ = names_elsewhere(__name__, _WHERE)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
