"""Verdicts on names of `tf.keras` that Keras 3 has no more, or has as an empty shell."""

from kerasrun.runs.old_programs.verdict import Verdict, edit, unsupported

KERAS: dict[str, Verdict] = {
    "keras.optimizers.legacy": edit("tf.keras.optimizers, without legacy"),
    "keras.backend.set_learning_phase": edit("training=True or False where the model is called"),
    "keras.backend.learning_phase": edit("training=True or False where the model is called"),
    "keras.backend.get_session": unsupported("Keras 3 has no sessions: leave it out"),
    "keras.backend.set_session": unsupported("Keras 3 has no sessions: leave it out"),
    "keras.layers.DenseFeatures": edit("kerasrun.feature_columns.DenseFeatures"),
    "keras.experimental.SequenceFeatures": edit("kerasrun.feature_columns.SequenceFeatures"),
    "keras.experimental.LinearModel": edit("kerasrun.feature_columns.LinearModel"),
    "keras.experimental.export_saved_model": edit("model.export(folder)"),
    "keras.experimental.load_from_saved_model": edit("tf.saved_model.load(folder)"),
    "keras.experimental.WideDeepModel": edit(
        "tf.estimator.DNNLinearCombinedClassifier or DNNLinearCombinedRegressor"
    ),
    "keras.utils.multi_gpu_model": unsupported("use tf.distribute.MirroredStrategy"),
    "keras.wrappers.scikit_learn": unsupported("use scikeras (pip install scikeras)"),
    "keras.layers.CuDNNGRU": edit("tf.keras.layers.GRU"),
    "keras.layers.CuDNNLSTM": edit("tf.keras.layers.LSTM"),
}
