"""What is written answers as the live model does, under the names that serving asks for."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from tests.bridge.conftest import Arrays, Recorder, build_model


def serving_default(path: str) -> Any:
    return tf.saved_model.load(path).signatures["serving_default"]


def test_the_features_are_asked_for_by_their_keys(
    model: keras.Model, flowers: Arrays, input_fn: Any, make_estimator: Any, tmp_path: Path
) -> None:
    estimator = make_estimator(model).train(input_fn)
    path = estimator.export_saved_model(tmp_path / "base")
    assert Path(path).parent == tmp_path / "base"
    answer = serving_default(path)(iris_input=flowers[0])
    live = np.stack([p["probs"] for p in estimator.predict(input_fn)])
    np.testing.assert_allclose(answer["probs"], live, rtol=1e-5)


def test_it_is_checked_with_what_was_evaluated(
    model: keras.Model,
    input_fn: Any,
    make_estimator: Any,
    tmp_path: Path,
    recorder: Recorder,
) -> None:
    estimator = make_estimator(model).train(input_fn)
    estimator.add_observer(recorder)
    estimator.export_saved_model(tmp_path / "before")
    estimator.evaluate(input_fn)
    path = estimator.export_saved_model(tmp_path / "after")
    assert recorder.exports[0][2] == 0
    assert recorder.exports[1] == ("after", path, 8, 0.0)


def test_a_receiver_of_graph_code_is_traced(
    model: keras.Model, flowers: Arrays, input_fn: Any, make_estimator: Any, tmp_path: Path
) -> None:
    def serving_input_receiver_fn() -> Any:
        row = tf.compat.v1.placeholder(tf.string, [None], name="csv_row")
        columns = tf.io.decode_csv(row, record_defaults=[[0.0]] * 4)
        features = {"iris_input": tf.stack(columns, axis=1)}
        return tf_estimator.export.ServingInputReceiver(features, {"csv_row": row})

    estimator = make_estimator(model).train(input_fn)
    path = estimator.export_saved_model(tmp_path, serving_input_receiver_fn)
    rows = [",".join(map(str, values)) for values in flowers[0][:3]]
    answer = serving_default(path)(csv_row=tf.constant(rows))
    np.testing.assert_allclose(answer["probs"], model(flowers[0][:3]), rtol=1e-5)


def test_an_older_checkpoint_may_be_exported(
    model: keras.Model, flowers: Arrays, endless: Any, make_estimator: Any, tmp_path: Path
) -> None:
    estimator = make_estimator(model).train(endless, max_steps=1)
    old, expected = estimator.latest_checkpoint(), model(flowers[0]).numpy()
    estimator.train(endless, max_steps=20)
    path = estimator.export_saved_model(tmp_path, checkpoint_path=old)
    np.testing.assert_allclose(
        serving_default(path)(iris_input=flowers[0])["probs"], expected, rtol=1e-5
    )
    with pytest.raises(ValueError, match="There is no checkpoint at 'nowhere'"):
        estimator.export_saved_model(tmp_path, checkpoint_path="nowhere")


def test_a_model_never_built_tells_no_features(
    model: keras.Model, make_estimator: Any, tmp_path: Path
) -> None:
    estimator = make_estimator(model)
    with pytest.raises(ValueError, match=r"the model is not built yet. Give a serving_input_recei"):
        estimator.export_saved_model(tmp_path / "base")
    assert not (tmp_path / "base").exists()


def test_a_new_process_exports_a_checkpoint_of_a_model_that_it_never_built(
    model: keras.Model, flowers: Arrays, input_fn: Any, make_estimator: Any, tmp_path: Path
) -> None:
    make_estimator(model).train(input_fn)
    spec = {"iris_input": tf.TensorSpec([None, 4], tf.float32)}
    receiver_fn = tf_estimator.export.build_raw_serving_input_receiver_fn(spec)
    path = make_estimator(build_model()).export_saved_model(tmp_path / "base", receiver_fn)
    np.testing.assert_allclose(
        serving_default(path)(iris_input=flowers[0])["probs"], model(flowers[0]), rtol=1e-5
    )


def test_a_receiver_with_other_features_names_them(
    model: keras.Model, input_fn: Any, make_estimator: Any, tmp_path: Path
) -> None:
    estimator = make_estimator(model).train(input_fn)
    spec = {"iris": tf.TensorSpec([None, 4], tf.float32)}
    receiver_fn = tf_estimator.export.build_raw_serving_input_receiver_fn(spec)
    with pytest.raises(KeyError) as caught:
        estimator.export_saved_model(tmp_path / "base", receiver_fn)
    assert "Did you mean 'iris_input' where 'iris' is given?" in str(caught.value)
    assert not list((tmp_path / "base").glob("*"))


def test_several_inputs_and_outputs_keep_their_names(make_estimator: Any, tmp_path: Path) -> None:
    words, number = keras.Input((), dtype="string", name="word"), keras.Input((1,), name="number")
    index = keras.layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")(words)
    joined = keras.layers.Concatenate()([index, number])
    outputs = [keras.layers.Dense(1, name=name)(joined) for name in ("up", "down")]
    model = keras.Model({"word": words, "number": number}, outputs)
    model.compile("sgd", "mse")
    path = make_estimator(model).export_saved_model(tmp_path)
    batch = {"word": tf.constant(["b", "?"]), "number": tf.constant([[1.0], [2.0]])}
    answer = serving_default(path)(**batch)
    for name, expected in zip(("up", "down"), model(batch), strict=True):
        np.testing.assert_allclose(answer[name], expected, rtol=1e-6)


def test_before_any_training_the_initial_weights_are_exported_and_then_others(
    model: keras.Model, flowers: Arrays, input_fn: Any, make_estimator: Any, tmp_path: Path
) -> None:
    initial = model(flowers[0]).numpy()
    estimator = make_estimator(model)
    paths = [estimator.export_saved_model(tmp_path)]
    paths.append(estimator.train(input_fn).export_saved_model(tmp_path))
    answers = [serving_default(path)(iris_input=flowers[0])["probs"].numpy() for path in paths]
    np.testing.assert_allclose(answers[0], initial, rtol=1e-5)
    assert np.abs(answers[1] - initial).max() > 1e-4


def test_one_bare_tensor_is_fed_as_input_to_a_tensor_receiver(
    model: keras.Model, flowers: Arrays, make_estimator: Any, tmp_path: Path
) -> None:
    def tensor_receiver() -> Any:
        fed = tf.compat.v1.placeholder(tf.float32, [None, 4])
        return tf_estimator.export.TensorServingInputReceiver(fed, fed)

    def wrapping_receiver() -> Any:
        fed = tf.compat.v1.placeholder(tf.float32, [None, 4])
        return tf_estimator.export.ServingInputReceiver(fed, fed)

    estimator = make_estimator(model)
    path = estimator.export_saved_model(tmp_path, tensor_receiver)
    answer = serving_default(path)(input=flowers[0])
    np.testing.assert_allclose(answer["probs"], model(flowers[0]), rtol=1e-5)
    with pytest.raises(KeyError) as caught:
        estimator.export_saved_model(tmp_path, wrapping_receiver)
    assert "given keys: 'feature'" in str(caught.value)


def test_text_and_extra_files_are_written_in_every_mode(
    model: keras.Model, make_estimator: Any, tmp_path: Path
) -> None:
    (tmp_path / "classes.txt").write_text("setosa\n")
    spec = tf.TensorSpec([None, 4], tf.float32)
    supervised = tf_estimator.experimental.build_raw_supervised_input_receiver_fn(
        {"iris_input": spec}, tf.TensorSpec([None], tf.int32)
    )
    raw = tf_estimator.export.build_raw_serving_input_receiver_fn({"iris_input": spec})
    estimator = make_estimator(model)
    for receivers in ({"infer": raw}, {"eval": supervised}, {"eval": supervised, "infer": raw}):
        path = Path(
            estimator.experimental_export_all_saved_models(
                tmp_path / "export",
                receivers,
                assets_extra={"texts/classes.txt": str(tmp_path / "classes.txt")},
                as_text=True,
            )
        )
        assert (path / "assets.extra/texts/classes.txt").read_text() == "setosa\n"
        assert (path / "saved_model.pbtxt").exists()
        assert not (path / "saved_model.pb").exists()
        assert (path / "variables/variables.index").exists()


class Sampling(keras.layers.Layer):
    """Adds noise of its own, also when it predicts."""

    def __init__(self) -> None:
        super().__init__()
        self.seed_generator = keras.random.SeedGenerator(3)

    def call(self, inputs: Any) -> Any:
        return inputs + keras.random.normal(keras.ops.shape(inputs), seed=self.seed_generator)


def test_a_model_that_samples_answers_from_the_same_state(
    input_fn: Any, make_estimator: Any, recorder: Recorder, tmp_path: Path
) -> None:
    estimator = make_estimator(build_model(Sampling())).train(input_fn)
    estimator.add_observer(recorder)
    estimator.evaluate(input_fn)
    estimator.export_saved_model(tmp_path)
    assert recorder.exports[0][2:] == (8, 0.0)


def test_the_evaluation_data_are_read_once(
    model: keras.Model, input_fn: Any, make_estimator: Any, tmp_path: Path
) -> None:
    reads: list[int] = []

    def batches() -> Any:
        reads.append(1)
        yield from input_fn()

    def counted_input_fn() -> tf.data.Dataset:
        return tf.data.Dataset.from_generator(batches, output_signature=input_fn().element_spec)

    estimator = make_estimator(model)
    estimator.evaluate(counted_input_fn)
    estimator.export_saved_model(tmp_path)
    assert reads == [1]
