"""Weights of checkpoints that `tf.estimator` and `tf.keras` wrote, taken over by a Keras model."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerasrun

pytestmark = pytest.mark.slow

REAL = Path(__file__).parents[1] / "data" / "estimator_2_15"
EXPECTED = json.loads((REAL / "expected.json").read_text())
v1 = tf.compat.v1


def old_network() -> keras.Model:
    """What `model_fns.py` beside the checkpoints computes, of a word's number and of x."""
    word, x = keras.Input((), name="word", dtype="int32"), keras.Input((4,), name="x")
    net = keras.layers.Concatenate()([keras.layers.Embedding(4, 2)(word), x])
    net = keras.layers.Dense(8, "relu")(net)
    return keras.Model([word, x], keras.layers.Dense(1, "sigmoid", use_bias=False)(net))


def old_features() -> dict[str, Any]:
    """The first 8 rows of its data; its column gives the words outside the vocabulary number 3."""
    random = np.random.RandomState(7)
    x = random.normal(size=(64, 4)).astype(np.float32)
    return {"word": random.randint(0, 4, 64)[:8], "x": x[:8]}


def stack(*units: int, name: str | None = None) -> keras.Model:
    """Dense layers on 3 numbers."""
    first = keras.layers.Dense(units[0], name=name)
    return keras.Sequential([keras.Input((3,)), first, *map(keras.layers.Dense, units[1:])])


def dense(scope: str, rows: int, columns: int, start: float = 0.0) -> dict[str, Any]:
    """A dense layer's variables as TensorFlow 1 names them."""
    kernel = np.arange(rows * columns, dtype=np.float32).reshape(rows, columns) + start
    return {f"{scope}/kernel": kernel, f"{scope}/bias": np.full(columns, start, np.float32)}


@pytest.fixture
def saved(tmp_path: Path) -> Any:
    """Writes variables with TensorFlow 1's Saver; returns the folder."""

    def save(values: dict[str, Any], step: int = 20) -> Path:
        with tf.Graph().as_default(), v1.Session() as session:
            for name, value in values.items():
                v1.get_variable(name, initializer=value)
            session.run(v1.global_variables_initializer())
            saver = v1.train.Saver()
            saver.save(session, str(tmp_path / "old" / "model.ckpt"), step, write_meta_graph=False)
        return tmp_path / "old"

    return save


def reasons(report: Any) -> dict[str, tuple[str, str]]:
    return {pair.new: (pair.old, pair.why) for pair in report.pairs}


def sources(report: Any) -> dict[str, str]:
    return {pair.new: pair.old for pair in report.pairs}


@pytest.mark.parametrize("optimizer", sorted(EXPECTED))
def test_the_network_predicts_as_the_estimator_did(optimizer: str) -> None:
    model = old_network()
    report = kerasrun.import_checkpoint(model, REAL / optimizer)
    predicted = model(old_features()).numpy()[:, 0]
    np.testing.assert_allclose(predicted, EXPECTED[optimizer]["predicted"], rtol=0, atol=1e-6)
    assert (report.step, report.unmapped, report.left) == (20, (), ())
    assert sources(report)["embedding/embeddings"].endswith("/embedding_weights")


def test_names_come_before_shapes(saved: Any) -> None:
    model = stack(3, 3, 3, name="first")
    old = {**dense("dense_1", 3, 3, 10), **dense("a/dense", 3, 3, 20), **dense("z/first", 3, 3, 30)}
    report = kerasrun.import_checkpoint(model, saved(old))
    assert reasons(report) == {
        "first/kernel": ("z/first/kernel", "same suffix first/kernel"),
        "first/bias": ("z/first/bias", "same suffix first/bias"),
        "dense/kernel": ("a/dense/kernel", "same suffix dense/kernel"),
        "dense/bias": ("a/dense/bias", "same suffix dense/bias"),
        "dense_1/kernel": ("dense_1/kernel", "same name"),
        "dense_1/bias": ("dense_1/bias", "same name"),
    }
    assert model.get_weights()[0][0, 0] == 30


