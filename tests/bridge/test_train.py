"""Training does exactly the updates it is asked for, as Keras would do them."""

import signal
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from tests.bridge.conftest import Arrays, Recorder, build_model


def test_max_steps_counts_from_the_very_first_and_steps_add_up(
    model: keras.Model, endless: Any, make_estimator: Any
) -> None:
    estimator = make_estimator(model)
    assert estimator.train(endless, max_steps=5) is estimator
    assert estimator.latest_checkpoint().endswith("model.ckpt-5")
    estimator.train(endless, steps=3)
    assert estimator.latest_checkpoint().endswith("model.ckpt-8")
    estimator.train(endless, max_steps=10)
    assert estimator.get_variable_value("global_step") == 10


def test_a_part_of_a_step_is_a_step(model: keras.Model, endless: Any, make_estimator: Any) -> None:
    estimator = make_estimator(model).train(endless, steps=2.5)
    assert estimator.get_variable_value("global_step") == 3
    assert estimator.train(endless, max_steps=4.2).get_variable_value("global_step") == 5
    assert estimator.evaluate(endless, steps=1.5) == estimator.evaluate(endless, steps=2)


def test_training_ends_with_the_data_and_counts_real_updates_only(
    model: keras.Model, input_fn: Any, make_estimator: Any
) -> None:
    """Keras 3's `fit` counts one update too many on data of unknown length."""

    def unknown_length() -> tf.data.Dataset:
        return input_fn().filter(lambda features, label: True)

    estimator = make_estimator(model).train(unknown_length)
    assert estimator.get_variable_value("global_step") == 4
    assert estimator.get_variable_value("optimizer/iteration") == 4


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: keras.optimizers.SGD(0.1, momentum=0.9),
        lambda: keras.optimizers.AdamW(0.01, weight_decay=0.1),
        lambda: keras.optimizers.Adagrad(0.1, clipnorm=0.5),
        lambda: keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)),
    ],
    ids=["momentum", "AdamW", "clipped Adagrad", "schedule"],
)
def test_the_updates_equal_those_of_train_on_batch(
    optimizer: Callable[[], Any], input_fn: Any, make_estimator: Any
) -> None:
    models = []
    for _ in range(2):
        keras.utils.set_random_seed(5)
        models.append(build_model(optimizer=optimizer()))
    expected, model = models
    for features, labels in input_fn().repeat(2):
        expected.train_on_batch(features["iris_input"], labels)
    make_estimator(model).train(lambda: input_fn().repeat(2))
    for ours, theirs in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


