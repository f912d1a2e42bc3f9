"""Requests that travel with a model are run before it is served."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from kerasrun.exporters.serving.errors import ServingError, serving_api
from kerasrun.exporters.serving.load import load

Warm = Callable[..., Path]


@pytest.fixture
def warm(tmp_path: Path, doubling: Path) -> Warm:
    """Writes the doubling model with warm-up records."""

    def warm(*records: bytes) -> Path:
        folder = tmp_path / "model"
        shutil.copytree(doubling, folder)
        (folder / "assets.extra").mkdir()
        file = str(folder / "assets.extra" / "tf_serving_warmup_requests")
        with tf.io.TFRecordWriter(file) as writer:
            for each in records:
                writer.write(each)
        return folder

    return warm


def log() -> Any:
    return serving_api("apis.prediction_log_pb2").PredictionLog()


def predict(signature: str, x: Any, *outputs: str) -> bytes:
    message = log()
    request = message.predict_log.request
    request.model_spec.signature_name = signature
    request.inputs["x"].CopyFrom(tf.make_tensor_proto(np.asarray(x, np.float32)))
    request.output_filter.extend(outputs)
    return bytes(message.SerializeToString())


def calls(folder: Path) -> int:
    """How often `count` was run before the model was there, plus this once."""
    servable = load(str(folder), "affine", 1)
    answer = servable.run("count", {"x": np.ones((1, 2), np.float32)})
    servable.close()
    return int(answer["calls"])


def test_requests_are_run_before_the_model_is_there(warm: Warm) -> None:
    assert calls(warm(*[predict("count", [[1, 2]], "calls")] * 3)) == 4


def test_a_model_without_requests_is_loaded_as_it_is(doubling: Path) -> None:
    assert calls(doubling) == 1


def test_requests_with_examples_are_run(warm: Warm) -> None:
    example = tf.train.Example()
    example.features.feature["x"].float_list.value.extend([1, 2])
    context = tf.train.Example()
    regress, classify, several = log(), log(), log()
    regress.regress_log.request.model_spec.signature_name = "parse"
    regress.regress_log.request.input.example_list.examples.append(example)
    classify.classify_log.request.model_spec.signature_name = "parse"
    with_context = classify.classify_log.request.input.example_list_with_context
    with_context.context.CopyFrom(example)  # has what the examples lack
    with_context.examples.append(context)
    request = several.multi_inference_log.request
    request.input.example_list.examples.append(example)
    request.tasks.add().model_spec.signature_name = "parse"
    records = [each.SerializeToString() for each in (regress, classify, several)]
    assert calls(warm(*records)) == 1


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (lambda: predict("", [[-1, 2]]), "negative number"),
        (lambda: predict("nope", [[1, 2]]), '"nope" not found'),
        (lambda: b"\xff\xff", "is no PredictionLog"),
        (lambda: log().SerializeToString(), "Unsupported log_type for warmup: None"),
        (lambda: empty_input(), "Input is empty"),
    ],
)
def test_a_model_that_fails_on_its_requests_is_not_served(
    warm: Warm, record: Callable[[], bytes], message: str
) -> None:
    with pytest.raises(ServingError, match=message):
        load(str(warm(predict("", [[1, 2]]), record())), "affine", 1)


def empty_input() -> bytes:
    message = log()
    message.classify_log.request.model_spec.signature_name = "parse"
    return bytes(message.SerializeToString())


def test_a_damaged_file_is_told(warm: Warm) -> None:
    folder = warm(predict("", [[1, 2]]))
    file = folder / "assets.extra" / "tf_serving_warmup_requests"
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(ServingError) as caught:
        load(str(folder), "affine", 1)
    assert caught.value.code == "DATA_LOSS"


def test_a_thousand_requests_are_enough(warm: Warm) -> None:
    with pytest.raises(ServingError, match=r"exceeds the maximum \(1000\)"):
        load(str(warm(*[predict("mean", [[1, 2]])] * 1001)), "affine", 1)
