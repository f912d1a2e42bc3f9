"""The smaller parts of `tf.contrib`, each in a graph with a session."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from kerasrun.compat import contrib

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def session() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def started(session: Any) -> None:
    session.run(
        [
            tf.global_variables_initializer(),
            tf.local_variables_initializer(),
            tf.tables_initializer(),
        ]
    )


def test_optimizers_by_name_class_function_and_instance(session: Any) -> None:
    optimize, steps = contrib.layers.optimize_loss, tf.train.get_or_create_global_step()
    x = tf.get_variable("x", initializer=10.0)
    other = tf.get_variable("other", initializer=1.0)
    loss = x * x / 2 + other
    tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, tf.assign_add(other, 1.0))
    sgd = optimize(loss, steps, 0.1, "SGD", variables=[x], summaries=[])
    clipped = optimize(
        loss,
        None,
        0.5,
        tf.train.GradientDescentOptimizer,
        clip_gradients=2.0,
        gradient_multipliers={"x": 0.1},
        update_ops=[],
        variables=[x],
        increment_global_step=False,
        summaries=["gradients", "gradient_norm", "global_gradient_norm", "loss"],
    )
    made = optimize(loss, steps, None, lambda: tf.train.GradientDescentOptimizer(1.0), name="own")
    given = optimize(
        loss, steps, 0.1, tf.train.MomentumOptimizer(0.1, 0.9), learning_rate_decay_fn=None
    )
    started(session)
    assert session.run(sgd) == 52.0  # the update came first, and the loss is that before the step
    assert session.run([x, other, steps]) == [9.0, 2.0, 1]
    session.run(clipped)
    assert session.run([x, other, steps]) == [pytest.approx(9.0 - 0.5 * 0.9), 2.0, 1]
    session.run(made)
    assert session.run(x) == pytest.approx(0.0)
    session.run(given)
    assert session.run(steps) == 3
    for arguments, said in [
        ((loss, steps, 0.1, "Adm"), r"may be called .* received 'Adm'. Did you mean 'Adam'\?"),
        ((loss, steps, -0.1, "Adam"), "must not be below 0"),
        ((loss, steps, "0.1", "Adam"), "must be a number, a tensor or None; received '0.1'"),
        ((loss, steps, None, "Adam"), "Adam needs a learning_rate"),
        ((loss, steps, 0.1, 7), "must be a name, a class, a function or an instance"),
        ((loss, steps, 0.1, "Adam", 0.3), "gradient_noise_scale is not supported"),
        (([loss, loss], steps, 0.1, "Adam"), r"must be a scalar; its shape is \(2,\)"),
    ]:
        with pytest.raises(ValueError, match=said):
            optimize(*arguments)
    with pytest.raises(ValueError, match=r"depends on none of the variables \['other'\]"):
        optimize(x * x, steps, np.float32(0.1), "Adam", variables=[other])
    with pytest.raises(ValueError, match=r"received 'los'. Did you mean 'loss'\?"):
        optimize(loss, steps, 0.1, "Adam", summaries=["los"])


def test_variables_are_found_and_restored(session: Any, tmp_path: Path) -> None:
    framework = contrib.framework
    for scope in ("one", "two"):
        with tf.variable_scope(scope):
            framework.model_variable("w", [2], initializer=tf.ones_initializer())
            framework.variable("b", [], initializer=tf.zeros_initializer(), trainable=False)
    local = framework.local_variable(0.0, name="local")
    assert framework.get_local_variables() == [local]

    def told(variables: list[Any]) -> list[str]:
        return [each.op.name for each in variables]

    assert told(framework.get_variables("one")) == ["one/w", "one/b"]
    assert told(framework.get_variables_by_suffix("w")) == ["one/w", "two/w"]
    assert told(framework.get_variables_by_name("w", "one")) == ["one/w"]
    assert told(framework.get_model_variables()) == ["one/w", "two/w"]
    assert told(framework.get_trainable_variables("two")) == ["two/w"]
    assert told(framework.get_variables_to_restore(exclude=["one"])) == ["two/w", "two/b"]
    assert told(framework.get_variables_to_restore(["one/b", "two"], ["two/w"])) == [
        *("one/b", "two/b")
    ]
    every = framework.get_variables()
    assert told(framework.filter_variables(every, ["w$"], ["^two"])) == ["one/w"]
    with pytest.raises(ValueError, match=r"0 variables are called 'w'; there are \['one/b'"):
        framework.get_unique_variable("w")
    started(session)
    path = tf.train.Saver(framework.get_variables("one")).save(session, str(tmp_path / "ckpt"))
    weights = framework.get_unique_variable("one/w")
    operation, fed = framework.assign_from_checkpoint(path, {"one/w": weights})
    restore = framework.assign_from_checkpoint_fn(path, every, ignore_missing_vars=True)
    for again in (partial(session.run, operation, fed), partial(restore, session)):
        session.run(tf.assign(weights, [5.0, 5.0]))
        again()
        assert session.run(weights).tolist() == [1.0, 1.0]
    with pytest.raises(ValueError, match=r"has no 'two/w', 'two/b'. Give ignore_missing_vars"):
        framework.assign_from_checkpoint_fn(path, every)
    with pytest.raises(ValueError, match=r"'one/w' is \[2\] in .* 'one/b' is \[\]"):
        framework.assign_from_checkpoint(path, {"one/w": framework.get_unique_variable("one/b")})
    two = framework.get_variables("two")
    assert framework.assign_from_checkpoint_fn(path, two, ignore_missing_vars=True) is None
    assert framework.load_variable(path, "one/w").tolist() == [1.0, 1.0]
    assert [name for name, _ in framework.list_variables(path)] == ["one/b", "one/w"]


def test_tables(session: Any, tmp_path: Path) -> None:
    lookup = contrib.lookup
    (tmp_path / "words").write_text("x\ny\n")
    of_file = lookup.index_table_from_file(str(tmp_path / "words"), default_value=7)
    back = lookup.index_to_string_table_from_file(str(tmp_path / "words"))
    pairs = lookup.HashTable(lookup.KeyValueTensorInitializer(["k"], [3]), -1)
    found = [
        of_file.lookup(tf.constant(["y", "?"])),
        back.lookup(tf.constant([0, 9], tf.int64)),
        pairs.lookup(tf.constant(["k", "?"])),
        lookup.string_to_index(tf.constant(["b", "?"]), mapping=["a", "b"]),
        lookup.index_to_string(tf.constant([1, 9], tf.int64), mapping=["a", "b"]),
    ]
    started(session)
    assert [each.tolist() for each in session.run(found)] == [
        *([1, 7], [b"x", b"UNK"], [3, -1], [1, -1], [b"b", b"UNK"])
    ]


def test_metrics_and_losses_take_predictions_first(session: Any) -> None:
    metrics, losses = contrib.metrics, contrib.losses
    scores, truth = tf.constant([0.1, 0.9, 0.8, 0.3]), tf.constant([0, 1, 0, 1])
    chosen = tf.constant([0, 1, 1, 0])
    values, updates = metrics.aggregate_metric_map(
        {
            "precision": metrics.streaming_precision(chosen, truth),
            "auc": metrics.streaming_auc(predictions=scores, labels=truth),
            "below": metrics.streaming_percentage_less(scores, threshold=0.5),
            "of_2": metrics.streaming_sparse_precision_at_k(
                [[0.1, 0.2, 0.7]], tf.constant([[2]], tf.int64), 1
            ),
        }
    )
    at_once = metrics.accuracy(chosen, truth, weights=[1.0, 1.0, 0.0, 0.0])
    started(session)
    session.run(list(updates.values()))
    found = session.run(values)
    assert found["precision"] == 0.5
    assert found["auc"] == pytest.approx(0.75, abs=0.01)
    assert (found["below"], found["of_2"]) == (0.5, 1.0)
    assert session.run(at_once) == 1.0
    logits = tf.constant([[2.0, 0.0]])
    of_softmax = [
        losses.softmax_cross_entropy(logits, [[1.0, 0.0]]),
        losses.sparse_softmax_cross_entropy(logits, [0]),
        losses.sigmoid_cross_entropy(tf.constant([[2.0]]), [[1.0]]),
    ]
    expected = np.log1p(np.exp(-2.0))
    assert session.run(of_softmax) == pytest.approx([expected] * 3, abs=1e-6)
    assert tf.losses.get_losses() == of_softmax
    hinge = losses.hinge_loss(tf.constant([0.5, 0.5]), tf.constant([1.0, 0.0]))
    assert session.run(hinge).tolist() == [0.5, 1.5]
    with pytest.raises(ValueError, match="at least one pair"):
        metrics.aggregate_metrics()


def test_a_stack_of_cells_that_read_both_ways(session: Any) -> None:
    rnn = contrib.rnn
    inputs = np.ones([2, 3, 4], "float32")
    outputs, forwards, backwards = rnn.stack_bidirectional_dynamic_rnn(
        [rnn.GRUCell(5), rnn.BasicLSTMCell(6)],
        [rnn.GRUCell(5), rnn.BasicLSTMCell(6)],
        inputs,
        dtype=tf.float32,
        sequence_length=[3, 1],
    )
    started(session)
    values, last = session.run([outputs, (forwards[1].h, backwards[1].h)])
    assert values.shape == (2, 3, 12)
    assert not values[1, 1:].any()
    np.testing.assert_allclose(last[0], np.stack([values[0, 2, :6], values[1, 0, :6]]))
    np.testing.assert_allclose(last[1], values[:, 0, 6:])
    kernels = [each.op.name for each in tf.trainable_variables() if "lstm" in each.op.name]
    assert kernels[0] == (
        "stack_bidirectional_rnn/cell_1/bidirectional_rnn/fw/basic_lstm_cell/kernel"
    )
    with pytest.raises(ValueError, match="must be as many, and one at least; received 1 and 0"):
        rnn.stack_bidirectional_dynamic_rnn([rnn.GRUCell(5)], [], inputs)


def test_heads_under_their_former_names() -> None:
    heads = contrib.estimator
    assert type(heads.binary_classification_head()).__name__ == "BinaryClassHead"
    three = heads.multi_class_head(3, name="three")
    two = heads.regression_head("weight", 2, name="two")
    assert (three.logits_dimension, two.logits_dimension) == (3, 2)
    assert heads.multi_head([three, two]).logits_dimension == 5
    assert heads.multi_label_head(4).logits_dimension == 4
    assert heads.poisson_regression_head(label_dimension=2).logits_dimension == 2
    assert heads.logistic_regression_head().logits_dimension == 1
