"""The names of metrics and predictions that heads give, as `tf.estimator` has them."""

from typing import Final


class MetricKeys:
    """Names of metrics; those with a `%` take a threshold, a class or its label."""

    LOSS: Final = "loss"
    LOSS_MEAN: Final = "average_loss"
    LOSS_REGULARIZATION: Final = "regularization_loss"
    ACCURACY: Final = "accuracy"
    PRECISION: Final = "precision"
    RECALL: Final = "recall"
    ACCURACY_BASELINE: Final = "accuracy_baseline"
    AUC: Final = "auc"
    AUC_PR: Final = "auc_precision_recall"
    LABEL_MEAN: Final = "label/mean"
    PREDICTION_MEAN: Final = "prediction/mean"
    ACCURACY_AT_THRESHOLD: Final = "accuracy/positive_threshold_%g"
    PRECISION_AT_THRESHOLD: Final = "precision/positive_threshold_%g"
    RECALL_AT_THRESHOLD: Final = "recall/positive_threshold_%g"
    PROBABILITY_MEAN_AT_CLASS: Final = "probability_mean/class%d"
    AUC_AT_CLASS: Final = "auc/class%d"
    AUC_PR_AT_CLASS: Final = "auc_precision_recall/class%d"
    PROBABILITY_MEAN_AT_NAME: Final = "probability_mean/%s"
    AUC_AT_NAME: Final = "auc/%s"
    AUC_PR_AT_NAME: Final = "auc_precision_recall/%s"


class PredictionKeys:
    """Names of predictions."""

    LOGITS: Final = "logits"
    LOGISTIC: Final = "logistic"
    PROBABILITIES: Final = "probabilities"
    CLASS_IDS: Final = "class_ids"
    CLASSES: Final = "classes"
    ALL_CLASS_IDS: Final = "all_class_ids"
    ALL_CLASSES: Final = "all_classes"
    PREDICTIONS: Final = "predictions"
