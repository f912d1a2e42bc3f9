"""Graphs that train and evaluate, beside the one that serves."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from kerasrun.exporters.signature_names import read_saved_model
from tests.bridge.conftest import Arrays, build_model

SPEC = tf.TensorSpec([None, 4], tf.float32)
RAW = tf_estimator.export.build_raw_serving_input_receiver_fn({"iris_input": SPEC})
SUPERVISED = tf_estimator.experimental.build_raw_supervised_input_receiver_fn(
    {"iris_input": SPEC}, tf.TensorSpec([None], tf.int32)
)
ALL = {"train": SUPERVISED, "eval": SUPERVISED, "infer": RAW}


@pytest.fixture
def trained(input_fn: Any, make_estimator: Any) -> tuple[keras.Model, Any]:
    model = build_model(keras.layers.BatchNormalization(), keras.layers.Dropout(0.5))
    return model, make_estimator(model).train(input_fn)


@contextmanager
def session(path: str, tag: str) -> Iterator[tuple[Any, Any]]:
    """A graph as TensorFlow 1 loads it."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as opened:
        graph = tf.compat.v1.saved_model.load(opened, [tag], path)
        yield opened, graph.signature_def


def feed(signature: Any, flowers: Arrays) -> dict[str, Any]:
    return {
        signature.inputs["iris_input"].name: flowers[0],
        signature.inputs["label"].name: flowers[1],
    }


pytestmark = pytest.mark.filterwarnings("ignore:.*loader_impl.*")


def test_three_graphs_lie_in_one_folder(trained: Any, flowers: Arrays, tmp_path: Path) -> None:
    model, estimator = trained
    path = estimator.experimental_export_all_saved_models(tmp_path, ALL)
    graphs = read_saved_model(path).meta_graphs
    assert [list(graph.meta_info_def.tags) for graph in graphs] == [["train"], ["eval"], ["serve"]]
    assert {p.name for p in Path(path).iterdir()} <= {"saved_model.pb", "variables", "assets"}
    served = tf.saved_model.load(path, tags=["serve"]).signatures["serving_default"]
    live = model(flowers[0])
    np.testing.assert_allclose(served(iris_input=flowers[0])["probs"], live, rtol=1e-5)
    with session(path, "serve") as (opened, signatures):
        signature = signatures["serving_default"]
        answer = opened.run(
            signature.outputs["probs"].name, {signature.inputs["iris_input"].name: flowers[0]}
        )
    np.testing.assert_allclose(answer, live, rtol=1e-5)


def test_the_graph_of_eval_evaluates(
    trained: Any, flowers: Arrays, input_fn: Any, tmp_path: Path
) -> None:
    _, estimator = trained
    path = estimator.export_saved_model(tmp_path, SUPERVISED, experimental_mode="eval")
    expected = estimator.evaluate(lambda: input_fn().unbatch().batch(30))
    with session(path, "eval") as (opened, signatures):
        signature = signatures["eval"]
        assert set(signature.inputs) == {"iris_input", "label"}
        assert set(signature.outputs) == {
            "loss",
            "predictions/probs",
            "metrics/accuracy/value",
            "metrics/accuracy/update_op",
        }
        names = {name: info.name for name, info in signature.outputs.items()}
        assert opened.run(names["metrics/accuracy/value"]) == 0.0
        loss = opened.run(names["loss"], feed(signature, flowers))
        assert opened.run(names["metrics/accuracy/value"]) == 0.0, "the loss moves no metric"
        opened.run(names["metrics/accuracy/update_op"], feed(signature, flowers))
        accuracy = opened.run(names["metrics/accuracy/value"])
    assert loss == pytest.approx(expected["loss"], rel=1e-5)
    assert accuracy == pytest.approx(expected["accuracy"], rel=1e-5)


def test_the_graph_of_train_trains(
    flowers: Arrays, input_fn: Any, make_estimator: Any, tmp_path: Path
) -> None:
    estimator = make_estimator(build_model(keras.layers.BatchNormalization())).train(input_fn)
    path = estimator.export_saved_model(tmp_path / "e", SUPERVISED, experimental_mode="train")
    with session(path, "train") as (opened, signatures):
        signature = signatures["train"]
        assert set(signature.outputs) == {"loss", "predictions/probs"}
        (operation,) = tf.compat.v1.get_collection("saved_model_train_op")
        loss, fed = signature.outputs["loss"].name, feed(signature, flowers)
        first = [opened.run(loss, fed) for _ in range(2)]
        opened.run(operation, fed)
        then = opened.run(loss, fed)
    assert first[0] == first[1], "asking for the loss changes nothing"
    whole = estimator.train(lambda: input_fn().unbatch().batch(30), steps=1)
    continued = whole.export_saved_model(tmp_path / "f", SUPERVISED, experimental_mode="train")
    with session(continued, "train") as (opened, signatures):
        signature = signatures["train"]
        expected = opened.run(signature.outputs["loss"].name, feed(signature, flowers))
    assert then == pytest.approx(expected, rel=1e-5), "one update as the Estimator does it"


