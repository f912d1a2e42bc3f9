"""What replaces `tf.contrib.learn.*`, which came before `tf.estimator`."""

_RUN = "tf.estimator.train_and_evaluate(estimator, tf.estimator.TrainSpec(...), tf.estimator."
_RUN += "EvalSpec(...))"
_DATA = "tf.keras.datasets"

LEARN = {
    "learn.Experiment": _RUN,
    "learn.learn_runner.run": _RUN,
    "learn.learn_runner": _RUN,
    "learn.run_config.RunConfig": "tf.estimator.RunConfig",
    "learn.RunConfig": "tf.estimator.RunConfig",
    "learn.Estimator": "tf.estimator.Estimator",
    "learn.ModelFnOps": "tf.estimator.EstimatorSpec",
    "learn.ModeKeys": "tf.estimator.ModeKeys, with PREDICT for INFER",
    "learn.MetricSpec": "tf.estimator.add_metrics",
    "learn.ExportStrategy": "tf.estimator.FinalExporter or LatestExporter",
    "learn.make_export_strategy": "tf.estimator.FinalExporter or LatestExporter",
    "learn.utils.saved_model_export_utils.make_export_strategy": (
        "tf.estimator.FinalExporter or LatestExporter"
    ),
    "learn.utils.saved_model_export_utils": "tf.estimator.FinalExporter or LatestExporter",
    "learn.utils.input_fn_utils.InputFnOps": "tf.estimator.export.ServingInputReceiver",
    "learn.utils.input_fn_utils.build_parsing_serving_input_fn": (
        "tf.estimator.export.build_parsing_serving_input_receiver_fn"
    ),
    "learn.InputFnOps": "tf.estimator.export.ServingInputReceiver",
    "learn.build_parsing_serving_input_fn": (
        "tf.estimator.export.build_parsing_serving_input_receiver_fn"
    ),
    "learn.learn_io.numpy_input_fn": "tf.compat.v1.estimator.inputs.numpy_input_fn",
    "learn.learn_io.pandas_input_fn": "tf.compat.v1.estimator.inputs.pandas_input_fn",
    "learn.io.numpy_input_fn": "tf.compat.v1.estimator.inputs.numpy_input_fn",
    "learn.io.pandas_input_fn": "tf.compat.v1.estimator.inputs.pandas_input_fn",
    "learn.read_batch_examples": "tf.data.TFRecordDataset or tf.data.TextLineDataset",
    "learn.read_batch_features": "tf.data.experimental.make_batched_features_dataset",
    "learn.infer_real_valued_columns_from_input": (
        "tf.feature_column.numeric_column(name, shape), one for each feature"
    ),
    "learn.monitors.ValidationMonitor": "tf.estimator.train_and_evaluate",
    "learn.monitors": "tf.estimator.SessionRunHook and those derived of it",
    "learn.SKCompat": "tf.estimator.Estimator, with tf.compat.v1.estimator.inputs.numpy_input_fn",
    "learn.datasets": _DATA,
    "learn.datasets.load_dataset": _DATA,
    "learn.preprocessing.VocabularyProcessor": "tf.keras.layers.TextVectorization",
    "learn.multi_class_head": "tf.estimator.MultiClassHead(n_classes)",
    "learn.regression_head": "tf.estimator.RegressionHead()",
}

LEARN_GONE = {
    "learn": "tf.contrib.learn ended with TensorFlow 1: write it with tf.estimator",
    "learn.monitors.replace_monitors_with_hooks": "give hooks= instead",
}
