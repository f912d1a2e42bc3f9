"""Verdicts on names of TensorFlow 1 that kerasrun puts back, or that differ from what they were."""

from kerasrun.runs.old_programs.verdict import Verdict, differs, unsupported, works

# below tf.compat.v1
V1: dict[str, Verdict] = {
    **works(
        """
        layers.average_pooling1d layers.average_pooling2d layers.average_pooling3d
        layers.batch_normalization layers.conv1d layers.conv2d layers.conv2d_transpose
        layers.conv3d layers.conv3d_transpose layers.dense layers.dropout layers.flatten
        layers.max_pooling1d layers.max_pooling2d layers.max_pooling3d layers.separable_conv1d
        layers.separable_conv2d
        layers.AveragePooling1D layers.AveragePooling2D layers.AveragePooling3D
        layers.BatchNormalization layers.Conv1D layers.Conv2D layers.Conv2DTranspose layers.Conv3D
        layers.Conv3DTranspose layers.Dense layers.Dropout layers.Flatten layers.InputSpec
        layers.Layer layers.MaxPooling1D layers.MaxPooling2D layers.MaxPooling3D
        layers.SeparableConv1D layers.SeparableConv2D
        nn.rnn_cell.BasicLSTMCell nn.rnn_cell.BasicRNNCell nn.rnn_cell.DeviceWrapper
        nn.rnn_cell.DropoutWrapper nn.rnn_cell.GRUCell nn.rnn_cell.LSTMCell
        nn.rnn_cell.LSTMStateTuple nn.rnn_cell.MultiRNNCell nn.rnn_cell.RNNCell
        nn.rnn_cell.ResidualWrapper
        feature_column.input_layer feature_column.linear_model
        feature_column.shared_embedding_columns
        """
    ),
    "layers.experimental": unsupported("call the layers without a Keras style scope"),
    "Session": differs("eager mode is on until tf.disable_eager_execution() is called"),
    "InteractiveSession": differs("eager mode is on until tf.disable_eager_execution() is called"),
}

# below tf and tf.compat.v1
FEATURE_COLUMNS: dict[str, Verdict] = works(
    """
    feature_column.bucketized_column feature_column.categorical_column_with_hash_bucket
    feature_column.categorical_column_with_identity
    feature_column.categorical_column_with_vocabulary_file
    feature_column.categorical_column_with_vocabulary_list feature_column.crossed_column
    feature_column.embedding_column feature_column.indicator_column
    feature_column.make_parse_example_spec feature_column.numeric_column
    feature_column.sequence_categorical_column_with_hash_bucket
    feature_column.sequence_categorical_column_with_identity
    feature_column.sequence_categorical_column_with_vocabulary_file
    feature_column.sequence_categorical_column_with_vocabulary_list
    feature_column.sequence_numeric_column feature_column.shared_embeddings
    feature_column.weighted_categorical_column
    """
)
# what switches eager mode off for the whole program
GRAPH_MODE = ("disable_eager_execution", "disable_v2_behavior")
