"""Verdicts on names that were never public, and that old programs import all the same."""

from kerasrun.runs.old_programs.estimator_names import ESTIMATOR
from kerasrun.runs.old_programs.installed import Installed, release
from kerasrun.runs.old_programs.verdict import EDIT, WORKS, Verdict, edit, unsupported, works

_MODULES = works(
    """
    base_head baseline basic_session_run_hooks binary_class_head canned dnn dnn_linear_combined
    early_stopping estimator estimator_lib export export_lib export_output exporter head hooks
    inputs keras keras_lib linear metric_keys mode_keys model_fn multi_class_head multi_head
    multi_label_head numpy_io optimizers pandas_io prediction_keys regression_head run_config
    session_run_hook training
    """
)
_PUBLIC = {
    name.rpartition(".")[2]: name
    for name, verdict in ESTIMATOR.items()
    if not name.startswith(("contrib.", "estimator.tpu")) and verdict.kind != EDIT
}
_BINARY = edit("tf.estimator.BinaryClassHead()")
_REGRESSION = edit("tf.estimator.RegressionHead()")
_MULTI_CLASS = edit("tf.estimator.MultiClassHead(n_classes)")
_PARTS = {
    "_binary_logistic_head_with_sigmoid_cross_entropy_loss": _BINARY,
    "_BinaryLogisticHeadWithSigmoidCrossEntropyLoss": _BINARY,
    "_multi_class_head_with_softmax_cross_entropy_loss": _MULTI_CLASS,
    "_MultiClassHeadWithSoftmaxCrossEntropyLoss": _MULTI_CLASS,
    "_regression_head": _REGRESSION,
    "_regression_head_with_mean_squared_error_loss": _REGRESSION,
    "_RegressionHeadWithMeanSquaredErrorLoss": _REGRESSION,
    "_Head": edit("tf.estimator.Head"),
    "MetricKeys": edit('the name of the metric, such as "accuracy"'),
    "PredictionKeys": edit('the key itself, such as "probabilities"'),
    "get_optimizer_instance": edit("an optimizer: tf.compat.v1.train.AdagradOptimizer(0.1)"),
    "fn_args": edit("inspect.signature(function).parameters"),
}


def private_verdict(name: str, installed: Installed | None) -> Verdict | None:
    """The verdict on a name such as `python.training.saver.Saver`, below `tensorflow`.

    Args:
        name: The name.
        installed: What is installed; None if that is not known, which leaves most unsaid.
    """
    parts = name.split(".")
    if parts[:2] == ["python", "estimator"]:
        return _of_estimator(parts[2:])
    if parts[:2] == ["python", "keras"]:
        return edit("tensorflow.keras: python.keras is an older copy, and no Keras 3")
    if parts[:3] == ["examples", "tutorials", "mnist"]:
        return edit("tf.keras.datasets.mnist.load_data()")
    if installed is None or name == "python":
        return None
    if installed.has_private(name):
        return Verdict(WORKS, f"private, and still in {release()}")
    return unsupported(f"it was private, and is not in {release()}")


def _of_estimator(parts: list[str]) -> Verdict:
    for part in parts:
        public = _PUBLIC.get(part.removesuffix("V2"))
        if public:
            return ESTIMATOR[public]
        if part in _PARTS:
            return _PARTS[part]
    if all(part in _MODULES for part in parts):
        return Verdict(WORKS)
    return unsupported("a private part of tf.estimator: write a model_fn")
