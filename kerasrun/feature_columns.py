"""`tf.feature_column` declarations as Keras 3 layers.

    from kerasrun.feature_columns import FeatureColumns

    model = keras.Sequential([FeatureColumns(columns), keras.layers.Dense(1)])

Importing it imports TensorFlow only when a name is asked for.
"""

from typing import TYPE_CHECKING

from kerasrun._lazy import lazy_names

if TYPE_CHECKING:
    from kerasrun.bridge.feature_columns import (
        DenseFeatures,
        FeatureColumns,
        LinearModel,
        SequenceFeatures,
        embedding_dimension,
        shared_embeddings,
    )

__all__ = [
    "DenseFeatures",
    "FeatureColumns",
    "LinearModel",
    "SequenceFeatures",
    "embedding_dimension",
    "shared_embeddings",
]
__getattr__ = lazy_names(__name__, dict.fromkeys(__all__, "kerasrun.bridge.feature_columns"))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
