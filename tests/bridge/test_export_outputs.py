"""`export_outputs`: signatures of other kinds beside `serving_default`."""

import logging
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from kerasrun.exporters.signature_names import read_saved_model

export = tf_estimator.export
PARSING = export.build_parsing_serving_input_receiver_fn(
    {"a": tf.io.FixedLenFeature([1], tf.float32)}
)
RAW = export.build_raw_serving_input_receiver_fn({"a": tf.TensorSpec([None, 1], tf.float32)})


def two_headed() -> keras.Model:
    """One input `a`, the outputs `c` and `d`."""
    entry = keras.Input((1,), name="a")
    outputs = [keras.layers.Dense(2, name=name)(entry) for name in ("c", "d")]
    model = keras.Model(entry, outputs)
    model.compile("sgd", "mse")
    return model


def exported(tmp_path: Path, receiver_fn: Any, **export_outputs: Any) -> tuple[keras.Model, str]:
    model = two_headed()
    estimator = tf_estimator.model_to_estimator(
        model, model_dir=tmp_path / "model", export_outputs=export_outputs
    )
    return model, estimator.export_saved_model(tmp_path / "export", receiver_fn)


def signatures(path: str) -> Any:
    return read_saved_model(path).meta_graphs[0].signature_def


def serialised(*values: float) -> tf.Tensor:
    examples = [
        tf.train.Example(
            features=tf.train.Features(
                feature={"a": tf.train.Feature(float_list=tf.train.FloatList(value=[value]))}
            )
        ).SerializeToString()
        for value in values
    ]
    return tf.constant(examples)


def test_regression_and_classification_are_signatures_of_their_own(tmp_path: Path) -> None:
    model, path = exported(
        tmp_path, PARSING, c=export.RegressionOutput, d=export.ClassificationOutput
    )
    written = signatures(path)
    assert {"serving_default", "c", "d"} <= set(written)
    assert set(written["serving_default"].inputs) == {"examples"}
    assert written["c"].method_name == "tensorflow/serving/regress"
    assert (set(written["c"].inputs), set(written["c"].outputs)) == ({"inputs"}, {"outputs"})
    assert written["d"].method_name == "tensorflow/serving/classify"
    assert (set(written["d"].inputs), set(written["d"].outputs)) == ({"inputs"}, {"scores"})
    serve = tf.saved_model.load(path).signatures
    asked = serialised(1.0, -2.0)
    live = [output.numpy() for output in model(np.array([[1.0], [-2.0]], np.float32))]
    np.testing.assert_allclose(serve["c"](inputs=asked)["outputs"], live[0], rtol=1e-6)
    np.testing.assert_allclose(serve["d"](inputs=asked)["scores"], live[1], rtol=1e-6)
    np.testing.assert_allclose(serve["serving_default"](examples=asked)["d"], live[1], rtol=1e-6)


def test_they_are_left_out_where_the_receiver_takes_numbers_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "tensorflow"):
        _, path = exported(tmp_path, RAW, c=export.RegressionOutput, d=export.PredictOutput)
    assert "c" not in signatures(path)
    assert "Signature 'c' is left out of the export: RegressionOutput needs a rec" in caplog.text
    assert "this one takes 'a' (float32)" in caplog.text
    assert set(signatures(path)["d"].inputs) == {"a"}


def test_a_predict_output_of_one_tensor_is_called_output(tmp_path: Path) -> None:
    model, path = exported(tmp_path, RAW, c=export.PredictOutput)
    assert signatures(path)["c"].method_name == "tensorflow/serving/predict"
    answer = tf.saved_model.load(path).signatures["c"](a=tf.ones([1, 1]))
    assert list(answer) == ["output"]
    np.testing.assert_allclose(answer["output"], model(np.ones([1, 1]))[0], rtol=1e-6)


def test_predict_is_the_default_once_more_and_no_other_kind_is_there_unasked(
    tmp_path: Path,
) -> None:
    """No `classification` and no `regression`, as canned Estimators have."""
    _, path = exported(tmp_path, PARSING)
    written = signatures(path)
    assert set(written) - {"__saved_model_init_op"} == {"serving_default", "predict"}
    for each in (written["predict"], written["serving_default"]):
        assert (set(each.inputs), set(each.outputs)) == ({"examples"}, {"c", "d"})
        assert each.method_name == "tensorflow/serving/predict"
    serve, asked = tf.saved_model.load(path).signatures, serialised(3.0)
    answer = serve["predict"](examples=asked)
    for name, value in serve["serving_default"](examples=asked).items():
        np.testing.assert_array_equal(answer[name], value)


