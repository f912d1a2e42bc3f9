"""The pre-made Estimators and heads, as `tf.estimator` has them."""

from kerasrun.bridge.canned.baseline import BaselineClassifier, BaselineEstimator, BaselineRegressor
from kerasrun.bridge.canned.binary_class_head import BinaryClassHead
from kerasrun.bridge.canned.dnn import DNNClassifier, DNNEstimator, DNNRegressor
from kerasrun.bridge.canned.dnn_linear_combined import (
    DNNLinearCombinedClassifier,
    DNNLinearCombinedEstimator,
    DNNLinearCombinedRegressor,
)
from kerasrun.bridge.canned.head import Head
from kerasrun.bridge.canned.linear import LinearClassifier, LinearEstimator, LinearRegressor
from kerasrun.bridge.canned.multi_class_head import MultiClassHead
from kerasrun.bridge.canned.multi_head import MultiHead
from kerasrun.bridge.canned.multi_label_head import MultiLabelHead
from kerasrun.bridge.canned.regression_head import (
    LogisticRegressionHead,
    PoissonRegressionHead,
    RegressionHead,
)

__all__ = [
    "BaselineClassifier",
    "BaselineEstimator",
    "BaselineRegressor",
    "BinaryClassHead",
    "DNNClassifier",
    "DNNEstimator",
    "DNNLinearCombinedClassifier",
    "DNNLinearCombinedEstimator",
    "DNNLinearCombinedRegressor",
    "DNNRegressor",
    "Head",
    "LinearClassifier",
    "LinearEstimator",
    "LinearRegressor",
    "LogisticRegressionHead",
    "MultiClassHead",
    "MultiHead",
    "MultiLabelHead",
    "PoissonRegressionHead",
    "RegressionHead",
]
