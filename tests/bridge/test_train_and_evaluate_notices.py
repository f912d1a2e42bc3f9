"""What was probably not meant is said: in the log, as a warning, and to the observers."""

import logging
from collections.abc import Iterator
from typing import Any

import keras
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from kerasrun.bridge.observer import Observer
from tests.bridge.conftest import build_model


class Notices(Observer):
    """Writes down the sentences."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def notice(self, text: str) -> None:
        self.texts.append(text)


@pytest.fixture
def notices() -> Notices:
    return Notices()


@pytest.fixture
def warnings() -> Iterator[list[str]]:
    """The warnings that TensorFlow's logger is given."""
    texts: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            texts.append(record.getMessage())

    handler, logger = Kept(logging.WARNING), logging.getLogger("tensorflow")
    logger.addHandler(handler)
    yield texts
    logger.removeHandler(handler)


def test_nothing_left_to_train(
    model: keras.Model, endless: Any, make_estimator: Any, notices: Notices, warnings: list[str]
) -> None:
    estimator = make_estimator(model).train(endless, max_steps=3)
    assert warnings == []
    estimator.add_observer(notices)
    estimator.train(endless, max_steps=2)
    assert notices.texts == [
        "Nothing is left to train: the checkpoint of step 3 has reached max_steps 2. Raise "
        "max_steps, or use a new model_dir."
    ]
    assert warnings == notices.texts


@pytest.mark.parametrize("limit", [{"max_steps": 100}, {"steps": 100}])
def test_data_that_end_early(
    model: keras.Model, input_fn: Any, make_estimator: Any, notices: Notices, limit: dict[str, int]
) -> None:
    estimator = make_estimator(model)
    estimator.add_observer(notices)
    estimator.train(input_fn, **limit)
    assert notices.texts == [
        "The training data ended at step 4; training was to go on to step 100. Let input_fn "
        "repeat its dataset (.repeat()), or ask for fewer steps."
    ]


def test_data_that_end_as_asked_are_no_news(
    model: keras.Model, input_fn: Any, endless: Any, make_estimator: Any, notices: Notices
) -> None:
    estimator = make_estimator(model)
    estimator.add_observer(notices)
    estimator.train(input_fn).train(input_fn, steps=4).train(endless, steps=3)
    assert notices.texts == []


def test_evaluations_that_were_throttled(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any, notices: Notices
) -> None:
    estimator = make_estimator(model, save_checkpoints_steps=3)
    estimator.add_observer(notices)
    specs = [
        tf_estimator.EvalSpec(input_fn, throttle_secs=600),
        tf_estimator.EvalSpec(input_fn, name="now", throttle_secs=0),
        tf_estimator.EvalSpec(input_fn, name="at_nine", every_steps=9),
        tf_estimator.EvalSpec(input_fn, name="rare", throttle_secs=60.5),
    ]
    tf_estimator.train_and_evaluate(estimator, tf_estimator.TrainSpec(endless, 10), specs)
    assert len(notices.texts) == 2, "the other two evaluated all that they were asked to"
    unnamed, rare = notices.texts
    assert unnamed.startswith("2 of 4 checkpoints were not evaluated: less than throttle_secs=600 ")
    assert rare.startswith(
        "2 of 4 checkpoints were not evaluated by 'rare': less than throttle_secs=60.5 "
    )


def test_a_checkpoint_with_another_learning_rate(
    endless: Any, make_estimator: Any, notices: Notices
) -> None:
    def estimator(rate: float) -> Any:
        made = make_estimator(build_model(optimizer=keras.optimizers.SGD(rate)))
        made.add_observer(notices)
        return made

    estimator(0.5).train(endless, steps=2).train(endless, steps=2)
    estimator(0.5).train(endless, steps=1)
    assert notices.texts == []
    estimator(0.25).train(endless, steps=1)
    (text,) = notices.texts
    assert text.startswith(
        "The model is compiled with learning rate 0.25, but the checkpoint of step 5 holds 0.5, "
        "and training goes on with that."
    )


def test_the_advice_on_learning_rates_is_good(
    endless: Any, make_estimator: Any, notices: Notices
) -> None:
    make_estimator(build_model(optimizer=keras.optimizers.SGD(0.5))).train(endless, steps=1)
    model = build_model(optimizer=keras.optimizers.SGD(0.25))

    class SetRate(tf_estimator.SessionRunHook):
        def after_create_session(self, session: Any, coord: Any) -> None:
            model.optimizer.learning_rate.assign(0.25)

    estimator = make_estimator(model)
    estimator.add_observer(notices)
    estimator.train(endless, steps=1, hooks=[SetRate()])
    assert "learning_rate.assign(0.25) in a hook's after_create_session" in notices.texts[0]
    assert estimator.get_variable_value("optimizer/learning_rate") == 0.25


def test_a_schedule_is_no_difference(endless: Any, make_estimator: Any, notices: Notices) -> None:
    def estimator() -> Any:
        schedule = keras.optimizers.schedules.ExponentialDecay(0.5, 2, 0.5)
        return make_estimator(build_model(optimizer=keras.optimizers.SGD(schedule)))

    estimator().train(endless, steps=3)
    again = estimator()
    again.add_observer(notices)
    again.train(endless, steps=1)
    assert notices.texts == []


def test_empty_data_are_told_of_otherwise(
    model: keras.Model, input_fn: Any, make_estimator: Any, notices: Notices, warnings: list[str]
) -> None:
    def empty() -> tf.data.Dataset:
        return input_fn().take(0)

    estimator = make_estimator(model)
    estimator.add_observer(notices)
    estimator.train(empty, max_steps=3)
    assert notices.texts == []
    assert len(warnings) == 1
    assert "made no steps" in warnings[0]