def test_an_output_that_is_called_predict_comes_first(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((1,), name="a"), keras.layers.Dense(1, name="predict")])
    model.compile("sgd", "mse")
    estimator = tf_estimator.model_to_estimator(
        model, model_dir=tmp_path, export_outputs={"predict": export.RegressionOutput}
    )
    written = signatures(estimator.export_saved_model(tmp_path / "export", PARSING))
    assert written["predict"].method_name == "tensorflow/serving/regress"


def test_classes_are_told_by_their_labels(tmp_path: Path) -> None:
    kind = export.ClassificationOutput.with_classes(["low", "high"])
    model, path = exported(tmp_path, PARSING, d=kind)
    written = signatures(path)["d"]
    assert written.method_name == "tensorflow/serving/classify"
    assert (set(written.inputs), set(written.outputs)) == ({"inputs"}, {"classes", "scores"})
    answer = tf.saved_model.load(path).signatures["d"](inputs=serialised(1.0, -2.0))
    assert answer["classes"].numpy().tolist() == [[b"low", b"high"]] * 2
    live = model(np.array([[1.0], [-2.0]], np.float32))[1]
    np.testing.assert_allclose(answer["scores"], live, rtol=1e-6)


def test_as_many_labels_as_scores_are_needed_to_export(tmp_path: Path) -> None:
    kind = export.ClassificationOutput.with_classes(["a", "b", "c"])
    with pytest.raises(ValueError, match=r"export_outputs\['d'\]: .*3 labels \['a', 'b', 'c'\] fo"):
        exported(tmp_path, PARSING, d=kind)
    assert list((tmp_path / "export").glob("*")) == []


def test_an_alternative_that_fits_is_a_signature_by_its_name(tmp_path: Path) -> None:
    def receiver_fn() -> Any:
        text = tf.compat.v1.placeholder(tf.string, [None], name="text")
        a = tf.strings.to_number(text)[:, None]
        return export.ServingInputReceiver({"a": a}, {"a": a}, {"text": {"text": text}})

    _, path = exported(tmp_path, receiver_fn, c=export.RegressionOutput)
    assert "c" not in signatures(path), "the receiver itself takes numbers"
    assert set(signatures(path)["text:c"].inputs) == {"inputs"}
    answer = tf.saved_model.load(path).signatures["text:c"](inputs=tf.constant(["1", "2"]))
    assert answer["outputs"].shape == (2, 2)


def test_an_unknown_output_is_named_in_every_verb(tmp_path: Path, make_estimator: Any) -> None:
    estimator = tf_estimator.model_to_estimator(
        two_headed(), model_dir=tmp_path, export_outputs={"cc": export.PredictOutput}
    )

    def input_fn() -> tf.data.Dataset:
        ones = np.ones([2, 1], np.float32)
        return tf.data.Dataset.from_tensors(({"a": ones}, (np.ones([2, 2]), np.ones([2, 2]))))

    for verb in (
        lambda: estimator.train(input_fn),
        lambda: estimator.evaluate(input_fn),
        lambda: next(estimator.predict(input_fn)),
        lambda: estimator.export_saved_model(tmp_path / "export"),
    ):
        with pytest.raises(KeyError) as caught:
            verb()
        assert str(caught.value) == (
            "The model's outputs lack what export_outputs asks for. Expected keys: 'cc'; given "
            "keys: 'c', 'd'; missing: 'cc'. Did you mean 'c'?"
        )


def test_the_keys_of_a_dict_of_outputs_are_its_names(tmp_path: Path) -> None:
    entry = keras.Input((1,), name="a")
    model = keras.Model(entry, {"up": keras.layers.Dense(1, name="layer")(entry)})
    model.compile("sgd", "mse")
    estimator = tf_estimator.model_to_estimator(
        model, model_dir=tmp_path, export_outputs={"up": export.PredictOutput}
    )
    assert "up" in signatures(estimator.export_saved_model(tmp_path / "export"))


@pytest.mark.parametrize("wrong", [{"c": "predict"}, {"c": lambda x: x}, {"c": dict}, ["c"]])
def test_what_is_no_kind_of_output_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"export_outputs(\['c'\])? must be"):
        tf_estimator.model_to_estimator(two_headed(), export_outputs=wrong)
