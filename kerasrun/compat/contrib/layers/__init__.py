"""`tf.contrib.layers`: layers as functions, the optimizer in one call, the older columns."""

from kerasrun.compat.contrib.elsewhere import names_elsewhere

_NN = "tensorflow.compat.v1.nn"
_COLUMNS = f"{__name__}.feature_columns"
_WHERE = {
    **dict.fromkeys(
        ("fully_connected", "linear", "relu", "relu6"), f"{__name__}.fully_connected_layer"
    ),
    **dict.fromkeys(("conv2d", "convolution2d"), f"{__name__}.convolution"),
    **dict.fromkeys(("avg_pool2d", "max_pool2d"), f"{__name__}.pooling"),
    **dict.fromkeys(
        ("dropout", "flatten", "one_hot_encoding", "repeat", "softmax", "stack", "unit_norm"),
        f"{__name__}.simple",
    ),
    "batch_norm": f"{__name__}.batch_normalization",
    "layer_norm": f"{__name__}.layer_normalization",
    "embed_sequence": f"{__name__}.embedding",
    **dict.fromkeys(
        (
            "apply_regularization",
            "l1_l2_regularizer",
            "l1_regularizer",
            "l2_regularizer",
            "sum_regularizer",
        ),
        f"{__name__}.regularizers",
    ),
    **dict.fromkeys(
        ("variance_scaling_initializer", "xavier_initializer", "xavier_initializer_conv2d"),
        f"{__name__}.initializers",
    ),
    **dict.fromkeys(("OPTIMIZER_CLS_NAMES", "OPTIMIZER_SUMMARIES"), f"{__name__}.optimizers"),
    "optimize_loss": f"{__name__}.optimizers",
    "safe_embedding_lookup_sparse": _NN,
    **dict.fromkeys(
        (
            "bucketized_column",
            "create_feature_spec_for_parsing",
            "crossed_column",
            "embedding_column",
            "input_from_feature_columns",
            "one_hot_column",
            "real_valued_column",
            "shared_embedding_columns",
            "sparse_column_with_hash_bucket",
            "sparse_column_with_integerized_feature",
            "sparse_column_with_keys",
            "sparse_column_with_vocabulary_file",
            "weighted_sparse_column",
        ),
        _COLUMNS,
    ),
}
__all__ = [*_WHERE]
__getattr__ = names_elsewhere(__name__, _WHERE)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
