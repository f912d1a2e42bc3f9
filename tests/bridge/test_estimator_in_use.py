"""What programs do with an Estimator that stands in no other test."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from tests.bridge.conftest import Arrays, Recorder, build_model


class InputFn:
    """An object that can be called, in place of a function."""

    def __init__(self, dataset: tf.data.Dataset) -> None:
        self._dataset = dataset
        self.modes: list[str] = []

    def __call__(self, mode: str, params: Any, config: Any) -> tf.data.Dataset:
        assert isinstance(config, tf_estimator.RunConfig)
        self.modes.append(mode)
        return self._dataset


def test_an_object_may_be_the_input_fn(
    model: keras.Model, input_fn: Any, make_estimator: Any
) -> None:
    called = InputFn(input_fn())
    estimator = make_estimator(model).train(called)
    estimator.evaluate(called)
    next(estimator.predict(called))
    assert called.modes == ["train", "eval", "infer"]


def test_an_empty_model_dir_is_none(model: keras.Model) -> None:
    estimator = tf_estimator.model_to_estimator(model, model_dir="")
    assert Path(estimator.model_dir).is_dir()
    Path(estimator.model_dir).rmdir()


def test_saves_are_counted_from_the_start_and_at_the_end(
    model: keras.Model, endless: Any, make_estimator: Any, recorder: Recorder
) -> None:
    estimator = make_estimator(model, save_checkpoints_steps=10)
    estimator.add_observer(recorder)
    estimator.train(endless, max_steps=26)
    assert recorder.checkpoints == [0, 10, 20, 26]


def test_predictions_need_no_labels_and_come_from_the_newest_checkpoint(
    model: keras.Model, flowers: Arrays, endless: Any, make_estimator: Any
) -> None:
    """In a new Estimator of an old folder; or from an older checkpoint on request."""
    estimator = make_estimator(model).train(endless, max_steps=2)
    older, old = estimator.latest_checkpoint(), model(flowers[0]).numpy()
    estimator.train(endless, max_steps=20)
    new = model(flowers[0]).numpy()

    def features() -> tf.data.Dataset:
        return tf.data.Dataset.from_tensors({"iris_input": flowers[0]})

    again = make_estimator(build_model())
    for path, expected in ((None, new), (older, old)):
        found = [p["probs"] for p in again.predict(features, checkpoint_path=path)]
        np.testing.assert_allclose(np.stack(found), expected, rtol=1e-5)


def test_the_evaluated_checkpoint_is_told_to_tensorboard(
    model: keras.Model, input_fn: Any, make_estimator: Any
) -> None:
    estimator = make_estimator(model).train(input_fn)
    estimator.evaluate(input_fn)
    (file,) = Path(estimator.eval_dir()).iterdir()
    records = [r.numpy() for r in tf.data.TFRecordDataset(str(file))]
    values = [v for r in records for v in tf.compat.v1.Event.FromString(r).summary.value]
    told = [v.tensor.string_val[0].decode() for v in values if v.tag == "checkpoint_path"]
    assert told == [estimator.latest_checkpoint()]


def test_a_model_with_one_input_may_be_served_with_a_bare_tensor(
    model: keras.Model, flowers: Arrays, input_fn: Any, make_estimator: Any, tmp_path: Path
) -> None:
    def serving_input_receiver_fn() -> Any:
        tensor = tf.compat.v1.placeholder(tf.float32, [None, 4])
        return tf_estimator.export.TensorServingInputReceiver(tensor, tensor)

    estimator = make_estimator(model).train(input_fn)
    path = estimator.export_saved_model(tmp_path, serving_input_receiver_fn)
    serve = tf.saved_model.load(path).signatures["serving_default"]
    answer = serve(input=tf.constant(flowers[0]))["probs"]
    np.testing.assert_allclose(answer, model(flowers[0]), rtol=1e-5)


def test_a_subclass_may_add_and_override(
    model: keras.Model, input_fn: Any, make_estimator: Any
) -> None:
    class Doubled(tf_estimator.Estimator):
        def evaluate(self, *given: Any, **named: Any) -> dict[str, Any]:
            result = super().evaluate(*given, **named)
            return {**result, "twice": 2 * result["loss"]}

    plain = make_estimator(model).train(input_fn)
    result = Doubled.of(plain.program, config=plain.config).evaluate(input_fn)
    assert result["twice"] == 2 * plain.evaluate(input_fn)["loss"]


def early(estimator: Any, make: str, limit: float) -> Any:
    hook = getattr(tf_estimator.experimental, make)
    return hook(estimator, "loss", limit, run_every_secs=None, run_every_steps=1)


def test_any_of_several_early_stopping_hooks_stops(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    estimator = make_estimator(model, save_checkpoints_steps=2)
    hooks = [early(estimator, "stop_if_lower_hook", x) for x in (-1.0, 1e9)]
    tf_estimator.train_and_evaluate(
        estimator,
        tf_estimator.TrainSpec(endless, max_steps=20, hooks=hooks),
        tf_estimator.EvalSpec(input_fn, throttle_secs=0),
    )
    assert estimator.get_variable_value("global_step") == 2


def test_results_are_read_up_to_where_a_file_is_damaged(
    model: keras.Model, input_fn: Any, make_estimator: Any
) -> None:
    estimator = make_estimator(model).train(input_fn)
    read = tf_estimator.experimental.read_eval_metrics
    assert read(estimator.eval_dir()) == {}
    estimator.evaluate(input_fn)
    (file,) = Path(estimator.eval_dir()).iterdir()
    with file.open("ab") as tail:
        tail.write(b"cut off")
    assert list(read(estimator.eval_dir())) == [4]


@pytest.mark.parametrize("seed", [5, None])
def test_the_whole_flow_on_arrays(flowers: Arrays, make_estimator: Any, seed: int | None) -> None:
    features, labels = flowers
    train_input_fn = tf_estimator.inputs.numpy_input_fn(
        {"iris_input": features}, labels, batch_size=10, num_epochs=None, shuffle=True
    )
    eval_input_fn = tf_estimator.inputs.numpy_input_fn(
        {"iris_input": features}, labels, batch_size=10, shuffle=False
    )
    estimator = make_estimator(build_model(), tf_random_seed=seed)
    before = estimator.evaluate(eval_input_fn)["loss"]
    assert estimator.train(train_input_fn, steps=200).evaluate(eval_input_fn)["loss"] < before
    assert len(list(estimator.predict(eval_input_fn))) == 30
