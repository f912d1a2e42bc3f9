"""Lookup tables that a `model_fn` makes."""

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from tensorflow.python.ops import lookup_ops

from kerasrun import estimator as tf_estimator

pytestmark = pytest.mark.slow


def model_fn(features: Any, mode: str, params: Any) -> tf_estimator.EstimatorSpec:
    numbers = lookup_ops.index_table_from_file(params["vocabulary"], num_oov_buckets=1)
    names = lookup_ops.index_to_string_table_from_tensor(["zero", "one"], "other")
    number = numbers.lookup(features["word"])
    return tf_estimator.EstimatorSpec(mode, {"number": number, "name": names.lookup(number)})


def test_they_serve_in_predictions_and_in_exports(tmp_path: Path) -> None:
    vocabulary = tmp_path / "words"
    vocabulary.write_text("a\nb\n")
    params = {"vocabulary": str(vocabulary)}
    estimator = tf_estimator.Estimator(model_fn, str(tmp_path / "model_dir"), params=params)
    words = {"word": ["b", "a", "?"]}
    predicted = list(estimator.predict(lambda: tf.data.Dataset.from_tensors(words)))
    assert [each["number"] for each in predicted] == [1, 0, 2]
    spec = {"word": tf.TensorSpec([None], tf.string, "word")}
    receiver_fn = tf_estimator.export.build_raw_serving_input_receiver_fn(spec)
    exports = [estimator.export_saved_model(str(tmp_path / "export"), receiver_fn) for _ in "12"]
    vocabulary.unlink()  # they have it among their assets
    for export in exports:
        answer = tf.saved_model.load(export).signatures["serving_default"]
        served = answer(word=tf.constant(words["word"]))
        assert served["number"].numpy().tolist() == [1, 0, 2]
        assert served["name"].numpy().tolist() == [b"one", b"zero", b"other"]
