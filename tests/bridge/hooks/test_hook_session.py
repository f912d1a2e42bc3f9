"""Hooks see exact steps, in the order and with the values that they were written for."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun import estimator as tf_estimator
from tests.bridge.conftest import Recorder, build_model


class Noting(tf_estimator.SessionRunHook):
    """Writes down what it hears, and fetches what it is told to."""

    def __init__(self, fetches: Any = None, stop_at: int | None = None) -> None:
        self.heard: list[str] = []
        self.fetched: list[Any] = []
        self._fetches, self._stop_at = fetches, stop_at

    def begin(self) -> None:
        self.heard.append("begin")
        self.tensor = v1.train.get_global_step()

    def after_create_session(self, session: Any, coord: Any) -> None:
        self.heard.append(f"session at {session.run(self.tensor)}")

    def before_run(self, run_context: Any) -> Any:
        self.heard.append("before")
        return None if self._fetches is None else v1.train.SessionRunArgs(self._fetches)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        step = int(run_context.session.run(self.tensor))
        self.heard.append(f"after {step}")
        self.fetched.append(run_values.results)
        if step == self._stop_at:
            run_context.request_stop()

    def end(self, session: Any) -> None:
        self.heard.append(f"end at {session.run(self.tensor)}")


def test_the_methods_are_called_in_order(
    model: keras.Model, endless: Any, make_estimator: Any
) -> None:
    estimator, hook = make_estimator(model), Noting()
    estimator.train(endless, hooks=[hook], steps=2)
    steps = ["before", "after 1", "before", "after 2"]
    assert hook.heard == ["begin", "session at 0", *steps, "end at 2"]


def test_a_resumed_training_tells_where_it_is(
    model: keras.Model, endless: Any, make_estimator: Any
) -> None:
    estimator = make_estimator(model).train(endless, steps=5)
    hook = Noting()
    estimator.train(endless, hooks=[hook], steps=1)
    assert hook.heard == ["begin", "session at 5", "before", "after 6", "end at 6"]


def test_a_hook_stops_training_after_this_step(
    model: keras.Model, endless: Any, make_estimator: Any
) -> None:
    estimator = make_estimator(model)
    estimator.train(endless, hooks=[Noting(stop_at=3)])
    assert estimator.get_variable_value("global_step") == 3


def test_at_the_end_of_the_data_one_more_run_is_announced(
    model: keras.Model, input_fn: Any, make_estimator: Any
) -> None:
    hook = Noting()
    make_estimator(model).train(input_fn, hooks=[hook])
    assert hook.heard[-3:] == ["after 4", "before", "end at 4"]


def test_loss_metrics_and_global_step_can_be_fetched_by_name(
    input_fn: Any, make_estimator: Any
) -> None:
    """The loss is that of the step's batch; global_step is as before the step."""
    model = build_model(optimizer=keras.optimizers.SGD(0.0))
    hook = Noting({"loss": "loss:0", "step": "global_step:0", "accuracy": "accuracy:0"})
    make_estimator(model, save_summary_steps=1).train(input_fn, hooks=[hook])
    batches = [(x["iris_input"], y) for x, y in input_fn()]
    results = [model.evaluate(x, y, verbose=0) for x, y in batches]
    assert [f["loss"] for f in hook.fetched] == pytest.approx([r[0] for r in results], rel=1e-5)
    assert [f["step"] for f in hook.fetched] == [0, 1, 2, 3]


def test_a_hook_may_add_to_the_graph_in_begin(
    model: keras.Model, endless: Any, make_estimator: Any
) -> None:
    class Doubling(Noting):
        def begin(self) -> None:
            super().begin()
            scale = v1.get_variable("scale", initializer=2.0)
            self._fetches = v1.get_default_graph().get_tensor_by_name("loss:0") * scale

    plain, doubling = Noting("loss:0"), Doubling()
    make_estimator(model).train(endless, hooks=[plain, doubling], steps=2)
    assert doubling.fetched == pytest.approx([2 * loss for loss in plain.fetched])


def test_end_is_not_called_when_training_fails(
    model: keras.Model, endless: Any, make_estimator: Any
) -> None:
    class Failing(Noting):
        def after_run(self, run_context: Any, run_values: Any) -> None:
            raise RuntimeError("on purpose")

    hook = Failing()
    with pytest.raises(RuntimeError, match="on purpose"):
        make_estimator(model).train(endless, hooks=[hook], steps=5)
    assert hook.heard == ["begin", "session at 0", "before"]


