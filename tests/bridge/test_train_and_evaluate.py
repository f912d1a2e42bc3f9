"""One training, evaluations at its checkpoints, exports after them."""

import signal
from pathlib import Path
from typing import Any

import keras
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from tests.bridge.conftest import Recorder, build_model, plain_model


@pytest.fixture
def model() -> keras.Model:
    """What is trained does not matter here."""
    return plain_model()


class Noting(tf_estimator.Exporter):
    """Writes down what it is called with; exports every second time."""

    def __init__(self, name: str = "noting") -> None:
        self.calls: list[dict[str, Any]] = []
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    def export(self, **given: Any) -> str | None:  # type: ignore[override]
        self.calls.append(given)
        return "here" if len(self.calls) % 2 else None


def train_and_evaluate(
    estimator: Any, train_input_fn: Any, eval_input_fn: Any, max_steps: int | None, **spec: Any
) -> Any:
    return tf_estimator.train_and_evaluate(
        estimator,
        tf_estimator.TrainSpec(train_input_fn, max_steps=max_steps),
        tf_estimator.EvalSpec(eval_input_fn, **{"steps": None, "throttle_secs": 0, **spec}),
    )


def test_every_checkpoint_but_the_first_is_evaluated_and_the_last(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any, recorder: Recorder
) -> None:
    estimator = make_estimator(model, save_checkpoints_steps=3)
    estimator.add_observer(recorder)
    result, exports = train_and_evaluate(estimator, endless, input_fn, max_steps=7)
    assert recorder.checkpoints == [0, 3, 6, 7]
    assert recorder.evaluations == [3, 6, 7]
    assert result == estimator.evaluate(input_fn)
    assert exports == []


def test_the_cadence_restarts_where_training_does(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any, recorder: Recorder
) -> None:
    train_and_evaluate(make_estimator(model, save_checkpoints_steps=3), endless, input_fn, 7)
    again = make_estimator(model, save_checkpoints_steps=3)
    again.add_observer(recorder)
    train_and_evaluate(again, endless, input_fn, max_steps=12)
    assert recorder.evaluations == [10, 12]


def test_evaluations_are_throttled_but_for_the_first_and_the_last(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any, recorder: Recorder
) -> None:
    estimator = make_estimator(model, save_checkpoints_steps=3)
    estimator.add_observer(recorder)
    train_and_evaluate(estimator, endless, input_fn, max_steps=10, throttle_secs=600)
    assert recorder.evaluations == [3, 10]


