"""Verdicts on `tf.estimator.*` and `tf.compat.v1.estimator.*`, as TensorFlow 2.15 had them."""

from kerasrun.runs.old_programs.verdict import WORKS, Verdict, differs, edit, unsupported, works

_TREES = unsupported(
    "tf.estimator 2.15 has boosted trees no more either; YDF (pip install ydf) trains them"
)
_TPU = unsupported("there are no TPUs here: use tf.estimator.{}")
_LOGITS = unsupported("build the layers in your model_fn, with tf.compat.v1.layers")
_RNN = unsupported("use tf.keras.layers.LSTM or GRU, in a model_fn or with model_to_estimator")


def _without_tpu(instead: str) -> Verdict:
    return unsupported(_TPU.text.format(instead))


ESTIMATOR: dict[str, Verdict] = {
    **works(
        """
        estimator.BaselineClassifier estimator.BaselineEstimator estimator.BaselineRegressor
        estimator.DNNClassifier estimator.DNNEstimator estimator.DNNRegressor
        estimator.DNNLinearCombinedClassifier estimator.DNNLinearCombinedEstimator
        estimator.DNNLinearCombinedRegressor
        estimator.LinearClassifier estimator.LinearEstimator estimator.LinearRegressor
        estimator.Estimator estimator.EstimatorSpec estimator.ModeKeys
        estimator.RunConfig estimator.WarmStartSettings
        estimator.TrainSpec estimator.EvalSpec estimator.train_and_evaluate
        estimator.add_metrics
        estimator.Exporter estimator.LatestExporter
        estimator.Head estimator.BinaryClassHead estimator.LogisticRegressionHead
        estimator.MultiClassHead estimator.MultiHead estimator.MultiLabelHead
        estimator.PoissonRegressionHead estimator.RegressionHead
        estimator.classifier_parse_example_spec estimator.regressor_parse_example_spec
        estimator.inputs.numpy_input_fn estimator.inputs.pandas_input_fn
        estimator.CheckpointSaverHook estimator.CheckpointSaverListener estimator.FeedFnHook
        estimator.FinalOpsHook estimator.GlobalStepWaiterHook estimator.LoggingTensorHook
        estimator.NanLossDuringTrainingError estimator.NanTensorHook estimator.ProfilerHook
        estimator.SecondOrStepTimer estimator.SessionRunArgs estimator.SessionRunContext
        estimator.SessionRunHook estimator.SessionRunValues estimator.StepCounterHook
        estimator.StopAtStepHook estimator.SummarySaverHook
        estimator.export.ClassificationOutput estimator.export.EvalOutput
        estimator.export.ExportOutput estimator.export.PredictOutput
        estimator.export.RegressionOutput estimator.export.ServingInputReceiver
        estimator.export.SupervisedInputReceiver estimator.export.TensorServingInputReceiver
        estimator.export.build_parsing_serving_input_receiver_fn
        estimator.export.build_raw_serving_input_receiver_fn
        estimator.experimental.InMemoryEvaluatorHook
        estimator.experimental.build_raw_supervised_input_receiver_fn
        estimator.experimental.make_early_stopping_hook
        estimator.experimental.stop_if_higher_hook estimator.experimental.stop_if_lower_hook
        estimator.experimental.stop_if_no_decrease_hook
        estimator.experimental.stop_if_no_increase_hook
        keras.estimator.model_to_estimator
        """
    ),
    "estimator.BestExporter": differs("it remembers its best result when training is resumed"),
    "estimator.FinalExporter": differs(
        "it exports however training ends, not at max_steps only, but for an interruption"
    ),
    "estimator.VocabInfo": unsupported(
        "leave what has another vocabulary out of vars_to_warm_start"
    ),
    "estimator.ModeKeys.INFER": edit("tf.estimator.ModeKeys.PREDICT"),
    "estimator.BoostedTreesClassifier": _TREES,
    "estimator.BoostedTreesEstimator": _TREES,
    "estimator.BoostedTreesRegressor": _TREES,
    "estimator.experimental.boosted_trees_classifier_train_in_memory": _TREES,
    "estimator.experimental.boosted_trees_regressor_train_in_memory": _TREES,
    "estimator.experimental.KMeans": unsupported("use sklearn.cluster.KMeans, or a model_fn"),
    "estimator.experimental.LinearSDCA": unsupported(
        "leave out optimizer=, which gives Ftrl, or name another optimizer"
    ),
    "estimator.experimental.RNNClassifier": _RNN,
    "estimator.experimental.RNNEstimator": _RNN,
    "estimator.experimental.call_logit_fn": edit(
        "logit_fn(features=features, mode=mode): call it yourself"
    ),
    "estimator.experimental.dnn_logit_fn_builder": _LOGITS,
    "estimator.experimental.linear_logit_fn_builder": _LOGITS,
    "estimator.experimental.make_stop_at_checkpoint_step_hook": edit(
        "tf.estimator.StopAtStepHook(last_step=...)"
    ),
    "estimator.tpu": _without_tpu("Estimator"),
    "estimator.tpu.InputPipelineConfig": _without_tpu("RunConfig, without it"),
    "estimator.tpu.RunConfig": _without_tpu("RunConfig, without tpu_config="),
    "estimator.tpu.TPUConfig": _without_tpu("RunConfig, without tpu_config="),
    "estimator.tpu.TPUEstimator": _without_tpu(
        "Estimator, and take the batch size from params= or the input_fn"
    ),
    "estimator.tpu.TPUEstimatorSpec": _without_tpu(
        "EstimatorSpec, with eval_metric_ops= for eval_metrics="
    ),
    "estimator.tpu.experimental.EmbeddingConfigSpec": _without_tpu(
        "Estimator, with tf.feature_column.embedding_column"
    ),
}

_MULTI_CLASS = edit("tf.estimator.MultiClassHead(n_classes)")
for _old, _verdict in {
    "multi_class_head": _MULTI_CLASS,
    "binary_classification_head": edit("tf.estimator.BinaryClassHead()"),
    "regression_head": edit("tf.estimator.RegressionHead()"),
    "multi_label_head": edit("tf.estimator.MultiLabelHead(n_classes)"),
    "multi_head": edit("tf.estimator.MultiHead([...])"),
    "logistic_regression_head": edit("tf.estimator.LogisticRegressionHead()"),
    "poisson_regression_head": edit("tf.estimator.PoissonRegressionHead()"),
    "stop_if_higher_hook": edit("tf.estimator.experimental.stop_if_higher_hook"),
    "stop_if_lower_hook": edit("tf.estimator.experimental.stop_if_lower_hook"),
    "stop_if_no_decrease_hook": edit("tf.estimator.experimental.stop_if_no_decrease_hook"),
    "stop_if_no_increase_hook": edit("tf.estimator.experimental.stop_if_no_increase_hook"),
    "make_early_stopping_hook": edit("tf.estimator.experimental.make_early_stopping_hook"),
    "InMemoryEvaluatorHook": edit("tf.estimator.experimental.InMemoryEvaluatorHook"),
    "forward_features": edit("tf.estimator.forward_features"),
}.items():  # they were in tf.contrib.estimator, and some programs expect them here
    ESTIMATOR[f"estimator.{_old}"] = ESTIMATOR[f"contrib.estimator.{_old}"] = _verdict
ESTIMATOR["estimator.forward_features"] = Verdict(WORKS)
