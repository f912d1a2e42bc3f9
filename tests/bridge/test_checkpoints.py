"""What is saved can be read, moved, resumed; older ones are thinned out; nothing is spoilt."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun.bridge.checkpoints import Checkpoints
from tests.bridge.conftest import build_model


def stochastic_model() -> keras.Model:
    """Everything that has a state: Dropout's seed, moving statistics, a momentum, a metric."""
    keras.utils.set_random_seed(1)
    return build_model(
        keras.layers.Dropout(0.5),
        keras.layers.BatchNormalization(),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )


def test_tensorflow_reads_them_and_names_do_not_depend_on_the_process(
    input_fn: Any, make_estimator: Any
) -> None:
    keras.Sequential([keras.layers.Dropout(0.5), keras.layers.BatchNormalization()])(
        np.ones((1, 1))  # Keras has counted these layers; ours is numbered anew
    )
    estimator = make_estimator(stochastic_model()).train(input_fn)
    saved = dict(tf.train.list_variables(tf.train.latest_checkpoint(estimator.model_dir)))
    assert saved["iris/kernel"] == [4, 5]
    assert saved["batch_normalization/moving_mean"] == [5]
    assert saved["seed_generator/seed_generator_state"] == [2]
    assert saved["optimizer/iris/kernel/momentum"] == [4, 5]
    assert saved["global_step"] == []
    assert list(saved) == estimator.get_variable_names()


def test_names_of_layers_within_layers_do_not_depend_on_the_process(make_estimator: Any) -> None:
    def bidirectional() -> keras.Model:
        model = keras.Sequential([keras.layers.Bidirectional(keras.layers.GRU(2), name="rnn")])
        model.compile("sgd", "mse")
        return model

    data = np.ones((4, 3, 1), "float32"), np.ones((4, 4), "float32")
    make_estimator(bidirectional()).train(lambda: tf.data.Dataset.from_tensors(data))
    again = make_estimator(bidirectional())
    assert again.evaluate(lambda: tf.data.Dataset.from_tensors(data))["global_step"] == 1


def test_an_interrupted_training_ends_as_an_unbroken_one(
    endless: Any, make_estimator: Any, scalars: Any
) -> None:
    unbroken = make_estimator(stochastic_model(), "unbroken", save_summary_steps=5)
    unbroken.train(endless, max_steps=24)
    first = make_estimator(stochastic_model(), "interrupted", save_summary_steps=5)
    first.train(endless, max_steps=12)
    second = make_estimator(stochastic_model(), "interrupted", save_summary_steps=5)
    second.train(endless, max_steps=24)
    for name in unbroken.get_variable_names():
        ours, theirs = second.get_variable_value(name), unbroken.get_variable_value(name)
        np.testing.assert_array_equal(ours, theirs, err_msg=name)
    assert scalars(second.model_dir)["loss"] == scalars(unbroken.model_dir)["loss"]


def test_a_moved_folder_is_resumed(
    model: keras.Model, endless: Any, make_estimator: Any, tmp_path: Path
) -> None:
    make_estimator(model, "here").train(endless, max_steps=3)
    shutil.move(tmp_path / "here", tmp_path / "there")
    moved = make_estimator(build_model(), "there")
    assert moved.latest_checkpoint() == str(tmp_path / "there" / "model.ckpt-3")
    assert moved.train(endless, max_steps=5).get_variable_value("global_step") == 5


def test_so_many_are_kept(model: keras.Model, endless: Any, make_estimator: Any) -> None:
    estimator = make_estimator(model, save_checkpoints_steps=1, keep_checkpoint_max=2)
    estimator.train(endless, max_steps=5)
    files = sorted(f for f in os.listdir(estimator.model_dir) if f.startswith("model.ckpt"))
    suffixes = ("data-00000-of-00001", "index")
    assert files == [f"model.ckpt-{step}.{suffix}" for step in (4, 5) for suffix in suffixes]
    state = tf.train.get_checkpoint_state(estimator.model_dir)
    assert [Path(p).name for p in state.all_model_checkpoint_paths] == [
        "model.ckpt-4",
        "model.ckpt-5",
    ]


@pytest.mark.parametrize("keep_max", [0, None])
def test_all_are_kept_on_request(
    model: keras.Model, endless: Any, make_estimator: Any, keep_max: int | None
) -> None:
    estimator = make_estimator(model, save_checkpoints_steps=1, keep_checkpoint_max=keep_max)
    estimator.train(endless, max_steps=7)
    assert len(list(Path(estimator.model_dir).glob("model.ckpt-*.index"))) == 8


