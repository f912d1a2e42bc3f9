"""Pre-made Estimators on the iris, as the fixtures of TensorFlow 2.15 and our tests build them.

Nothing but NumPy is imported here: the script that made `tests/data/canned_2_15` runs it with
another TensorFlow than ours.
"""

import csv
import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

STEPS = 6
SAVED_STEP = 2
BATCH = 10
_DATA = os.path.join(os.path.dirname(__file__), *[os.pardir] * 3, "examples", "data")
_NUMBERS = ("sepal_length", "sepal_width", "petal_length", "petal_width")
NAMES = ["setosa", "versicolor", "virginica"]

Features = dict[str, Any]


class Case(NamedTuple):
    """One Estimator.

    Attributes:
        form: `v2` for `tf.estimator`, `v1` for `tf.compat.v1.estimator`.
        estimator: Name of the class.
        labels: Which labels, see `labels_of`.
        arguments: Takes the module `tensorflow` and the one with the heads; returns the arguments.
        features: Names of the features; all of them where empty.
    """

    form: str
    estimator: str
    labels: str
    arguments: Callable[[Any, Any], Mapping[str, Any]]
    features: tuple[str, ...] = ()


def examples(split: str, rows: int) -> Features:
    """The features of every fifth flower of the training or test data, and its species' number."""
    with open(os.path.join(_DATA, f"iris_{split}.csv"), encoding="utf-8") as file:
        flowers = list(csv.DictReader(file))
    step = max(len(flowers) // rows, 1)
    chosen = [flowers[(7 * i * step) % len(flowers)] for i in range(rows)]
    features: Features = {
        name: np.array([[float(row[name])] for row in chosen], np.float32) for name in _NUMBERS
    }
    species = np.array([int(row["species"]) for row in chosen])
    features["species_name"] = np.array([[NAMES[i]] for i in species])
    features["importance"] = 0.5 + features["sepal_width"] / 4
    return {**features, "species": species}


def labels_of(kind: str, features: Features) -> Any:
    """The labels of a case."""
    species = features["species"]
    if kind == "species":
        return species.astype(np.int32)
    if kind == "name":
        return np.array([NAMES[i] for i in species])
    if kind == "virginica":
        return (species == 2).astype(np.float32)[:, None]
    if kind == "length":
        return features["petal_length"]
    if kind == "sizes":
        return np.concatenate([features["petal_length"], features["petal_width"]], axis=1)
    if kind == "count":
        return np.floor(features["petal_length"])
    if kind == "traits":
        return np.stack(
            [species == 0, features["sepal_width"][:, 0] > 3, features["petal_width"][:, 0] > 1],
            axis=1,
        ).astype(np.int64)
    both = {"kind": "species", "length": "length"}
    return {head: labels_of(of, features) for head, of in both.items()}


def batches(tf: Any, case: Case, split: str, rows: int) -> Any:
    """A dataset of features and labels, in batches."""
    features = examples(split, rows)
    labels = labels_of(case.labels, features)
    del features["species"]
    names = case.features or tuple(features)
    return tf.data.Dataset.from_tensor_slices(
        ({name: features[name] for name in names}, labels)
    ).batch(BATCH)


def parsed(tf: Any, case: Case) -> dict[str, Any]:
    """How the features are read from a serialised Example."""
    numbers = {name: tf.io.FixedLenFeature([1], tf.float32) for name in (*_NUMBERS, "importance")}
    spec = {**numbers, "species_name": tf.io.FixedLenFeature([1], tf.string)}
    return {name: spec[name] for name in case.features or spec}


def _numeric(tf: Any) -> list[Any]:
    return [tf.feature_column.numeric_column(name) for name in _NUMBERS[:2]]


def _categorical(tf: Any) -> list[Any]:
    column = tf.feature_column
    species = column.categorical_column_with_vocabulary_list("species_name", NAMES)
    lengths = column.bucketized_column(column.numeric_column("sepal_length"), [5.0, 5.8, 6.5])
    return [species, lengths, column.crossed_column([lengths, "species_name"], 11)]


def _dense(tf: Any) -> list[Any]:
    species, lengths, crossed = _categorical(tf)
    column = tf.feature_column
    return [
        *_numeric(tf),
        column.indicator_column(species),
        lengths,
        column.embedding_column(crossed, 2),
    ]


def _dnn(**others: Any) -> Callable[[Any, Any], Mapping[str, Any]]:
    return lambda tf, _: {"hidden_units": [4, 3], "feature_columns": _dense(tf), **others}


def _small(**others: Any) -> Callable[[Any, Any], Mapping[str, Any]]:
    return lambda tf, _: {"hidden_units": [3], "feature_columns": _numeric(tf), **others}


def _linear(**others: Any) -> Callable[[Any, Any], Mapping[str, Any]]:
    return lambda tf, _: {"feature_columns": [*_numeric(tf), *_categorical(tf)], **others}


def _combined(**others: Any) -> Callable[[Any, Any], Mapping[str, Any]]:
    return lambda tf, _: {
        "linear_feature_columns": _categorical(tf),
        "dnn_feature_columns": _numeric(tf),
        "dnn_hidden_units": [4],
        **others,
    }


def _head(kind: str, /, **arguments: Any) -> Callable[[Any, Any], Mapping[str, Any]]:
    return lambda tf, heads: {
        "feature_columns": _numeric(tf),
        "hidden_units": [3],
        "head": getattr(heads, kind)(**arguments),
    }


def _two_heads(tf: Any, heads: Any) -> Mapping[str, Any]:
    kind = heads.MultiClassHead(3, name="kind", weight_column="importance")
    length = heads.RegressionHead(name="length")
    return {
        "feature_columns": _numeric(tf),
        "hidden_units": [3],
        "head": heads.MultiHead([kind, length], head_weights=[1.0, 0.5]),
    }


_WEIGHED: dict[str, Any] = {"weight_column": "importance"}
_NAMED: dict[str, Any] = {"n_classes": 3, "label_vocabulary": NAMES}
_ONE = ("sepal_width",)

_IN_BOTH_FORMS: dict[str, tuple[Any, ...]] = {
    "dnn_binary": ("DNNClassifier", "virginica", _dnn(**_WEIGHED)),
    "dnn_classes": ("DNNClassifier", "species", _dnn(n_classes=3)),
    "dnn_named": ("DNNClassifier", "name", _small(**_NAMED)),
    "dnn_normalized": (
        "DNNClassifier",
        "species",
        _small(n_classes=3, batch_norm=True, hidden_units=[3, 2]),
    ),
    "dnn_sizes": ("DNNRegressor", "sizes", _dnn(label_dimension=2)),
    "dnn_adam": ("DNNRegressor", "length", _dnn(optimizer="Adam", **_WEIGHED)),
    "dnn_rmsprop": ("DNNRegressor", "length", _dnn(optimizer="RMSProp")),
    "dnn_sgd": ("DNNRegressor", "length", _dnn(optimizer="SGD")),
    "linear_binary": ("LinearClassifier", "virginica", _linear()),
    "linear_named": ("LinearClassifier", "name", _linear(**_NAMED)),
    "linear_length": ("LinearRegressor", "length", _linear(sparse_combiner="mean")),
    "linear_adagrad": ("LinearRegressor", "length", _linear(optimizer="Adagrad")),
    "linear_default": ("LinearRegressor", "length", _linear(optimizer=None)),
    "combined_binary": ("DNNLinearCombinedClassifier", "virginica", _combined()),
    "combined_classes": (
        "DNNLinearCombinedClassifier",
        "species",
        _combined(n_classes=3, linear_optimizer="Adam", dnn_optimizer="Adam"),
    ),
    "combined_length": ("DNNLinearCombinedRegressor", "length", _combined(**_WEIGHED)),
    "baseline_binary": ("BaselineClassifier", "virginica", lambda *_: {}, _ONE),
    "baseline_classes": ("BaselineClassifier", "species", lambda *_: {"n_classes": 3}, _ONE),
    "baseline_length": ("BaselineRegressor", "length", lambda *_: {}, _ONE),
}
CASES: dict[str, Case] = {
    f"{form}_{name}": Case(form, *rest)
    for form in ("v1", "v2")
    for name, rest in _IN_BOTH_FORMS.items()
}
CASES |= {
    f"head_{name}": Case("v2", "DNNEstimator", labels, arguments)
    for name, (labels, arguments) in {
        "binary": ("virginica", _head("BinaryClassHead", thresholds=[0.3, 0.5], name="sort")),
        "multi_label": (
            "traits",
            _head(
                "MultiLabelHead",
                n_classes=3,
                thresholds=[0.4],
                classes_for_class_based_metrics=[0, 2],
                **_WEIGHED,
            ),
        ),
        "poisson": ("count", _head("PoissonRegressionHead")),
        "logistic": ("virginica", _head("LogisticRegressionHead", **_WEIGHED)),
        "several": ("both", _two_heads),
    }.items()
}
