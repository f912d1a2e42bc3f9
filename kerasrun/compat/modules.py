"""Modules of the original that programs import by their paths.

`tensorflow_estimator.python.estimator.canned.head`, `tensorflow.python.estimator.model_fn`:
whatever the path, the names are those of the `tf.estimator` namespace.
"""

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from kerasrun.bridge.suggest import did_you_mean
from kerasrun.compat.estimators import estimator_v1, estimator_v2

ROOTS = (
    "tensorflow_estimator",
    "tensorflow.python.estimator",
    "tensorflow.python.keras.estimator",
)
_PARTS = ("export", "inputs", "experimental")
_MODULES = {
    *("python", "estimator", "keras", "canned", "export", "inputs", "hooks", "head"),
    *("base_head", "baseline", "binary_class_head", "dnn", "dnn_linear_combined", "linear"),
    *("metric_keys", "multi_class_head", "multi_head", "multi_label_head", "optimizers"),
    *("prediction_keys", "regression_head", "basic_session_run_hooks", "early_stopping"),
    *("session_run_hook", "estimator_lib", "export_lib", "export_output", "exporter", "gc"),
    *("keras_lib", "mode_keys", "model_fn", "numpy_io", "pandas_io", "run_config", "training"),
    *("queues", "feeding_functions", "util", "sequential", "sequence_head"),
}


class EstimatorModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds every module below one of these paths."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of a module below one of the paths; None for any other."""
        root = next((r for r in ROOTS if fullname == r or fullname.startswith(f"{r}.")), None)
        if root is None or not set(fullname[len(root) + 1 :].split(".")) <= {*_MODULES, ""}:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """A module that answers with the names of the namespace."""
        return _Alias(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""


class _Alias(ModuleType):
    """Answers with what `tf.estimator` has under a name, in whatever part of it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        main = estimator_v2() if name.endswith("V2") else estimator_v1()
        name = name.removesuffix("V2")
        for place in (main, *(getattr(main, part) for part in _PARTS)):
            if hasattr(place, name):
                return getattr(place, name)
        if name in _PARTS:
            return getattr(main, name)
        raise AttributeError(
            f"module {self.__name__!r} has no {name!r} here."
            f"{did_you_mean(name, dir(main))} `mlrun doctor` tells what old programs use."
        )


def register(path: str, namespace: Any) -> None:
    """From now on a namespace can be imported by this path, and its parts below it.

    Args:
        path: Such as `tensorflow.estimator`.
        namespace: The module.
    """
    sys.modules[path] = namespace
    for part in _PARTS:
        if hasattr(namespace, part):
            sys.modules[f"{path}.{part}"] = getattr(namespace, part)


def find_estimator_modules() -> None:
    """From now on these modules can be imported."""
    if not any(isinstance(finder, EstimatorModules) for finder in sys.meta_path):
        sys.meta_path.insert(0, EstimatorModules())