def test_one_in_so_many_hours_is_kept_for_good(tmp_path: Path) -> None:
    hours = iter(range(10))
    checkpoints = Checkpoints(
        str(tmp_path), keep_max=1, keep_every_n_hours=3, clock=lambda: 3600.0 * (1 + next(hours))
    )
    for step in range(10):
        checkpoints.save({"v": tf.Variable(1.0)}, step)
    assert {p.stem for p in tmp_path.glob("*.index")} == {
        "model.ckpt-3",
        "model.ckpt-6",
        "model.ckpt-9",
    }


def wider() -> keras.Model:
    return build_model(keras.layers.Dense(2, name="new"))


def test_a_changed_architecture_is_refused_by_naming_what_differs(
    model: keras.Model, input_fn: Any, make_estimator: Any
) -> None:
    before = make_estimator(model).train(input_fn)
    kernel = before.get_variable_value("iris/kernel")
    with pytest.raises(ValueError, match="belongs to another model") as caught:
        make_estimator(wider()).train(input_fn)
    message = str(caught.value)
    assert "new/kernel [5, 2] is not in the checkpoint" in message
    assert "probs/kernel is [2, 3] in the model and [5, 3] there" in message
    assert "Use a new model_dir" in message
    np.testing.assert_array_equal(before.get_variable_value("iris/kernel"), kernel)


def test_a_layer_less_is_refused_too(
    model: keras.Model, input_fn: Any, make_estimator: Any
) -> None:
    make_estimator(wider()).train(input_fn)
    with pytest.raises(ValueError, match=r"new/kernel \[5, 2\] is only in the checkpoint"):
        make_estimator(model).evaluate(input_fn)


def test_another_optimizer_may_evaluate(input_fn: Any, make_estimator: Any) -> None:
    trained = make_estimator(build_model()).train(input_fn).evaluate(input_fn)
    assert make_estimator(build_model(optimizer="sgd")).evaluate(input_fn) == trained


@pytest.mark.parametrize("read", ["get_variable_names", "get_variable_value"])
def test_before_the_first_checkpoint_there_is_nothing_to_read(
    model: keras.Model, make_estimator: Any, read: str
) -> None:
    arguments: list[str] = ["iris/kernel"] if read == "get_variable_value" else []
    estimator = make_estimator(model)
    assert estimator.latest_checkpoint() is None
    with pytest.raises(ValueError, match=r"There is no checkpoint in .*model_dir' yet. Train"):
        getattr(estimator, read)(*arguments)


def test_a_name_that_is_not_there_brings_the_nearest(
    model: keras.Model, input_fn: Any, make_estimator: Any
) -> None:
    with pytest.raises(ValueError, match="Did you mean 'iris/kernel'"):
        make_estimator(model).train(input_fn).get_variable_value("iris/kernal")


def test_a_write_that_fails_leaves_the_last_good_one(tmp_path: Path) -> None:
    checkpoints = Checkpoints(str(tmp_path))
    good = checkpoints.save({"v": tf.Variable(1.0)}, 1)
    (tmp_path / "model.ckpt-2.index").mkdir()  # nothing can be renamed to this
    (tmp_path / "model.ckpt-2.index" / "full").touch()
    with pytest.raises(tf.errors.OpError):
        checkpoints.save({"v": tf.Variable(2.0)}, 2)
    shutil.rmtree(tmp_path / "model.ckpt-2.index")
    assert checkpoints.latest() == good
    assert tf.train.load_checkpoint(good).get_tensor("v") == 1.0
    assert not list(tmp_path.glob("*tmp*"))


def test_a_checkpoint_named_last_but_gone_falls_back(tmp_path: Path) -> None:
    checkpoints = Checkpoints(str(tmp_path))
    first = checkpoints.save({"v": tf.Variable(1.0)}, 1)
    second = checkpoints.save({"v": tf.Variable(2.0)}, 2)
    os.remove(f"{second}.index")
    assert checkpoints.latest() == first


def test_a_checkpoint_file_written_by_the_original_is_read(tmp_path: Path) -> None:
    """Its default format names the checkpoints by absolute paths, which no longer hold."""
    path = Checkpoints(str(tmp_path)).save({"v": tf.Variable(1.0)}, 7)
    (tmp_path / "checkpoint").write_text(
        'model_checkpoint_path: "/gone/model.ckpt-7"\n'
        'all_model_checkpoint_paths: "/gone/model.ckpt-7"\n'
    )
    assert Checkpoints(str(tmp_path)).latest() == path


def test_shared_layers_are_saved_once(make_estimator: Callable[..., Any]) -> None:
    x = keras.Input((2,), name="x")
    shared = keras.layers.Dense(2, name="shared")
    model = keras.Model(x, shared(shared(x)))
    model.compile("sgd", "mse")
    data = np.ones((4, 2), "float32")
    estimator = make_estimator(model)
    estimator.train(lambda: tf.data.Dataset.from_tensors(({"x": data}, data)))
    names = [name for name in estimator.get_variable_names() if name.startswith("shared")]
    assert names == ["shared/bias", "shared/kernel"]
