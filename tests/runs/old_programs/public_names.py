"""The public names of `tf.estimator` 2.15, as `dir` tells them."""

_OF_BOTH = """
    estimator.BaselineClassifier estimator.BaselineEstimator estimator.BaselineRegressor
    estimator.BestExporter estimator.BinaryClassHead estimator.CheckpointSaverHook
    estimator.CheckpointSaverListener estimator.DNNClassifier estimator.DNNEstimator
    estimator.DNNLinearCombinedClassifier estimator.DNNLinearCombinedEstimator
    estimator.DNNLinearCombinedRegressor estimator.DNNRegressor estimator.Estimator
    estimator.EstimatorSpec estimator.EvalSpec estimator.Exporter estimator.FeedFnHook
    estimator.FinalExporter estimator.FinalOpsHook estimator.GlobalStepWaiterHook estimator.Head
    estimator.LatestExporter estimator.LinearClassifier estimator.LinearEstimator
    estimator.LinearRegressor estimator.LoggingTensorHook estimator.LogisticRegressionHead
    estimator.ModeKeys estimator.MultiClassHead estimator.MultiHead estimator.MultiLabelHead
    estimator.NanLossDuringTrainingError estimator.NanTensorHook estimator.PoissonRegressionHead
    estimator.ProfilerHook estimator.RegressionHead estimator.RunConfig
    estimator.SecondOrStepTimer estimator.SessionRunArgs estimator.SessionRunContext
    estimator.SessionRunHook estimator.SessionRunValues estimator.StepCounterHook
    estimator.StopAtStepHook estimator.SummarySaverHook estimator.TrainSpec estimator.VocabInfo
    estimator.WarmStartSettings estimator.add_metrics estimator.classifier_parse_example_spec
    estimator.experimental.InMemoryEvaluatorHook estimator.experimental.LinearSDCA
    estimator.experimental.build_raw_supervised_input_receiver_fn
    estimator.experimental.call_logit_fn estimator.experimental.make_early_stopping_hook
    estimator.experimental.make_stop_at_checkpoint_step_hook
    estimator.experimental.stop_if_higher_hook estimator.experimental.stop_if_lower_hook
    estimator.experimental.stop_if_no_decrease_hook
    estimator.experimental.stop_if_no_increase_hook estimator.export.ClassificationOutput
    estimator.export.EvalOutput estimator.export.ExportOutput estimator.export.PredictOutput
    estimator.export.RegressionOutput estimator.export.ServingInputReceiver
    estimator.export.TensorServingInputReceiver
    estimator.export.build_parsing_serving_input_receiver_fn
    estimator.export.build_raw_serving_input_receiver_fn estimator.regressor_parse_example_spec
    estimator.train_and_evaluate
"""
_OF_V1 = """
    estimator.experimental.KMeans estimator.experimental.dnn_logit_fn_builder
    estimator.experimental.linear_logit_fn_builder estimator.inputs.numpy_input_fn
    estimator.inputs.pandas_input_fn estimator.tpu.InputPipelineConfig estimator.tpu.RunConfig
    estimator.tpu.TPUConfig estimator.tpu.TPUEstimator estimator.tpu.TPUEstimatorSpec
    estimator.tpu.experimental.EmbeddingConfigSpec
"""
_OF_V2 = """
    estimator.experimental.RNNClassifier estimator.experimental.RNNEstimator
"""
V1_ESTIMATOR = f"{_OF_BOTH} {_OF_V1}".split()
V2_ESTIMATOR = f"{_OF_BOTH} {_OF_V2}".split()
