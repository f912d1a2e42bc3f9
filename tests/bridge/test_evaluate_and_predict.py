"""Results are numpy values, by name; the loss is the mean of the batches' losses."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.bridge.conftest import Arrays, build_model


def test_results_are_sorted_numpy_scalars_with_global_step_last(
    input_fn: Any, make_estimator: Any
) -> None:
    model = build_model(metrics=["accuracy", keras.metrics.SparseCategoricalCrossentropy("nats")])
    result = make_estimator(model).train(input_fn).evaluate(input_fn)
    assert list(result) == ["accuracy", "loss", "nats", "global_step"]
    assert {type(result[name]) for name in ("accuracy", "loss", "nats")} == {np.float32}
    assert result["global_step"] == 4
    assert type(result["global_step"]) is np.int64


def test_every_batch_counts_the_same_in_loss_every_example_in_metrics(
    flowers: Arrays, input_fn: Any, make_estimator: Any
) -> None:
    features, labels = flowers
    model = build_model()
    model(features)
    losses = [model.evaluate(x["iris_input"], y, verbose=0)[0] for x, y in input_fn()]
    accuracy = np.mean(np.argmax(model(features), axis=1) == labels)
    result = make_estimator(model).evaluate(input_fn)
    assert result["loss"] == pytest.approx(np.mean(losses), rel=1e-5)
    assert result["accuracy"] == pytest.approx(accuracy)


def test_so_many_batches_are_evaluated(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    estimator = make_estimator(model)
    assert estimator.evaluate(endless, steps=4) == estimator.evaluate(input_fn)
    assert estimator.evaluate(input_fn, steps=100) == estimator.evaluate(input_fn)
    with pytest.raises(ValueError, match="steps must be above 0, or None; received 0"):
        estimator.evaluate(input_fn, steps=0)


def test_an_older_checkpoint_may_be_evaluated(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    estimator = make_estimator(model)
    early = estimator.train(endless, max_steps=2).evaluate(input_fn)
    old = estimator.latest_checkpoint()
    late = estimator.train(endless, max_steps=40).evaluate(input_fn)
    assert late["loss"] < early["loss"]
    assert estimator.evaluate(input_fn, checkpoint_path=old) == early
    assert estimator.evaluate(input_fn) == late
    with pytest.raises(ValueError, match="There is no checkpoint at 'nowhere'"):
        estimator.evaluate(input_fn, checkpoint_path="nowhere")


def test_evaluating_changes_no_state(endless: Any, input_fn: Any, make_estimator: Any) -> None:
    """Neither Dropout's seed nor moving statistics nor the metrics of a training under way."""
    model = build_model(keras.layers.Dropout(0.5), keras.layers.BatchNormalization())
    estimator = make_estimator(model).train(endless, max_steps=3)
    values = {n: estimator.get_variable_value(n) for n in estimator.get_variable_names()}
    estimator.evaluate(input_fn)
    list(estimator.predict(input_fn))
    estimator.train(lambda: endless().take(0), max_steps=5)
    for name, value in values.items():
        np.testing.assert_array_equal(estimator.get_variable_value(name), value, err_msg=name)


def test_results_are_written_for_tensorboard(
    model: keras.Model, input_fn: Any, make_estimator: Any, scalars: Any
) -> None:
    estimator = make_estimator(model).train(input_fn)
    result = estimator.evaluate(input_fn, name="held_out")
    assert estimator.eval_dir() == str(Path(estimator.model_dir, "eval"))
    assert estimator.eval_dir("held_out") == str(Path(estimator.model_dir, "eval_held_out"))
    assert scalars(estimator.eval_dir("held_out")) == {
        "accuracy": [(4, result["accuracy"])],
        "loss": [(4, result["loss"])],
    }


def test_a_metric_cannot_be_called_global_step(input_fn: Any, make_estimator: Any) -> None:
    model = build_model(metrics=[keras.metrics.SparseCategoricalAccuracy("global_step")])
    with pytest.raises(ValueError, match="Rename the metric 'global_step'"):
        make_estimator(model).evaluate(input_fn)


def test_empty_data_gives_zeros(model: keras.Model, input_fn: Any, make_estimator: Any) -> None:
    estimator = make_estimator(model).train(input_fn)
    estimator.evaluate(input_fn)
    result = estimator.evaluate(lambda: input_fn().take(0))
    assert (result["accuracy"], result["loss"], result["global_step"]) == (0, 0, 4)


def test_one_prediction_an_example_by_output_name(
    model: keras.Model, flowers: Arrays, input_fn: Any, make_estimator: Any
) -> None:
    predicted = list(make_estimator(model).predict(input_fn))
    expected = model(flowers[0]).numpy()
    assert len(predicted) == 30
    np.testing.assert_allclose(np.stack([p["probs"] for p in predicted]), expected, rtol=1e-5)


