"""The pre-made Estimators as `tf.compat.v1.estimator` has them.

They differ from those of `tf.estimator` in the default of `loss_reduction`, the sum; in optimizers
given by name, which are those of `tf.compat.v1.train`; in the areas under curves, which are those
of `tf.compat.v1.metrics.auc`; and in an argument for a partitioner of variables, which is accepted
and not used.
"""

import inspect
from typing import Any

from kerasrun.bridge.canned import baseline, dnn, dnn_linear_combined, linear
from kerasrun.bridge.canned.loss_reduction import SUM
from kerasrun.bridge.estimator import Estimator

_REDUCTION = "loss_reduction"


def _of_v1(form: type[Estimator], partitioner: str | None = None, before: str = "") -> Any:
    """The class in its other form.

    Args:
        form: The one of `tf.estimator`.
        partitioner: Name of the argument that is accepted and not used; None: there is none.
        before: Name of the argument that it comes before.
    """
    parameters = []
    for parameter in inspect.signature(form.__init__).parameters.values():
        if partitioner and parameter.name == before:
            kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
            parameters.append(inspect.Parameter(partitioner, kind, default=None))
        default = SUM if parameter.name == _REDUCTION else parameter.default
        parameters.append(parameter.replace(default=default))
    signature = inspect.Signature(parameters)

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        given = dict(bound.arguments)
        given.pop("self")
        if partitioner:
            given.pop(partitioner)
        form.__init__(self, **given)

    __init__.__signature__ = signature  # type: ignore[attr-defined]
    about = f"See `kerasrun.bridge.canned.v1`.\n\n    {form.__doc__}"
    members = {"__init__": __init__, "__doc__": about, "__module__": __name__, "of_v1": True}
    return type(form.__name__, (form,), members)


_INPUT = ("input_layer_partitioner", "config")
_LINEAR = "partitioner"

DNNClassifier = _of_v1(dnn.DNNClassifier, *_INPUT)
DNNEstimator = _of_v1(dnn.DNNEstimator, *_INPUT)
DNNRegressor = _of_v1(dnn.DNNRegressor, *_INPUT)
LinearClassifier = _of_v1(linear.LinearClassifier, _LINEAR, "warm_start_from")
LinearEstimator = _of_v1(linear.LinearEstimator, _LINEAR, "sparse_combiner")
LinearRegressor = _of_v1(linear.LinearRegressor, _LINEAR, "warm_start_from")
DNNLinearCombinedClassifier = _of_v1(dnn_linear_combined.DNNLinearCombinedClassifier, *_INPUT)
DNNLinearCombinedEstimator = _of_v1(dnn_linear_combined.DNNLinearCombinedEstimator, *_INPUT)
DNNLinearCombinedRegressor = _of_v1(dnn_linear_combined.DNNLinearCombinedRegressor, *_INPUT)
BaselineClassifier = _of_v1(baseline.BaselineClassifier)
BaselineEstimator = _of_v1(baseline.BaselineEstimator)
BaselineRegressor = _of_v1(baseline.BaselineRegressor)