def test_a_loss_that_is_no_number_is_seen_by_the_hooks_first(
    flowers: Any, make_estimator: Any
) -> None:
    model = build_model(optimizer=keras.optimizers.SGD(1e38))
    data = tf.data.Dataset.from_tensors(({"iris_input": flowers[0]}, flowers[1])).repeat()
    hook = Noting("loss:0")
    with pytest.raises(tf_estimator.NanLossDuringTrainingError):
        make_estimator(model).train(lambda: data, hooks=[hook], steps=50)
    assert not np.isfinite(hook.fetched[-1])
    assert np.isfinite(hook.fetched[:-1]).all()


def test_summaries_and_checkpoint_come_before_the_hooks(
    model: keras.Model, endless: Any, make_estimator: Any, recorder: Recorder
) -> None:
    seen: list[list[int]] = []

    class Looking(Noting):
        def after_run(self, run_context: Any, run_values: Any) -> None:
            seen.append(list(recorder.checkpoints))

    estimator = make_estimator(model, save_checkpoints_steps=2)
    estimator.add_observer(recorder)
    estimator.train(endless, hooks=[Looking()], steps=2)
    assert seen == [[0], [0, 2]]


def test_a_hook_sees_each_batch_of_an_evaluation(
    model: keras.Model, input_fn: Any, make_estimator: Any
) -> None:
    estimator, hook = make_estimator(model).train(input_fn), Noting("loss:0")
    result = estimator.evaluate(input_fn, hooks=[hook])
    runs = ["before", "after 4"] * 4
    assert hook.heard == ["begin", "session at 4", *runs, "before", "end at 4"]
    assert np.mean(hook.fetched) == pytest.approx(result["loss"], rel=1e-6)


def test_a_hook_can_end_an_evaluation_early(
    model: keras.Model, input_fn: Any, make_estimator: Any
) -> None:
    estimator, hook = make_estimator(model), Noting(stop_at=0)
    first = estimator.evaluate(input_fn, hooks=[hook])
    assert first == estimator.evaluate(input_fn, steps=1)


def test_a_hook_sees_each_batch_of_a_prediction(
    model: keras.Model, input_fn: Any, make_estimator: Any
) -> None:
    hook = Noting()
    assert len(list(make_estimator(model).predict(input_fn, hooks=[hook]))) == 30
    assert hook.heard == ["begin", "session at 0", *["before", "after 0"] * 4, "before", "end at 0"]


@pytest.mark.parametrize("verb", ["train", "evaluate", "predict"])
def test_what_is_no_hook_is_refused(
    model: keras.Model, input_fn: Any, make_estimator: Any, verb: str
) -> None:
    with pytest.raises(TypeError, match=r"hooks must be SessionRunHooks .* received 'me'"):
        list(getattr(make_estimator(model), verb)(input_fn, hooks=["me"]))


@pytest.mark.parametrize(
    "make",
    [
        lambda: v1.train.StopAtStepHook(last_step=3),
        lambda: v1.train.StopAtStepHook(num_steps=3),
        lambda: tf_estimator.StopAtStepHook(last_step=3),
        lambda: tf_estimator.StopAtStepHook(num_steps=3),
    ],
    ids=["TensorFlow's last_step", "TensorFlow's num_steps", "last_step", "num_steps"],
)
def test_training_stops_at_a_step(
    model: keras.Model, endless: Any, make_estimator: Any, make: Callable[[], Any]
) -> None:
    estimator = make_estimator(model).train(endless, hooks=[make()])
    assert estimator.get_variable_value("global_step") == 3


def test_hooks_of_the_specs_are_used(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    training, evaluation = Noting(), Noting()
    tf_estimator.train_and_evaluate(
        make_estimator(model),
        tf_estimator.TrainSpec(endless, max_steps=2, hooks=[training]),
        tf_estimator.EvalSpec(input_fn, hooks=[evaluation]),
    )
    assert training.heard[-1] == "end at 2"
    assert evaluation.heard[1] == "session at 2"
    with pytest.raises(TypeError, match="received 3"):
        tf_estimator.TrainSpec(endless, hooks=[3])
    with pytest.raises(TypeError, match="received 3"):
        tf_estimator.EvalSpec(endless, hooks=[3])