def test_training_in_between_does_not_change_predictions_under_way(
    model: keras.Model, flowers: Arrays, endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    estimator = make_estimator(model).train(endless, steps=1)
    expected = model(flowers[0]).numpy()
    predicted = estimator.predict(input_fn)
    first = [next(predicted) for _ in range(8)]
    estimator.train(endless, steps=20)
    found = np.stack([p["probs"] for p in [*first, *predicted]])
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_or_one_a_batch(model: keras.Model, input_fn: Any, make_estimator: Any) -> None:
    batches = make_estimator(model).predict(input_fn, yield_single_examples=False)
    assert [batch["probs"].shape for batch in batches] == [(8, 3)] * 3 + [(6, 3)]


def test_nothing_happens_before_the_first_is_asked_for(
    model: keras.Model, make_estimator: Any
) -> None:
    make_estimator(model).predict(lambda: pytest.fail("too early"))


def test_outputs_can_be_chosen(make_estimator: Any) -> None:
    x = keras.Input((1,), name="x")
    model = keras.Model(x, [keras.layers.Dense(1, name=name)(x) for name in ("up", "down")])
    model.compile("sgd", "mse")
    estimator = make_estimator(model)

    def one() -> tf.data.Dataset:
        return tf.data.Dataset.from_tensors({"x": np.ones((2, 1), "float32")})

    assert [sorted(p) for p in estimator.predict(one)] == [["down", "up"]] * 2
    assert [sorted(p) for p in estimator.predict(one, predict_keys="up")] == [["up"]] * 2
    with pytest.raises(ValueError, match=r"name no output of the model; .* Did you mean 'down'"):
        next(estimator.predict(one, predict_keys=["dawn"]))


def test_outputs_without_a_common_batch_dimension_come_as_batches_only(
    make_estimator: Any,
) -> None:
    x = keras.Input((1,), name="x")
    model = keras.Model(x, keras.layers.Lambda(lambda t: t[0, 0], name="first")(x))
    model.compile("sgd", "mse")
    estimator = make_estimator(model)

    def one() -> tf.data.Dataset:
        return tf.data.Dataset.from_tensors({"x": np.ones((2, 1), "float32")})

    with pytest.raises(ValueError, match="Use yield_single_examples=False"):
        next(estimator.predict(one))
    assert next(estimator.predict(one, yield_single_examples=False))["first"] == 1.0


def test_a_generator_may_answer_to_the_prediction_before(
    model: keras.Model, make_estimator: Any, flowers: Any
) -> None:
    """Batches of a length that nobody knows are asked for one at a time."""
    answers: list[int] = []

    def asking() -> Any:
        for number in range(4):
            assert len(answers) == number, "asked too early"
            yield {"iris_input": flowers[0][number : number + 1]}

    signature = {"iris_input": tf.TensorSpec([1, 4], tf.float32)}
    estimator = make_estimator(model)
    answered = estimator.predict(
        lambda: tf.data.Dataset.from_generator(asking, output_signature=signature)
    )
    for prediction in answered:
        answers.append(int(prediction["probs"].argmax()))
    assert len(answers) == 4


@pytest.mark.parametrize("known", [True, False])
def test_many_batches_are_predicted_in_their_order(
    model: keras.Model, make_estimator: Any, input_fn: Any, *, known: bool
) -> None:
    def data() -> tf.data.Dataset:
        many = input_fn().repeat(25)
        return many if known else many.filter(lambda *_: True)

    predicted = list(make_estimator(model).predict(data, yield_single_examples=False))
    expected = [model(x["iris_input"]).numpy() for x, _ in input_fn()]
    assert len(predicted) == 100
    for place, batch in enumerate(predicted):
        np.testing.assert_allclose(batch["probs"], expected[place % 4], rtol=1e-6)


def test_each_mode_is_traced_once(make_estimator: Any, input_fn: Any) -> None:
    """Nothing is traced anew between evaluations, or when training goes on."""
    seen: list[bool] = []

    class Noting(keras.layers.Layer):
        def call(self, x: Any, training: bool = False) -> Any:
            if tf.inside_function() and isinstance(x, tf.Tensor):
                seen.append(bool(training))
            return x

    estimator = make_estimator(build_model(Noting()))
    estimator.train(input_fn)
    assert seen.count(True) == 1
    estimator.evaluate(input_fn)
    list(estimator.predict(input_fn))
    before = len(seen)
    for _ in range(2):
        estimator.train(input_fn)
        estimator.evaluate(input_fn)
        list(estimator.predict(input_fn))
    assert len(seen) == before