def test_a_finished_model_is_left_alone(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    estimator = make_estimator(model)
    train_and_evaluate(estimator, endless, input_fn, max_steps=3)
    exporter = Noting()
    outcome = train_and_evaluate(estimator, endless, input_fn, 3, exporters=exporter)
    assert outcome == (None, None)
    assert exporter.calls == []


def test_exporters_are_called_by_keyword_and_told_of_the_last_time(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    estimator = make_estimator(model, save_checkpoints_steps=2)
    exporter = Noting()
    result, exports = train_and_evaluate(estimator, endless, input_fn, 4, exporters=[exporter])
    home = Path(estimator.model_dir)
    first, last = exporter.calls
    assert first["export_path"] == last["export_path"] == str(home / "export" / "noting")
    assert first["checkpoint_path"] == str(home / "model.ckpt-2")
    assert last["checkpoint_path"] == str(home / "model.ckpt-4")
    assert (first["is_the_final_export"], last["is_the_final_export"]) == (False, True)
    assert last["eval_result"] == result
    assert last["estimator"] is estimator
    assert exports == [None]


@pytest.mark.parametrize("max_steps", [None, 100])
def test_the_final_export_happens_however_training_ends(
    model: keras.Model,
    input_fn: Any,
    make_estimator: Any,
    recorder: Recorder,
    max_steps: int | None,
) -> None:
    """The data ends at step 4, on a checkpoint that was evaluated before this was known."""
    estimator = make_estimator(model, save_checkpoints_steps=4)
    estimator.add_observer(recorder)
    exporters = [tf_estimator.LatestExporter("latest"), tf_estimator.FinalExporter("final")]
    _, paths = train_and_evaluate(estimator, input_fn, input_fn, max_steps, exporters=exporters)
    assert recorder.evaluations == [4]
    assert [name for name, *_ in recorder.exports] == ["latest", "final"]
    assert [Path(path).parent.name for path in paths] == ["latest", "final"]


def test_the_training_input_is_called_once_and_never_restarted(
    model: keras.Model, input_fn: Any, make_estimator: Any
) -> None:
    calls: list[str] = []

    def train_input_fn(mode: str, params: Any, config: Any) -> tf.data.Dataset:
        assert isinstance(config, tf_estimator.RunConfig)
        assert params == {}
        calls.append(mode)
        return input_fn()

    def eval_input_fn(mode: str) -> tf.data.Dataset:
        calls.append(mode)
        return input_fn()

    estimator = make_estimator(model, save_checkpoints_steps=1)
    train_and_evaluate(estimator, train_input_fn, eval_input_fn, max_steps=None)
    assert estimator.get_variable_value("global_step") == 4  # all of it, once
    assert calls == ["train"] + ["eval"] * 4


def test_what_is_evaluated_under_way_is_what_the_checkpoint_holds(
    endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    model = build_model(keras.layers.Dropout(0.5), keras.layers.BatchNormalization())
    results = {}

    class Watch(Recorder):
        def evaluated(self, name: str | None, result: Any, checkpoint_path: str) -> None:
            results[checkpoint_path] = result

    estimator = make_estimator(model, save_checkpoints_steps=2)
    estimator.add_observer(Watch())
    train_and_evaluate(estimator, endless, input_fn, max_steps=6)
    anew = make_estimator(build_model(keras.layers.Dropout(0.5), keras.layers.BatchNormalization()))
    assert len(results) == 3
    for path, result in results.items():
        again = anew.evaluate(input_fn, checkpoint_path=path)
        assert again == pytest.approx(result, rel=1e-6)


def test_evaluations_do_not_disturb_the_training(
    endless: Any, input_fn: Any, make_estimator: Any, scalars: Any
) -> None:
    """Summaries average from one to the next, evaluations in between or not."""

    def model() -> keras.Model:
        keras.utils.set_random_seed(1)
        return build_model(keras.layers.Dropout(0.5))

    settings = {"save_checkpoints_steps": 3, "save_summary_steps": 5}
    alone = make_estimator(model(), "alone", **settings).train(endless, max_steps=12)
    watched = make_estimator(model(), "watched", **settings)
    train_and_evaluate(watched, endless, input_fn, max_steps=12)
    assert scalars(watched.model_dir)["loss"] == scalars(alone.model_dir)["loss"]


def test_wrong_arguments_are_named(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    estimator = make_estimator(model)
    train_spec, eval_spec = tf_estimator.TrainSpec(endless, 1), tf_estimator.EvalSpec(input_fn)
    for arguments, name in (
        ((model, train_spec, eval_spec), "estimator must be of type Estimator"),
        ((estimator, eval_spec, eval_spec), "train_spec must be of type TrainSpec"),
        ((estimator, train_spec, None), "eval_spec must be of type EvalSpec, .* received None"),
    ):
        with pytest.raises(TypeError, match=name):
            tf_estimator.train_and_evaluate(*arguments)
    silent = make_estimator(model, save_checkpoints_secs=None)
    with pytest.raises(ValueError, match="give save_checkpoints_steps or save_checkpoints_secs"):
        tf_estimator.train_and_evaluate(silent, train_spec, eval_spec)


class Drawing(keras.layers.Layer):
    """Draws a number of `tf.random` each training step, and writes it down."""

    def __init__(self, drawn: list[float]) -> None:
        super().__init__()
        self._append = drawn.append  # Keras would copy the list itself

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training:
            return inputs
        number = tf.numpy_function(self._note, [tf.random.uniform([])], tf.float32)
        return inputs + 0.0 * tf.reshape(number, [])

    def _note(self, number: Any) -> Any:
        self._append(float(number))
        return number


def test_evaluations_do_not_start_random_numbers_anew(
    endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    drawn: list[float] = []
    model = build_model(Drawing(drawn))
    estimator = make_estimator(model, save_checkpoints_steps=1, tf_random_seed=3)
    train_and_evaluate(estimator, endless, input_fn, max_steps=4)
    assert len(drawn) == len(set(drawn)) == 4


class Interrupting(Noting):
    """Ctrl-C comes while it exports."""

    def export(self, **given: Any) -> str | None:  # type: ignore[override]
        signal.raise_signal(signal.SIGINT)
        return super().export(**given)


def test_an_interrupted_training_is_not_taken_for_a_finished_one(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any, recorder: Recorder
) -> None:
    estimator = make_estimator(model, save_checkpoints_steps=3)
    estimator.add_observer(recorder)
    exporters = [Interrupting("interrupting"), tf_estimator.FinalExporter("final")]
    with pytest.raises(KeyboardInterrupt):
        train_and_evaluate(estimator, endless, input_fn, max_steps=10**9, exporters=exporters)
    assert (recorder.evaluations, recorder.exports, recorder.ends) == ([3], [], [3])


def test_an_evaluation_under_way_is_interrupted_too(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any, recorder: Recorder
) -> None:
    def interrupted_input_fn() -> tf.data.Dataset:
        signal.raise_signal(signal.SIGINT)
        return endless()

    estimator = make_estimator(model, save_checkpoints_steps=3)
    estimator.add_observer(recorder)
    with pytest.raises(KeyboardInterrupt):
        train_and_evaluate(estimator, endless, interrupted_input_fn, max_steps=9)
    assert (recorder.checkpoints, recorder.evaluations) == ([0, 3], [])


class InterruptingAtTheEnd(tf_estimator.SessionRunHook):
    """Ctrl-C comes when the last batch is over."""

    def end(self, session: Any) -> None:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("verb", ["train", "evaluate"])
def test_a_signal_that_comes_late_is_not_lost(
    model: keras.Model, input_fn: Any, make_estimator: Any, verb: str
) -> None:
    estimator = make_estimator(model)
    with pytest.raises(KeyboardInterrupt):
        getattr(estimator, verb)(input_fn, hooks=[InterruptingAtTheEnd()])
    assert estimator.evaluate(input_fn)["global_step"] == (4 if verb == "train" else 0)