def test_what_is_exported_is_a_checkpoint_and_training_goes_on_as_if_nothing_had_been(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any, tmp_path: Path
) -> None:
    estimator = make_estimator(model).train(endless, max_steps=3)
    before = estimator.evaluate(input_fn)
    estimator.experimental_export_all_saved_models(tmp_path / "e", ALL)
    assert estimator.evaluate(input_fn) == before
    assert estimator.train(endless, max_steps=4).get_variable_value("optimizer/iteration") == 4


def test_the_initial_weights_are_exported_before_any_training(
    model: keras.Model, flowers: Arrays, make_estimator: Any, tmp_path: Path
) -> None:
    estimator = make_estimator(model)
    path = estimator.experimental_export_all_saved_models(tmp_path / "e", ALL)
    served = tf.saved_model.load(path, tags=["serve"]).signatures["serving_default"]
    answer = served(iris_input=flowers[0])["probs"]
    np.testing.assert_allclose(answer, model(flowers[0]), rtol=1e-5)


def test_a_map_of_serving_only_is_the_usual_export(
    model: keras.Model, flowers: Arrays, make_estimator: Any, tmp_path: Path
) -> None:
    path = make_estimator(model).experimental_export_all_saved_models(tmp_path, {"infer": RAW})
    assert "serving_default" in tf.saved_model.load(path).signatures


def test_several_outputs_have_predictions_and_metrics_each(
    make_estimator: Any, tmp_path: Path
) -> None:
    entry = keras.Input((1,), name="a")
    model = keras.Model(entry, [keras.layers.Dense(1, name=name)(entry) for name in ("c", "d")])
    model.compile("sgd", "mse", metrics=[["mae"], ["mae"]])
    one = tf.TensorSpec([None, 1], tf.float32)
    receiver_fn = tf_estimator.experimental.build_raw_supervised_input_receiver_fn(
        {"a": one}, {"c": one, "d": one}
    )
    with pytest.raises(ValueError, match="no metric 'x'"):
        tf_estimator.model_to_estimator(
            model, model_dir=tmp_path / "x", metric_names_map={"x": "y"}
        ).export_saved_model(tmp_path, receiver_fn, experimental_mode="eval")
    path = make_estimator(model).export_saved_model(tmp_path, receiver_fn, experimental_mode="eval")
    evaluate = tf.saved_model.load(path, tags=["eval"]).signatures["eval"]
    assert {"predictions/c", "predictions/d", "metrics/c_mae/value"} <= set(
        evaluate.structured_outputs
    )


@pytest.mark.parametrize(
    ("receivers", "message"),
    [
        ({}, r"Nothing to export: give a receiver function for one of \['train', 'eval', 'infer'"),
        ({"evaluate": SUPERVISED}, r"received 'evaluate'. Did you mean 'eval'\?"),
        ({"train": None}, "mode 'train' needs a function that returns a SupervisedInputReceiver"),
        ({"infer": SUPERVISED}, "gives labels, which a served model does not take"),
    ],
)
def test_what_cannot_be_exported_is_said(
    model: keras.Model, make_estimator: Any, tmp_path: Path, receivers: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make_estimator(model).experimental_export_all_saved_models(tmp_path / "e", receivers)
    assert not (tmp_path / "e").exists()


def test_a_wrong_label_is_named(make_estimator: Any, model: keras.Model, tmp_path: Path) -> None:
    receiver_fn = tf_estimator.experimental.build_raw_supervised_input_receiver_fn(
        {"iris_input": SPEC}, {"prob": tf.TensorSpec([None], tf.int32)}
    )
    model(np.ones([1, 4], np.float32))
    with pytest.raises(KeyError) as caught:
        make_estimator(model).export_saved_model(tmp_path, receiver_fn, experimental_mode="eval")
    assert "Did you mean 'probs' where 'prob' is given?" in str(caught.value)


def test_the_old_name_does_the_same(
    model: keras.Model, make_estimator: Any, input_fn: Any, tmp_path: Path
) -> None:
    estimator = make_estimator(model).train(input_fn, steps=1)
    path = estimator.export_savedmodel(str(tmp_path / "old"), strip_default_attrs=True)
    assert "serving_default" in tf.saved_model.load(path).signatures
