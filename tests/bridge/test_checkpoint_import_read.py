"""Checkpoints of other programs, in whichever form: which are read, and what is said of others."""

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerasrun

pytestmark = pytest.mark.slow

REAL = Path(__file__).parents[1] / "data" / "estimator_2_15"
v1 = tf.compat.v1


def stack(units: int, name: str | None = None) -> keras.Model:
    """A dense layer on 3 numbers."""
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(units, name=name)])


def old_network() -> keras.Model:
    """A model whose weights have the shapes of those in the real checkpoints."""
    word, x = keras.Input((), name="word", dtype="int32"), keras.Input((4,), name="x")
    net = keras.layers.Concatenate()([keras.layers.Embedding(4, 2)(word), x])
    net = keras.layers.Dense(8)(net)
    return keras.Model([word, x], keras.layers.Dense(1, use_bias=False)(net))


def test_a_path_may_be_a_file_of_the_checkpoint() -> None:
    for end in ("", ".index", ".data-00000-of-00001"):
        path = REAL / "AdamOptimizer" / f"model.ckpt-20{end}"
        assert kerasrun.import_checkpoint(old_network(), path).step == 20


def test_checkpoints_by_objects_are_read_by_the_names_of_their_variables(tmp_path: Path) -> None:
    first, second = tf.Module(), tf.Module()
    first.kernel = tf.Variable(tf.ones([3, 3]), name="b/kernel")
    first.bias = tf.Variable(tf.ones([3]), name="b/bias")
    second.kernel = tf.Variable(2 * tf.ones([3, 3]), name="a/kernel")
    second.bias = tf.Variable(2 * tf.ones([3]), name="a/bias")
    step = tf.Variable(9, name="global_step", dtype=tf.int64)
    layers = {"layer_with_weights-0": first, "layer_with_weights-1": second}
    tf.train.Checkpoint(step=step, **layers).save(tmp_path / "ckpt")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, name="a")])
    model.add(keras.layers.Dense(3, name="b"))
    report = kerasrun.import_checkpoint(model, tmp_path)
    assert report.step == 9
    assert {(pair.old, pair.why) for pair in report.pairs if pair.new == "a/kernel"} == {
        ("a/kernel", "same name")
    }
    assert [weight.flat[0] for weight in model.get_weights()] == [2, 2, 1, 1]


def test_a_keras_3_checkpoint_is_read(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dropout(0.5)])
    model.compile("adam")
    model.optimizer.build(model.trainable_variables)
    path = tf.train.Checkpoint(model=model, optimizer=model.optimizer).write(tmp_path / "written")
    other = stack(2)
    report = kerasrun.import_checkpoint(other, path)
    assert all(map(np.array_equal, other.get_weights(), model.get_weights()))
    assert report.left == (), "slots of the optimizer are no weights"


def test_a_saved_model_of_a_graph_is_read(tmp_path: Path) -> None:
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 3])
        kernel = v1.get_variable("net/a/kernel", [3, 2])
        y = x @ kernel + v1.get_variable("net/a/bias", initializer=[1.0, 1.0])
        session.run(v1.global_variables_initializer())
        v1.saved_model.simple_save(session, str(tmp_path / "export"), {"x": x}, {"y": y})
    model = stack(2, name="a")
    kerasrun.import_checkpoint(model, tmp_path / "export")
    assert model.get_weights()[1].tolist() == [1, 1]


def test_a_checkpoint_that_is_damaged_or_not_there_changes_nothing(tmp_path: Path) -> None:
    model = old_network()
    before = model.get_weights()
    data = "model.ckpt-20.data-00000-of-00001"
    whole = (REAL / "AdamOptimizer" / data).read_bytes()
    for content in (whole[:100], whole[:300] + b"!" + whole[301:], None):
        folder = shutil.copytree(REAL / "AdamOptimizer", tmp_path / "copy", dirs_exist_ok=True)
        (folder / data).unlink() if content is None else (folder / data).write_bytes(content)
        with pytest.raises(
            ValueError, match=r"the checkpoint .*copy/model.ckpt-20 (is dam|has no)"
        ):
            kerasrun.import_checkpoint(model, folder)
    (tmp_path / "copy" / "model.ckpt-20.index").write_bytes(b"")
    with pytest.raises(ValueError, match=r"model.ckpt-20 is damaged: "):
        kerasrun.import_checkpoint(model, tmp_path / "copy")
    with pytest.raises(ValueError, match=r"no checkpoint .*/AdanOptimizer'. Did you mean 'AdamOpt"):
        kerasrun.import_checkpoint(model, REAL / "AdanOptimizer")
    with pytest.raises(ValueError, match=r"expected.json is no checkpoint: expected a folder of"):
        kerasrun.import_checkpoint(model, REAL / "expected.json")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"no checkpoint in .*empty: expected files such as"):
        kerasrun.import_checkpoint(model, tmp_path / "empty")
    assert all(map(np.array_equal, before, model.get_weights()))


def test_a_folder_of_several_that_does_not_tell_its_newest_asks(tmp_path: Path) -> None:
    for name in ("best", "last"):
        tf.train.Checkpoint(v=tf.Variable(1.0)).write(tmp_path / name)
    with pytest.raises(ValueError, match=r"does not tell .*: name one of best, last, such as"):
        kerasrun.import_checkpoint(stack(2), tmp_path)
