"""Calls a `model_fn` with those arguments that it takes."""

import inspect
from collections.abc import Callable
from typing import Any

from kerasrun.bridge.bound import bound_keywords
from kerasrun.bridge.model_fn.estimator_spec import EstimatorSpec
from kerasrun.bridge.suggest import did_you_mean

ModelFn = Callable[..., EstimatorSpec]
_OPTIONAL = ("labels", "mode", "params", "config")
_FEATURES = "features"


class ModelFnCall:
    """A `model_fn` with what it takes.

    Args:
        model_fn: Takes `features`, and those of `labels`, `mode`, `params` and `config` that it
            names.

    Raises:
        TypeError: It cannot be called.
        ValueError: It takes no `features`, or asks for something else.
    """

    def __init__(self, model_fn: ModelFn) -> None:
        if not callable(model_fn):
            raise TypeError(f"model_fn must be a function; received {model_fn!r}.")
        self._model_fn = model_fn
        self._name = getattr(model_fn, "__name__", repr(model_fn))
        parameters = inspect.signature(model_fn).parameters
        self._all = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        offered = set(_OPTIONAL) - bound_keywords(model_fn)
        self.takes = {name for name in offered if name in parameters or self._all}
        if _FEATURES not in parameters and not self._all:
            raise ValueError(
                f"model_fn {self._name!r} must take an argument 'features'; it takes "
                f"{list(parameters)}.{did_you_mean(_FEATURES, parameters)}"
            )
        unknown = [
            name
            for name, p in parameters.items()
            if name not in (_FEATURES, *_OPTIONAL)
            and p.default is p.empty
            and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
        ]
        if unknown:
            raise ValueError(
                f"model_fn {self._name!r} asks for {', '.join(unknown)}, which nobody gives it. It "
                f"may take features, {', '.join(_OPTIONAL)}; bind others with functools.partial."
            )

    def check_params(self, params: Any) -> None:
        """Compares the params with the function.

        Raises:
            ValueError: There are params, and it does not take them.
        """
        if params and "params" not in self.takes:
            raise ValueError(
                f"There are params {params!r}, but model_fn {self._name!r} takes no argument "
                "'params'."
            )

    def __call__(self, features: Any, labels: Any, mode: str, **others: Any) -> EstimatorSpec:
        """Calls the function.

        Args:
            features: Tensors of a batch.
            labels: Likewise; None where there are none.
            mode: One of `ModeKeys`.
            **others: `params` and `config`.

        Raises:
            ValueError: There are labels and it does not take them, or it returns no EstimatorSpec.
        """
        if labels is not None and "labels" not in self.takes:
            raise ValueError(
                f"model_fn {self._name!r} takes no argument 'labels', but input_fn gives labels."
            )
        offered = {"labels": labels, "mode": mode, **others}
        given = {name: value for name, value in offered.items() if name in self.takes}
        spec = self._model_fn(features=features, **given)
        if not isinstance(spec, EstimatorSpec):
            raise ValueError(
                f"model_fn {self._name!r} must return an EstimatorSpec; it returned {spec!r}."
            )
        return spec
