"""Every Keras layer that preprocesses is exported with what it needs, and needs no Keras then."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun.exporters import (
    ExpectedAnswer,
    Signature,
    build_raw_serving_input_receiver_fn,
    resources_of,
    trace_receiver,
    write_saved_model,
)

layers = keras.layers
_WORDS = np.array([["red"], ["blue"], [""], ["mauve"]], dtype=object)
_NUMBERS = np.array([[1.5], [-2.0], [30.0], [0.0]], np.float32)
_INTEGERS = np.array([[1], [7], [0], [42]], np.int64)


@pytest.fixture
def vocabulary(tmp_path: Path) -> str:
    path = tmp_path / "colours.txt"
    path.write_text("red\ngreen\nblue\n")
    return str(path)


def _adapted(layer: Any, data: Any) -> Any:
    layer.adapt(data)
    return layer


# name: (makes the layer of a vocabulary file, input)
_LAYERS: dict[str, tuple[Callable[[str], Any], Any]] = {
    "StringLookup of a file": (lambda file: layers.StringLookup(vocabulary=file), _WORDS),
    "StringLookup in memory": (
        lambda _: layers.StringLookup(vocabulary=["red", "blue"], num_oov_indices=2),
        _WORDS,
    ),
    "StringLookup one-hot": (
        lambda file: layers.StringLookup(vocabulary=file, output_mode="one_hot"),
        _WORDS,
    ),
    "StringLookup adapted": (lambda _: _adapted(layers.StringLookup(), _WORDS[:2]), _WORDS),
    "IntegerLookup": (lambda _: layers.IntegerLookup(vocabulary=[7, 42]), _INTEGERS),
    "Hashing": (lambda _: layers.Hashing(num_bins=5), _WORDS),
    "HashedCrossing": (
        lambda _: layers.Lambda(lambda x: layers.HashedCrossing(9)((x, x)), output_shape=(1,)),
        _INTEGERS,
    ),
    "Discretization": (lambda _: layers.Discretization([0.0, 1.5, 10.0]), _NUMBERS),
    "Normalization": (lambda _: layers.Normalization(mean=2.0, variance=9.0), _NUMBERS),
    "Normalization adapted": (
        lambda _: _adapted(layers.Normalization(axis=None), _NUMBERS),
        _NUMBERS,
    ),
    "TextVectorization": (
        lambda _: layers.TextVectorization(vocabulary=["red", "blue"], output_sequence_length=3),
        _WORDS,
    ),
    "TextVectorization of a file": (
        lambda file: layers.TextVectorization(vocabulary=file, output_sequence_length=3),
        _WORDS,
    ),
}


def _dtype(array: Any) -> Any:
    return tf.string if array.dtype == object else tf.as_dtype(array.dtype)


def _export(model: Any, array: Any, base: Path) -> tuple[Any, Any]:
    spec = tf.TensorSpec([None, *array.shape[1:]], _dtype(array))
    signature = Signature(
        "serving_default",
        lambda features: {"y": model(features["x"])},
        trace_receiver(build_raw_serving_input_receiver_fn({"x": spec})),
    )
    live = model(tf.constant(array)).numpy()
    export = write_saved_model(
        str(base),
        [signature],
        model.variables,
        resources_of(model),
        check=ExpectedAnswer({"x": array}, {"y": live}),
    )
    return export, live


@pytest.mark.parametrize("name", _LAYERS)
def test_a_layer_answers_the_same(name: str, vocabulary: str, tmp_path: Path) -> None:
    make, array = _LAYERS[name]
    inputs = keras.Input(array.shape[1:], dtype=_dtype(array).name)
    inner = keras.Sequential([inputs, make(vocabulary)])  # nested: tables are found deep down
    outer = keras.Input(array.shape[1:], dtype=_dtype(array).name)
    model = keras.Model(outer, inner(outer))
    export, _ = _export(model, array, tmp_path / "export")
    assert export.difference == 0.0
    assert export.examples == 4


def test_a_subclassed_layer_with_a_table_of_its_own(tmp_path: Path) -> None:
    class Lookup(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            initializer = tf.lookup.KeyValueTensorInitializer(["red"], tf.constant([3], tf.int64))
            self.tables = {"colours": [tf.lookup.StaticHashTable(initializer, -1)]}

        def call(self, x: Any) -> Any:
            return self.tables["colours"][0].lookup(x)

    layer = Lookup()
    assert len(resources_of(layer)) == 1
    export, live = _export(layer, _WORDS, tmp_path)
    assert export.difference == 0.0
    assert live.tolist() == [[3], [-1], [-1], [-1]]


def test_a_table_is_found_once() -> None:
    lookup = layers.StringLookup(vocabulary=["red"])
    inputs = keras.Input((1,), dtype="string")
    model = keras.Model(inputs, [lookup(inputs), keras.Sequential([lookup])(inputs)])
    assert len(resources_of(model)) == 1
    assert resources_of({"a": [lookup], "b": (lookup, 3)}) == resources_of(lookup)


def test_exports_load_where_keras_does_not_exist(
    vocabulary: str, tmp_path: Path, run_python: Callable[[str], str]
) -> None:
    exports = []
    for number, (make, array) in enumerate(_LAYERS.values()):
        inputs = keras.Input(array.shape[1:], dtype=_dtype(array).name)
        hidden = layers.Lambda(lambda x: tf.cast(x, tf.float32))(make(vocabulary)(inputs))
        model = keras.Model(inputs, layers.Dense(2)(hidden))
        model.compile("adam", "mse")
        export, live = _export(model, array, tmp_path / str(number))
        exports.append([export.path, array.tolist(), _dtype(array).name, live.tolist()])
    Path(vocabulary).unlink()
    (tmp_path / "exports.json").write_text(json.dumps(exports))
    code = f"""
import json, sys
for name in ("keras", "tf_keras", "kerasrun"):
    sys.modules[name] = None
import tensorflow as tf
worst = 0.0
for path, array, dtype, live in json.load(open({str(tmp_path / "exports.json")!r})):
    serve = tf.saved_model.load(path).signatures["serving_default"]
    answer = serve(x=tf.constant(array, dtype))["y"]
    worst = max(worst, float(tf.reduce_max(tf.abs(answer - tf.constant(live)))))
print(len(json.load(open({str(tmp_path / "exports.json")!r}))), worst)
"""
    assert run_python(code) == f"{len(_LAYERS)} 0.0"


def test_the_optimizer_stays_behind(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((1,)), layers.Dense(64)])
    model.compile("adam", "mse")
    model.fit(_NUMBERS, np.zeros([4, 64]), verbose=0)
    export, _ = _export(model, _NUMBERS, tmp_path)
    stored = tf.train.list_variables(f"{export.path}/variables/variables")
    assert sorted(shape for name, shape in stored if "OBJECT_GRAPH" not in name) == [[1, 64], [64]]
