"""TrainSpec and EvalSpec: what they hold, what they refuse, and where it goes."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from tests.bridge.conftest import build_model

# What is wrong on purpose here is no business of the type checker.
EvalSpec: Any = tf_estimator.EvalSpec
TrainSpec: Any = tf_estimator.TrainSpec


class Listener(tf.compat.v1.train.CheckpointSaverListener):
    """Writes down when it is told of checkpoints."""

    def __init__(self, log: list[str] | None = None) -> None:
        self._log = [] if log is None else log

    def after_save(self, session: Any, global_step_value: int) -> None:
        self._log.append(f"saved {global_step_value}")


class Counting(tf_estimator.SessionRunHook):
    """Counts the iterations that it sees."""

    def __init__(self) -> None:
        self.seen = 0

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self.seen += 1


class Named(tf_estimator.Exporter):
    """Has the given name, and writes down its calls."""

    def __init__(self, name: Any) -> None:
        self._name = name
        self.finals: list[bool] = []

    @property
    def name(self) -> str:
        return self._name  # type: ignore[no-any-return]

    def export(self, **given: Any) -> str:  # type: ignore[override]
        self.finals.append(given["is_the_final_export"])
        return f"{self._name} {given['eval_result']['global_step']}"


def input_fn() -> None:
    return None


def test_specs_keep_what_they_are_given() -> None:
    hook, listener, exporter = Counting(), Listener(), Named("a")
    train_spec = TrainSpec(input_fn, 2, [hook], [listener])
    assert train_spec.input_fn is input_fn
    assert train_spec.max_steps == 2
    assert (train_spec.hooks, train_spec.saving_listeners) == ((hook,), (listener,))
    eval_spec = EvalSpec(input_fn, 2, "name", [hook], exporter, 3, 4)
    assert (eval_spec.input_fn, eval_spec.steps, eval_spec.name) == (input_fn, 2, "name")
    assert (eval_spec.hooks, eval_spec.exporters) == ((hook,), (exporter,))
    assert (eval_spec.start_delay_secs, eval_spec.throttle_secs) == (3, 4)
    both = [exporter, Named("b")]
    assert EvalSpec(input_fn, exporters=both).exporters == tuple(both)


@pytest.mark.parametrize(
    ("spec", "arguments", "message"),
    [
        (TrainSpec, {"hooks": [object()]}, "hooks must be SessionRunHooks"),
        (TrainSpec, {"hooks": [None]}, "hooks must be SessionRunHooks.* received None"),
        (TrainSpec, {"saving_listeners": [None]}, "CheckpointSaverListeners .* received None"),
        (EvalSpec, {"hooks": [object()]}, "hooks must be SessionRunHooks"),
        (EvalSpec, {"exporters": object()}, "exporters|iterable"),
        (EvalSpec, {"exporters": [Named("a"), object()]}, "exporters must be Exporters; received"),
    ],
)
def test_what_is_of_another_kind_is_refused(
    spec: Any, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        spec(input_fn, **arguments)


@pytest.mark.parametrize("exporters", [Named(None), Named(""), Named(3), [Named("a"), Named(None)]])
def test_exporters_need_a_name(exporters: Any) -> None:
    with pytest.raises(ValueError, match="name must be a string that is not empty"):
        EvalSpec(input_fn, exporters=exporters)


def test_an_empty_name_is_none(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    estimator = make_estimator(model)
    spec = EvalSpec(input_fn, name="")
    tf_estimator.train_and_evaluate(estimator, TrainSpec(endless, 1), spec)
    assert list(Path(estimator.model_dir, "eval").iterdir())


def test_nothing_begins_where_an_argument_is_wrong(model: keras.Model, make_estimator: Any) -> None:
    def train_input_fn() -> None:
        raise AssertionError("training has begun")

    estimator = make_estimator(model)
    wrong: Any = object()
    with pytest.raises(TypeError, match="eval_spec must be of type EvalSpec"):
        tf_estimator.train_and_evaluate(estimator, TrainSpec(train_input_fn), wrong)
    assert not Path(estimator.model_dir).exists()


def test_hooks_steps_and_name_reach_where_they_belong(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    training, evaluating, estimator = Counting(), Counting(), make_estimator(model)
    tf_estimator.train_and_evaluate(
        estimator,
        TrainSpec(endless, max_steps=5, hooks=[training]),
        EvalSpec(input_fn, steps=3, name="three", hooks=[evaluating]),
    )
    assert (training.seen, evaluating.seen) == (5, 3)
    assert Path(estimator.eval_dir("three")).is_dir()
    assert not Path(estimator.eval_dir()).exists()


def test_the_users_listeners_come_before_the_evaluation(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    log: list[str] = []

    def eval_input_fn() -> Any:
        log.append("evaluated")
        return input_fn()

    tf_estimator.train_and_evaluate(
        make_estimator(model),
        TrainSpec(endless, max_steps=2, saving_listeners=[Listener(log)]),
        EvalSpec(eval_input_fn),
    )
    assert log == ["saved 0", "saved 2", "evaluated"]


def test_three_evaluations_three_exports_and_one_that_is_final(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    """22 steps with a checkpoint every 10."""
    first, second = Named("first"), Named("second")
    result, exports = tf_estimator.train_and_evaluate(
        make_estimator(model, save_checkpoints_steps=10),
        TrainSpec(endless, max_steps=22),
        EvalSpec(input_fn, exporters=[first, second], throttle_secs=0),
    )
    assert first.finals == second.finals == [False, False, True]
    assert exports == ["first 22", "second 22"]
    assert result["global_step"] == 22


def test_a_throttled_last_checkpoint_is_evaluated_and_final(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    exporter = Named("a")
    tf_estimator.train_and_evaluate(
        make_estimator(model, save_checkpoints_steps=2),
        TrainSpec(endless, max_steps=6),
        EvalSpec(input_fn, exporters=exporter, throttle_secs=600),
    )
    assert exporter.finals == [False, True]


def test_a_loss_that_is_no_number_ends_it(endless: Any, input_fn: Any, make_estimator: Any) -> None:
    model = build_model(optimizer=keras.optimizers.SGD(float("nan")))
    with pytest.raises(tf_estimator.NanLossDuringTrainingError):
        tf_estimator.train_and_evaluate(
            make_estimator(model), TrainSpec(endless, 5), EvalSpec(input_fn)
        )


def test_the_complete_flow(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any, scalars: Any
) -> None:
    """Train, evaluate by name, export, predict; the events say what happened."""
    estimator = make_estimator(model)
    exporter = tf_estimator.LatestExporter("latest")
    result, (path,) = tf_estimator.train_and_evaluate(
        estimator, TrainSpec(endless, 10), EvalSpec(input_fn, name="flow", exporters=exporter)
    )
    assert scalars(estimator.model_dir)["loss"][0][0] == 1
    ((step, loss),) = scalars(estimator.eval_dir("flow"))["loss"]
    assert (step, loss) == (10, pytest.approx(float(result["loss"])))
    serve = tf.saved_model.load(path).signatures["serving_default"]
    features, _ = next(iter(input_fn()))
    predictions = list(estimator.predict(lambda: input_fn().take(1)))
    expected = np.stack([prediction["probs"] for prediction in predictions])
    np.testing.assert_allclose(serve(**features)["probs"], expected, atol=1e-6)