def test_layers_alike_are_paired_by_their_numbers_on_both_sides(saved: Any) -> None:
    scopes = [f"dnn/hiddenlayer_{number}" for number in range(11)]  # 10 comes after 9
    old = {n: v for i, scope in enumerate(scopes) for n, v in dense(scope, 3, 3, i).items()}
    model = stack(*[3] * 11)
    report = kerasrun.import_checkpoint(model, saved(old))
    assert [weight[0] for weight in model.get_weights()[1::2]] == list(range(11))
    assert reasons(report)["dense_2/bias"] == ("dnn/hiddenlayer_2/bias", "in order, 3 of 11")


def test_a_number_within_a_name_does_not_count_as_the_place(saved: Any) -> None:
    image = np.zeros((3, 3, 2, 2), np.float32)
    old = {"conv2d/kernel": image, "conv2d_1/kernel": image + 1, "conv2d_2/kernel": image + 2}
    layers = [keras.layers.Conv2D(2, 3, use_bias=False, name=f"part_{i}") for i in range(3)]
    model = keras.Sequential([keras.Input((9, 9, 2)), *layers])
    kerasrun.import_checkpoint(model, saved(old))
    assert [weight[0, 0, 0, 0] for weight in model.get_weights()] == [0, 1, 2]


def test_what_could_be_one_of_several_is_left_to_a_person(saved: Any) -> None:
    old = saved({**dense("query", 3, 3, 1), **dense("key", 3, 3, 2)})
    model = stack(3, 3)
    before = model.get_weights()
    with pytest.raises(
        ValueError,
        match=r"4 weights have no value .*dense/kernel \[3, 3\] could "
        r"be key/kernel, query/kernel; .* Decide with mapping=\{\.\.\.\}, or give "
        r"partial=True",
    ):
        kerasrun.import_checkpoint(model, old)
    assert all(map(np.array_equal, before, model.get_weights()))
    # One name given, the others follow: its neighbours, then what is left.
    report = kerasrun.import_checkpoint(model, old, {"dense/kernel": "query/kernel"})
    assert reasons(report) == {
        "dense/kernel": ("query/kernel", "by hand"),
        "dense/bias": ("query/bias", "beside the others of query"),
        "dense_1/kernel": ("key/kernel", "the only layer of its shapes"),
        "dense_1/bias": ("key/bias", "the only layer of its shapes"),
    }
    assert model.get_weights()[1][0] == 1


def test_known_last_words_are_not_exchanged_and_others_follow_the_shape(saved: Any) -> None:
    old = saved({"w1": np.ones((3, 2), np.float32), "norm/gamma": np.ones(2, np.float32)})
    report = kerasrun.import_checkpoint(stack(2), old, partial=True)
    assert reasons(report) == {"dense/kernel": ("w1", "the only one left of [3, 2]")}
    assert [one.new for one in report.unmapped] == ["dense/bias"]
    assert [one.name for one in report.left] == ["norm/gamma"]


def test_shapes_are_never_turned_and_both_are_told(saved: Any) -> None:
    old = saved({"dense/kernel": np.ones((2, 3), np.float32), "bias": np.ones(2, np.float32)})
    with pytest.raises(ValueError, match=r"dense/kernel \[3, 2\] is \[2, 3\] in the checkpoint"):
        kerasrun.import_checkpoint(stack(2), old)
    with pytest.raises(
        ValueError,
        match=r"dense/kernel is \[3, 2\] in the model and dense/kernel "
        r"is \[2, 3\] in the checkpoint: a pair must be of one shape",
    ):
        kerasrun.import_checkpoint(stack(2), old, {"dense/kernel": "dense/kernel"}, partial=True)


