"""`tf.feature_column` declarations as Keras 3 layers."""

from kerasrun.bridge.feature_columns.dense import DenseFeatures, FeatureColumns
from kerasrun.bridge.feature_columns.dimension import embedding_dimension
from kerasrun.bridge.feature_columns.linear import LinearModel
from kerasrun.bridge.feature_columns.sequence import SequenceFeatures
from kerasrun.bridge.feature_columns.shared_embeddings import shared_embeddings

__all__ = [
    "DenseFeatures",
    "FeatureColumns",
    "LinearModel",
    "SequenceFeatures",
    "embedding_dimension",
    "shared_embeddings",
]
