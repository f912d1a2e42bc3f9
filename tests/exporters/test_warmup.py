"""Requests that travel with an export, as TensorFlow Serving's own messages read them."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from kerasrun.exporters import (
    FinalExporter,
    warmup_requests,
    write_saved_model,
)
from kerasrun.exporters.serving.errors import serving_api
from tests.exporters.conftest import linear

FILE = "tf_serving_warmup_requests"
FREE = {"x": tf.TensorSpec([None, 2], tf.float32), "t": tf.TensorSpec([None], tf.string)}
BATCH = {"x": np.arange(6.0).reshape(3, 2), "t": np.array(["a", "b\u00e9", "c"])}


def requests(records: Any) -> list[Any]:
    """The requests, read by TensorFlow Serving's own messages."""
    log = serving_api("apis.prediction_log_pb2").PredictionLog
    read = [log.FromString(each) for each in records]
    assert [each.SerializeToString(deterministic=True) for each in read] == list(records)
    return [each.predict_log.request for each in read]


def inputs(request: Any) -> dict[str, Any]:
    return {name: tf.make_ndarray(tensor).tolist() for name, tensor in request.inputs.items()}


def test_each_example_is_a_request_of_its_own() -> None:
    read = requests(warmup_requests(dict(sorted(BATCH.items())), FREE, 2))
    assert [inputs(each) for each in read] == [
        {"x": [[0.0, 1.0]], "t": [b"a"]},
        {"x": [[2.0, 3.0]], "t": ["b\u00e9".encode()]},
    ]
    assert {each.model_spec.signature_name for each in read} == {"serving_default"}
    assert read[0].inputs["x"].dtype == tf.float32.as_datatype_enum


def test_there_are_no_more_than_examples() -> None:
    assert len(warmup_requests(BATCH, FREE, 1000)) == 3
    assert warmup_requests(BATCH, FREE, 0) == []


def test_a_large_example_is_whole() -> None:
    large = np.random.default_rng(0).normal(size=(1, 70_000)).astype(np.float32)
    specs = {"an input (cm)": tf.TensorSpec([None, 70_000], tf.float32)}
    (read,) = requests(warmup_requests({"an input (cm)": large}, specs, 1, "other"))
    assert read.model_spec.signature_name == "other"
    np.testing.assert_array_equal(tf.make_ndarray(read.inputs["an input (cm)"]), large)


@pytest.mark.parametrize(
    ("batch", "specs"),
    [
        ({"x": [[1.0], [2.0]]}, {"x": tf.TensorSpec([2, 1])}),
        ({"x": [[1.0], [2.0]], "k": 3}, {"x": tf.TensorSpec([None, 1]), "k": tf.TensorSpec([])}),
        ({"x": [[1.0], [2.0]]}, {"x": tf.TensorSpec(None)}),
        ({"x": [1.0, 2.0], "y": [1.0]}, {"x": tf.TensorSpec([None]), "y": tf.TensorSpec([None])}),
    ],
)
def test_what_cannot_be_cut_by_rows_is_one_request(batch: Any, specs: Any) -> None:
    read = requests(warmup_requests(dict(sorted(batch.items())), specs, 2))
    assert [inputs(each) for each in read] == [batch]


@pytest.mark.parametrize("nothing", [None, {}, {"x": np.zeros([0, 2]), "t": np.zeros([0], object)}])
def test_without_examples_the_log_says_that_there_are_no_requests(
    nothing: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "tensorflow"):
        assert warmup_requests(nothing, FREE, 0) == []
        assert not caplog.records
        assert warmup_requests(nothing, FREE, 5) == []
    assert "No warm-up requests are written: there are no evaluation examples" in caplog.text


def test_the_estimator_is_asked_for_them_only_where_they_are_wanted() -> None:
    class Asked:
        def export_saved_model(self, base: str, receiver_fn: Any, **arguments: Any) -> None:
            self.arguments = arguments

    asked = Asked()
    wanted: Any
    for wanted in (0, np.int64(7)):
        exporter = FinalExporter("it", warmup_examples=wanted)
        exporter.export(asked, "out", "model.ckpt-1", {"loss": 0.5}, True)
        assert asked.arguments.get("warmup_examples", 0) == wanted
        assert ("warmup_examples" in asked.arguments) is bool(wanted)


def test_they_lie_in_the_export_and_not_beside_others(tmp_path: Path, weight: tf.Variable) -> None:
    signature = linear(weight)
    records = warmup_requests({"x": [[1.0, 2.0]]}, signature.receiver.specs, 1)
    export = write_saved_model(str(tmp_path), [signature], [weight], warmup_requests=iter(records))
    file = Path(export.path) / "assets.extra" / FILE
    assert list(tf.data.TFRecordDataset(str(file)).as_numpy_iterator()) == records
    with pytest.raises(ValueError, match="Leave out one of them"):
        write_saved_model(
            str(tmp_path / "two"),
            [signature],
            [weight],
            assets_extra={FILE: str(file)},
            warmup_requests=records,
        )
    assert list((tmp_path / "two").iterdir()) == []
    plain = write_saved_model(str(tmp_path / "none"), [signature], [weight])
    assert not (Path(plain.path) / "assets.extra").exists()
