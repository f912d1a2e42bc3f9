"""A training that was cut off goes on with the next batch, and ends as one that never was."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from kerasrun.input_fns import csv_input_fn
from tests.bridge.conftest import DATA, Recorder, build_model, plain_model

InputFn = Callable[[], tf.data.Dataset]
COLUMNS = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


class CutOff(Exception):
    """Ends a training as a kill does: nothing is saved on the way out."""


class CutOffAt(tf_estimator.SessionRunHook):
    """Raises after so many steps."""

    def __init__(self, step: int) -> None:
        self._step = step

    def next_iteration(self, done: int) -> int:
        return self._step

    def after_run(self, run_context: Any, run_values: Any) -> None:
        raise CutOff


def flowers_one_by_one() -> tf.data.Dataset:
    table = np.loadtxt(DATA / "iris_train.csv", delimiter=",", skiprows=1, dtype="float32")
    return tf.data.Dataset.from_tensor_slices(({"iris_input": table[:, :4]}, table[:, 4]))


def generated() -> tf.data.Dataset:
    def rows() -> Iterator[Any]:
        yield from flowers_one_by_one().repeat().as_numpy_iterator()

    spec = flowers_one_by_one().element_spec
    return tf.data.Dataset.from_generator(rows, output_signature=spec).batch(7)


def through_numpy() -> tf.data.Dataset:
    def doubled(features: Any, label: Any) -> Any:
        four = tf.numpy_function(lambda x: 2 * x, [features["iris_input"]], tf.float32)
        return {"iris_input": tf.ensure_shape(four, [4])}, label

    return flowers_one_by_one().map(doubled).repeat().batch(7)


def graph_code() -> Any:
    dataset = flowers_one_by_one().shuffle(50).repeat().batch(7)
    return tf.compat.v1.data.make_one_shot_iterator(dataset).get_next()


PIPELINES: dict[str, InputFn] = {
    "shuffled": lambda: flowers_one_by_one().shuffle(50).repeat().batch(7).prefetch(2),
    "shuffled over all, cached": lambda: (
        flowers_one_by_one().cache().shuffle(120).repeat().batch(7)
    ),
    "of many threads": lambda: (
        tf.data.Dataset.range(4)
        .interleave(lambda part: flowers_one_by_one().shard(4, part), num_parallel_calls=2)
        .map(lambda x, y: (x, y), num_parallel_calls=tf.data.AUTOTUNE)
        .shuffle(9)
        .repeat()
        .batch(7)
    ),
    "of a CSV file": csv_input_fn(
        DATA / "iris_train.csv",
        label="species",
        features={"iris_input": COLUMNS},
        batch_size=7,
        num_epochs=None,
        shuffle=True,
    ),
    "of a large CSV file": csv_input_fn(
        DATA / "iris_train.csv",
        label="species",
        features={"iris_input": COLUMNS},
        batch_size=7,
        num_epochs=None,
        shuffle=True,
        max_bytes_in_memory=0,
        shuffle_buffer_size=31,
    ),
    "that ends": lambda: flowers_one_by_one().shuffle(30).repeat(3).batch(7),
    "of a generator": generated,
    "through NumPy": through_numpy,
    "of graph code": graph_code,
}


def model_with_chance() -> keras.Model:
    keras.utils.set_random_seed(1)
    random = [keras.layers.Dropout(0.5), keras.layers.BatchNormalization()]
    return build_model(*random, optimizer=keras.optimizers.Adam(0.01))


@pytest.fixture
def make(make_estimator: Any) -> Callable[..., tf_estimator.Estimator]:
    """Makes an Estimator, as a new process would."""

    def made(folder: str, build: Any = plain_model, **settings: Any) -> Any:
        given = {"tf_random_seed": 3, "save_checkpoints_steps": 10, "save_summary_steps": 4}
        return make_estimator(build(), folder, **{**given, **settings})

    return made


def cut_off(estimator: tf_estimator.Estimator, input_fn: InputFn, at: int, **how: Any) -> None:
    with pytest.raises(CutOff):
        estimator.train(input_fn, hooks=[CutOffAt(at)], **how)


def variables(estimator: tf_estimator.Estimator) -> dict[str, Any]:
    return {n: estimator.get_variable_value(n) for n in estimator.get_variable_names()}


def assert_same(one: tf_estimator.Estimator, other: tf_estimator.Estimator) -> None:
    expected, found = variables(one), variables(other)
    assert sorted(found) == sorted(expected)
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


@pytest.mark.parametrize(
    ("pipeline", "build"),
    [
        ("shuffled", model_with_chance),
        *[(name, plain_model) for name in PIPELINES if name != "shuffled"],
    ],
)
def test_it_ends_as_one_that_was_never_cut_off(
    pipeline: str, build: Any, make: Any, scalars: Any
) -> None:
    input_fn = PIPELINES[pipeline]
    unbroken = make("unbroken", build).train(input_fn, max_steps=25)
    cut_off(make("broken", build), input_fn, 17, max_steps=25)
    broken = make("broken", build).train(input_fn, max_steps=25)
    assert_same(unbroken, broken)
    of_unbroken, of_broken = scalars(unbroken.model_dir), scalars(broken.model_dir)
    assert ("accuracy" in of_unbroken) == (build is model_with_chance)
    for tag in {"loss", "accuracy"} & of_unbroken.keys():
        assert of_broken[tag] == of_unbroken[tag]


def test_one_that_was_killed_before_its_first_checkpoint_leaves_no_events(
    make: Any, scalars: Any
) -> None:
    estimator = make("model_dir")
    cut_off(estimator, PIPELINES["shuffled"], 3, max_steps=9)
    for path in Path(estimator.model_dir).glob("checkpoint*"):
        path.unlink()
    for path in Path(estimator.model_dir).glob("model.ckpt-0*"):
        path.unlink()
    estimator = make("model_dir").train(PIPELINES["shuffled"], max_steps=9)
    assert [step for step, _ in scalars(estimator.model_dir)["loss"]] == [1, 5, 9]


def test_data_that_were_read_to_their_end_are_not_read_again(make: Any, caplog: Any) -> None:
    input_fn = PIPELINES["that ends"]  # 52 batches
    ended = make("model_dir").train(input_fn)
    (path := f"{ended.model_dir}/training.json").encode()
    tf.io.gfile.remove(path)  # as if it had been killed right after its last checkpoint
    again = make("model_dir").train(input_fn)
    assert again.get_variable_value("global_step") == 52
    assert "made no steps" not in caplog.text


def test_a_training_that_ended_is_followed_by_one_with_new_data(make: Any) -> None:
    seen: list[int] = []

    def input_fn() -> tf.data.Dataset:
        def note(number: int) -> None:
            seen.append(int(number))

        numbered = flowers_one_by_one().enumerate().batch(7).repeat()

        def told(number: tf.Tensor, example: Any) -> Any:
            with tf.control_dependencies([tf.py_function(note, [number[0]], [])]):
                return tf.nest.map_structure(tf.identity, example)

        return numbered.map(told)

    estimator = make("model_dir")
    estimator.train(input_fn, steps=3)
    del seen[:]
    estimator.train(input_fn, steps=2)
    assert seen[:2] == [0, 7]


def test_checkpoints_are_counted_from_where_the_training_began(
    make: Any, recorder: Recorder
) -> None:
    input_fn = PIPELINES["shuffled"]
    make("model_dir").train(input_fn, max_steps=4)
    cut_off(make("model_dir"), input_fn, 12, max_steps=40)  # it saved 4 and 14
    estimator = make("model_dir")
    estimator.add_observer(recorder)
    estimator.train(input_fn, max_steps=40)
    assert recorder.checkpoints == [24, 34, 40]


@pytest.mark.parametrize("pipeline", ["of a generator", "through NumPy", "of graph code"])
def test_what_cannot_be_saved_is_said_once(pipeline: str, make: Any) -> None:
    estimator, notices = make("model_dir"), Recorder()
    estimator.add_observer(notices)
    estimator.train(PIPELINES[pipeline], steps=12)
    estimator.train(PIPELINES[pipeline], steps=12)
    (said,) = notices.said
    assert said.startswith("The position of the training input cannot be saved (PyFunc is stateful")
    assert "RunConfig(input_resume='restart')" in said


def test_a_position_that_was_not_saved_is_read_over(make: Any) -> None:
    input_fn = PIPELINES["shuffled"]
    unbroken = make("unbroken").train(input_fn, max_steps=30)
    cut_off(make("broken", save_input_position=False), input_fn, 17, max_steps=30)
    estimator, notices = make("broken", save_input_position=False), Recorder()
    estimator.add_observer(notices)
    assert_same(unbroken, estimator.train(input_fn, max_steps=30))
    (said,) = notices.said
    assert "cannot go on where it was (it was not saved)" in said
    assert "10 batches that were trained on are read over" in said


def test_restart_begins_the_data_anew(make: Any) -> None:
    def first_of(estimator: tf_estimator.Estimator, input_fn: InputFn) -> tuple[list[str], Any]:
        notices = Recorder()
        estimator.add_observer(notices)
        estimator.train(input_fn, max_steps=11)
        return notices.said, variables(estimator)

    ordered = lambda: flowers_one_by_one().batch(7).repeat()  # noqa: E731
    settings: dict[str, Any] = {"input_resume": "restart", "save_input_position": False}
    cut_off(make("broken", **settings), ordered, 10, max_steps=11)
    said, found = first_of(make("broken", **settings), ordered)
    assert "its data begin anew" in said[0]
    make("other").train(ordered, steps=10)
    _, expected = first_of(make("other"), ordered)
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


@pytest.mark.parametrize(
    "other",
    [
        lambda: flowers_one_by_one().repeat().batch(7),
        lambda: flowers_one_by_one().shuffle(50).map(lambda x, y: (x, y + 0)).repeat().batch(7),
        lambda: (
            flowers_one_by_one().map(lambda x, y: (x, tf.cast(y, tf.int32))).shuffle(50).batch(7)
        ),
    ],
)
def test_a_position_of_another_pipeline_is_not_taken(other: InputFn, make: Any) -> None:
    cut_off(make("model_dir"), PIPELINES["shuffled"], 12, max_steps=15)
    estimator, notices = make("model_dir"), Recorder()
    estimator.add_observer(notices)
    assert estimator.train(other, max_steps=15).get_variable_value("global_step") == 15
    assert "cannot go on where it was (the input pipeline has changed)" in notices.said[0]


def test_a_buffer_that_outgrows_the_model_is_said_with_its_size(make: Any) -> None:
    def input_fn() -> tf.data.Dataset:
        wide = tf.random.stateless_uniform([2000, 1000], [1, 2])
        rows = tf.data.Dataset.from_tensor_slices(wide)
        four = rows.shuffle(2000).map(lambda row: ({"iris_input": row[:4]}, 1))
        return four.repeat().batch(7)

    estimator, notices = make("model_dir", save_checkpoints_steps=2), Recorder()
    estimator.add_observer(notices)
    estimator.train(input_fn, max_steps=6)
    (said,) = notices.said
    assert said.startswith("The position of the training input takes 8.0 MiB in each checkpoint")
    assert "RunConfig(save_input_position=False)" in said
    del notices.said[:]
    left_out = make("without", save_checkpoints_steps=2, save_input_position=False)
    left_out.add_observer(notices)
    left_out.train(input_fn, max_steps=6)
    assert notices.said == []
