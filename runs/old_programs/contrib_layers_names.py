"""What replaces `tf.contrib.layers.*`."""

_DENSE = "tf.compat.v1.layers.dense(x, units, activation=tf.nn.relu)"
_CONV = "tf.compat.v1.layers.conv2d(x, filters, size, padding='same', activation=tf.nn.relu)"

LAYERS = {
    "layers.optimize_loss": "optimizer.minimize(loss, global_step=tf.compat.v1.train."
    "get_global_step())",
    "layers.fully_connected": _DENSE,
    "layers.relu": _DENSE,
    "layers.linear": "tf.compat.v1.layers.dense(x, units)",
    "layers.stack": "tf.compat.v1.layers.dense, once a layer",
    "layers.conv2d": _CONV,
    "layers.convolution2d": _CONV,
    "layers.convolution": _CONV,
    "layers.conv1d": _CONV.replace("2d", "1d"),
    "layers.conv2d_transpose": "tf.compat.v1.layers.conv2d_transpose",
    "layers.separable_conv2d": "tf.compat.v1.layers.separable_conv2d",
    "layers.max_pool2d": "tf.compat.v1.layers.max_pooling2d",
    "layers.avg_pool2d": "tf.compat.v1.layers.average_pooling2d",
    "layers.flatten": "tf.compat.v1.layers.flatten",
    "layers.dropout": "tf.compat.v1.layers.dropout(x, rate=1 - keep_prob, training=...)",
    "layers.batch_norm": "tf.compat.v1.layers.batch_normalization",
    "layers.layer_norm": "tf.keras.layers.LayerNormalization",
    "layers.xavier_initializer": "tf.compat.v1.glorot_uniform_initializer()",
    "layers.xavier_initializer_conv2d": "tf.compat.v1.glorot_uniform_initializer()",
    "layers.variance_scaling_initializer": "tf.compat.v1.variance_scaling_initializer(scale=2.0)",
    "layers.l1_regularizer": "tf.keras.regularizers.L1(scale)",
    "layers.l2_regularizer": "tf.keras.regularizers.L2(0.5 * scale)",
    "layers.l1_l2_regularizer": "tf.keras.regularizers.L1L2(l1, 0.5 * l2)",
    "layers.apply_regularization": "tf.add_n([regularizer(v) for v in variables])",
    "layers.embed_sequence": "tf.nn.embedding_lookup, with tf.compat.v1.get_variable",
    "layers.one_hot_encoding": "tf.one_hot",
    "layers.safe_embedding_lookup_sparse": "tf.nn.safe_embedding_lookup_sparse",
    "layers.embedding_lookup_unique": "tf.nn.embedding_lookup",
    "layers.recompute_grad": "tf.recompute_grad",
    "layers.unit_norm": "tf.math.l2_normalize",
    "layers.softmax": "tf.nn.softmax",
    "layers.summarize_tensor": "tf.compat.v1.summary.histogram",
    "layers.summarize_activation": "tf.compat.v1.summary.histogram",
    "layers.summarize_collection": "tf.compat.v1.summary.histogram",
    # feature columns
    "layers.real_valued_column": "tf.feature_column.numeric_column",
    "layers.bucketized_column": "tf.feature_column.bucketized_column",
    "layers.crossed_column": "tf.feature_column.crossed_column",
    "layers.embedding_column": "tf.feature_column.embedding_column",
    "layers.scattered_embedding_column": "tf.feature_column.embedding_column",
    "layers.shared_embedding_columns": "tf.compat.v1.feature_column.shared_embedding_columns",
    "layers.one_hot_column": "tf.feature_column.indicator_column",
    "layers.weighted_sparse_column": "tf.feature_column.weighted_categorical_column",
    "layers.sparse_column_with_hash_bucket": (
        "tf.feature_column.categorical_column_with_hash_bucket"
    ),
    "layers.sparse_column_with_integerized_feature": (
        "tf.feature_column.categorical_column_with_identity"
    ),
    "layers.sparse_column_with_keys": "tf.feature_column.categorical_column_with_vocabulary_list",
    "layers.sparse_column_with_vocabulary_file": (
        "tf.feature_column.categorical_column_with_vocabulary_file"
    ),
    "layers.create_feature_spec_for_parsing": "tf.feature_column.make_parse_example_spec",
    "layers.input_from_feature_columns": "tf.compat.v1.feature_column.input_layer",
    "layers.weighted_sum_from_feature_columns": "tf.compat.v1.feature_column.linear_model",
    "layers.joint_weighted_sum_from_feature_columns": "tf.compat.v1.feature_column.linear_model",
    "layers.parse_feature_columns_from_examples": (
        "tf.io.parse_example, with tf.feature_column.make_parse_example_spec"
    ),
}

LAYERS_GONE = {
    "layers": "tf.contrib.layers ended with TensorFlow 1: see tf.compat.v1.layers and tf_slim",
}
