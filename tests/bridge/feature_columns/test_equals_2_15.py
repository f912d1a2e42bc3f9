"""Feature columns give what TensorFlow 2.15 gives: eagerly, in graphs, and once exported."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun.feature_columns import (
    DenseFeatures,
    FeatureColumns,
    LinearModel,
    SequenceFeatures,
    shared_embeddings,
)
from tests.bridge.feature_columns import variants

REFERENCE = Path(__file__).parents[2] / "data" / "feature_columns_2_15.npz"
Arrays = dict[str, np.ndarray[Any, Any]]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def expected() -> Arrays:
    """What TensorFlow 2.15 computed, and the rows that it did from."""
    with np.load(REFERENCE) as found:
        return dict(found)


@pytest.fixture(scope="module")
def features(expected: Arrays) -> dict[str, Any]:
    """The rows, as tensors."""
    return variants.tensors(
        {name[9:]: value for name, value in expected.items() if name.startswith("features/")}
    )


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vocabulary file."""
    path = tmp_path_factory.mktemp("vocabulary") / "colors.txt"
    path.write_text("\n".join(variants.COLORS) + "\n", encoding="utf-8")
    return path


def with_pattern(layer: Any) -> Any:
    """The layer, built, with the weights of the reference."""
    layer.build(None)
    layer.set_weights([variants.pattern(weight.shape) for weight in layer.weights])
    return layer


def assert_equal(found: Any, expected: Any, name: str) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6, err_msg=name)


def test_dense_columns(
    expected: Arrays, features: dict[str, Any], vocabulary: Path, tmp_path: Path
) -> None:
    """One layer for each kind; then all of them in one function, one model, one SavedModel."""
    declared = variants.dense(str(vocabulary)) | {"shared": variants.shared(shared_embeddings)}
    layers = {name: with_pattern(DenseFeatures(columns)) for name, columns in declared.items()}
    rows = {key: value for key, value in features.items() if key not in ("readings", "visits")}
    assert len([name for name in expected if name.startswith("dense/")]) == len(layers) == 30

    def check(outputs: Any, where: str) -> None:
        for number, name in enumerate(layers):
            assert_equal(outputs[f"v{number}"], expected[f"dense/{name}"], f"{name}, {where}")

    def all_of(inputs: Any) -> Any:
        return {f"v{number}": layer(inputs) for number, layer in enumerate(layers.values())}

    check(all_of(rows), "eager")
    inputs = {
        key: keras.Input(value.shape[1:], dtype=value.dtype.name, name=key)
        for key, value in rows.items()
    }
    outputs = all_of(inputs)
    for number, name in enumerate(layers):
        assert outputs[f"v{number}"].shape == (None, expected[f"dense/{name}"].shape[1]), name
    model = keras.Model(inputs, outputs)
    check(model(rows), "model")
    specs = {key: tf.TensorSpec(one.shape, one.dtype, key) for key, one in inputs.items()}
    graph = tf.function(model).get_concrete_function(specs)
    check(graph(**rows), "graph")
    exported = tf.Module()
    exported.weights = [weight.value for weight in model.weights]
    exported.tables = [table for layer in layers.values() for table in layer.lookup_tables]
    tf.saved_model.save(exported, str(tmp_path), signatures=graph)
    assert [path.name for path in (tmp_path / "assets").iterdir()] == ["colors.txt"]
    vocabulary.rename(vocabulary.with_suffix(".away"))
    try:
        check(tf.saved_model.load(tmp_path).signatures["serving_default"](**rows), "exported")
    finally:
        vocabulary.with_suffix(".away").rename(vocabulary)


def test_linear_models(expected: Arrays, features: dict[str, Any], vocabulary: Path) -> None:
    for name, columns in variants.linear(str(vocabulary)).items():
        for units, combiner in ((1, "sum"), (2, "mean"), (3, "sqrtn")):
            model = with_pattern(LinearModel(columns, units, combiner))
            for call in (model, tf.function(model)):
                found = call(features)
                assert_equal(found, expected[f"linear/{name} {units} {combiner}"], combiner)


def test_columns_of_sequences(expected: Arrays, features: dict[str, Any]) -> None:
    for name, columns in variants.sequences().items():
        layer = with_pattern(SequenceFeatures(columns))
        for call in (layer, tf.function(layer)):
            found, steps = call(features)
            assert_equal(found, expected[f"sequences/{name}"], name)
            np.testing.assert_array_equal(steps, expected[f"steps/{name}"], name)


def test_sparse_ragged_and_flat_features_are_the_same_as_dense_ones(
    expected: Arrays, features: dict[str, Any]
) -> None:
    fc = tf.feature_column
    tags = fc.categorical_column_with_vocabulary_list("tags", variants.COLORS, num_oov_buckets=1)
    color = fc.categorical_column_with_vocabulary_list("color", variants.COLORS)
    layer = with_pattern(FeatureColumns([fc.indicator_column(tags), fc.embedding_column(color, 3)]))
    wanted = np.concatenate(
        [expected["dense/embedded vocabulary"], expected["dense/counts"]], axis=1
    )
    dense = {"tags": features["tags"], "color": features["color"]}
    lists = [[tag for tag in row if tag] for row in features["tags"].numpy().tolist()]
    kinds = {
        "ragged": {"tags": tf.ragged.constant(lists), "color": tf.squeeze(dense["color"], 1)},
        "sparse": {key: tf.sparse.from_dense(value) for key, value in dense.items()},
        "arrays": {key: value.numpy() for key, value in dense.items()},
        "lists and tensors": {"tags": dense["tags"], "color": dense["color"].numpy().tolist()},
    }
    for name, given in kinds.items():
        assert_equal(layer(given), wanted, name)