def test_a_star_is_the_same_text_on_both_sides(saved: Any) -> None:
    old = saved({**dense("net/part_0", 3, 3, 5), **dense("net/part_1", 3, 3, 6)})
    mapping = {"dense_*/kernel": "net/part_*/kernel", "dense/*": "net/part_0/*"}
    report = kerasrun.import_checkpoint(stack(3, 3), old, mapping)
    assert reasons(report)["dense_1/kernel"] == ("net/part_1/kernel", "by hand")
    assert reasons(report)["dense/bias"] == ("net/part_0/bias", "by hand")
    left_out = kerasrun.import_checkpoint(stack(3, 3), old, {**mapping, "dense_1/bias": "-"})
    assert [(one.new, one.by_hand) for one in left_out.unmapped] == [("dense_1/bias", True)]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"dense/kernal": "one/kernel"}, "the model has no weight 'dense/kernal'. Did you mean"),
        ({"dense/kernel": "ones/kernel"}, "no variable 'ones/kernel'. Did you mean 'one/kernel'?"),
        ({"dens*/kernel": "o*/k*"}, r"expected as many \* on the right as on the left"),
        ({"conv*/kernel": "one*/kernel"}, r"the model has no weight like conv\*/kernel"),
        ({"dense*/kernel": "two*/kernel"}, "the checkpoint holds no variable 'two/kernel'"),
        ({"dense/*": "one/*", "dense/kernel": "-"}, "dense/kernel is mapped twice"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(mapping: Any, message: str, saved: Any) -> None:
    with pytest.raises(ValueError, match=message):
        kerasrun.import_checkpoint(stack(2), saved(dense("one", 3, 2)), mapping, partial=True)


def test_moving_averages_are_taken_when_asked_for(saved: Any) -> None:
    average = "dense/kernel/ExponentialMovingAverage"
    old = saved({**dense("dense", 3, 2), average: np.full((3, 2), 7, np.float32)})
    model = stack(2)
    assert kerasrun.import_checkpoint(model, old).left == ()
    assert model.get_weights()[0][0, 0] == 0
    report = kerasrun.import_checkpoint(model, old, averages=True)
    assert [(pair.new, pair.average) for pair in report.pairs] == [
        ("dense/kernel", True),
        ("dense/bias", False),
    ]
    assert model.get_weights()[0][0, 0] == 7
    by_hand = kerasrun.import_checkpoint(stack(2), old, {"dense/kernel": average})
    assert [one.name for one in by_hand.left] == ["dense/kernel"]
    with pytest.raises(ValueError, match="holds no moving averages"):
        kerasrun.import_checkpoint(old_network(), REAL / "AdamOptimizer", averages=True)


def test_widths_of_numbers_may_differ_but_not_their_sort(saved: Any) -> None:
    wide = saved({"dense/kernel": np.full((3, 2), 0.1), "dense/bias": np.zeros(2)})
    model = stack(2)
    kerasrun.import_checkpoint(model, wide)
    assert model.get_weights()[0][0, 0] == np.float32(0.1)
    whole = saved({"dense/kernel": np.ones((3, 2), np.int32), "dense/bias": np.zeros(2)})
    with pytest.raises(ValueError, match=r"dense/kernel is float32 in the model and .* is int32"):
        kerasrun.import_checkpoint(model, whole)


def test_weights_that_are_no_numbers_are_told(saved: Any) -> None:
    values = {**dense("dense", 3, 2), "dense/bias": np.array([np.nan, 0], np.float32)}
    assert kerasrun.import_checkpoint(stack(2), saved(values)).not_finite == ("dense/bias",)


def test_what_is_no_built_model_is_refused() -> None:
    with pytest.raises(ValueError, match=r"is not built: .* Give it a keras.Input, or call it"):
        kerasrun.import_checkpoint(
            keras.Sequential([keras.layers.Dense(1)]), REAL / "AdamOptimizer"
        )
    model: Any = "net.keras"
    with pytest.raises(TypeError, match=r"model must be a keras.Model; received 'net.keras'"):
        kerasrun.import_checkpoint(model, REAL / "AdamOptimizer")