class Counting(keras.Model):
    """A train_step of its own that needs no optimizer at all."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = self.add_weight(shape=(), initializer="zeros", name="seen", trainable=False)

    def call(self, inputs: Any) -> Any:
        return inputs

    def train_step(self, data: Any) -> dict[str, Any]:
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        self.seen.assign_add(keras.ops.cast(keras.ops.shape(x)[0], "float32"))
        return {"loss": 1.0 / self.seen, "seen": self.seen + 0.0}


def test_a_train_step_of_the_users_own_is_called(
    flowers: Arrays, make_estimator: Any, scalars: Any
) -> None:
    model = Counting()
    model.compile("sgd")
    estimator = make_estimator(model, save_summary_steps=2)
    estimator.train(lambda: tf.data.Dataset.from_tensor_slices(flowers).batch(8))
    assert estimator.get_variable_value("seen") == 30
    written = scalars(estimator.model_dir)
    assert written["seen"] == [
        (1, 8.0),
        (3, 20.0),
    ]  # averaged over the batches since the one before


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"steps": 1, "max_steps": 1}, "steps .* or max_steps .* not both"),
        ({"steps": 0}, "steps must be above 0, or None; received 0"),
        ({"max_steps": -1}, "max_steps must be above 0, or None; received -1"),
    ],
)
def test_impossible_limits_are_refused(
    model: keras.Model, endless: Any, make_estimator: Any, limits: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make_estimator(model).train(endless, **limits)


def test_a_finished_model_trains_nothing_more(
    model: keras.Model, endless: Any, make_estimator: Any
) -> None:
    estimator = make_estimator(model).train(endless, max_steps=4)
    before = estimator.get_variable_value("iris/kernel")
    estimator.train(lambda: pytest.fail("the input is not needed"), max_steps=4)
    np.testing.assert_array_equal(estimator.get_variable_value("iris/kernel"), before)


def test_an_empty_input_is_said(
    model: keras.Model, input_fn: Any, make_estimator: Any, caplog: pytest.LogCaptureFixture
) -> None:
    make_estimator(model).train(lambda: input_fn().take(0))
    assert "Training made no steps" in caplog.text


def test_a_loss_that_is_no_number_ends_training_and_spoils_no_checkpoint(
    model: keras.Model, input_fn: Any, make_estimator: Any
) -> None:
    def with_nan_in_the_third_batch() -> tf.data.Dataset:
        def spoil(i: Any, batch: Any) -> Any:
            features, labels = batch
            weight = tf.where(tf.equal(i, 2), np.float32("nan"), 1.0)
            weights = tf.fill(tf.shape(labels), weight)
            return {"features": features, "sample_weights": weights}, labels

        return input_fn().enumerate().map(spoil)

    estimator = make_estimator(model, save_checkpoints_steps=1)
    with pytest.raises(tf_estimator.NanLossDuringTrainingError, match="at step 3") as caught:
        estimator.train(with_nan_in_the_third_batch)
    assert caught.value.step == 3
    assert isinstance(caught.value, tf.compat.v1.train.NanLossDuringTrainingError)
    assert estimator.latest_checkpoint().endswith("model.ckpt-2")
    assert np.isfinite(estimator.get_variable_value("iris/kernel")).all()


def test_a_weight_that_became_no_number_spoils_no_checkpoint_either(
    input_fn: Any, make_estimator: Any
) -> None:
    """The loss of the update that spoils them is a number still."""

    def far(y_true: Any, y_pred: Any) -> Any:
        distance = tf.reduce_sum(tf.square(y_pred), axis=-1) - 1.0
        zero = distance - tf.stop_gradient(distance)
        return tf.where(tf.equal(zero, 0.0), 1.0, tf.math.log(zero))  # its gradient is NaN

    estimator = make_estimator(build_model(loss=far), save_checkpoints_steps=1)
    with pytest.raises(
        tf_estimator.NanLossDuringTrainingError, match=r"Weights are NaN after step 1 \(iris/"
    ):
        estimator.train(input_fn)
    assert estimator.latest_checkpoint().endswith("model.ckpt-0")


class Listener(tf.compat.v1.train.CheckpointSaverListener):
    """Writes down what it hears; does something after the save of one step."""

    def __init__(self, at: int = -1, then: Callable[[], Any] = lambda: None) -> None:
        self.heard: list[tuple[str, int]] = []
        self._at, self._then = at, then

    def begin(self) -> None:
        self.heard.append(("begin", -1))

    def before_save(self, session: Any, global_step_value: int) -> None:
        self.heard.append(("before", global_step_value))

    def after_save(self, session: Any, global_step_value: int) -> Any:
        self.heard.append(("after", global_step_value))
        return self._then() if global_step_value == self._at else None

    def end(self, session: Any, global_step_value: int) -> None:
        self.heard.append(("end", global_step_value))


def test_listeners_hear_of_every_checkpoint(
    model: keras.Model, endless: Any, make_estimator: Any
) -> None:
    listener = Listener()
    estimator = make_estimator(model, save_checkpoints_steps=2)
    estimator.train(endless, max_steps=3, saving_listeners=[listener])
    saves = [(what, step) for step in (0, 2, 3) for what in ("before", "after")]
    assert listener.heard == [("begin", -1), *saves, ("end", 3)]


def test_a_listener_can_stop_training(
    model: keras.Model, endless: Any, make_estimator: Any
) -> None:
    estimator = make_estimator(model, save_checkpoints_steps=2)
    estimator.train(endless, saving_listeners=[Listener(at=4, then=lambda: True)])
    assert estimator.get_variable_value("global_step") == 4


def test_what_is_no_listener_is_refused(
    model: keras.Model, endless: Any, make_estimator: Any
) -> None:
    with pytest.raises(TypeError, match=r"must be CheckpointSaverListeners .* received 'me'"):
        make_estimator(model).train(endless, steps=1, saving_listeners=["me"])
    silent = make_estimator(model, save_checkpoints_secs=None)
    with pytest.raises(ValueError, match="need checkpoints, which this RunConfig turns off"):
        silent.train(endless, steps=1, saving_listeners=[Listener()])


@pytest.mark.parametrize(
    ("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)]
)
def test_a_signal_ends_training_with_a_checkpoint(
    model: keras.Model,
    endless: Any,
    make_estimator: Any,
    recorder: Recorder,
    number: signal.Signals,
    raised: type[BaseException],
) -> None:
    estimator = make_estimator(model, save_checkpoints_steps=10)
    estimator.add_observer(recorder)
    handler = signal.getsignal(number)
    listener = Listener(at=10, then=lambda: signal.raise_signal(number))
    with pytest.raises(raised):
        estimator.train(endless, max_steps=10**9, saving_listeners=[listener])
    assert recorder.ends == [10]
    assert recorder.checkpoints == [0, 10]
    assert signal.getsignal(number) is handler
    estimator.train(endless, steps=1)  # and it goes on from there
    assert estimator.get_variable_value("global_step") == 11


def test_the_same_seed_gives_the_same_training(flowers: Arrays, make_estimator: Any) -> None:
    features, labels = flowers

    def shuffled() -> tf.data.Dataset:
        whole = tf.data.Dataset.from_tensor_slices(({"iris_input": features}, labels))
        return whole.shuffle(30).batch(8)

    kernels = []
    for folder in ("first", "second"):
        keras.utils.set_random_seed(2)
        estimator = make_estimator(build_model(), folder, tf_random_seed=11)
        kernels.append(estimator.train(shuffled).get_variable_value("iris/kernel"))
    np.testing.assert_array_equal(*kernels)
