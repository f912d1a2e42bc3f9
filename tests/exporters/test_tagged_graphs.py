"""Several graphs in one SavedModel: each with its own signatures, over weights written once."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from kerasrun.exporters import (
    Addition,
    ExpectedAnswer,
    ExportCheckError,
    Signature,
    TaggedGraph,
    write_tagged_graphs,
)
from kerasrun.exporters.signature_names import read_saved_model
from tests.exporters.conftest import linear, raw

CHECK = ExpectedAnswer({"x": [[1.0, 1.0]]}, {"y": [[5.0]]})


def counting(weight: tf.Variable, count: tf.Variable) -> TaggedGraph:
    """The graph `eval`: its loss changes nothing, its update counts rows."""

    def update(features: Any) -> Any:
        count.assign_add(tf.shape(features["x"])[0])
        return {"rows/update_op": count.read_value()}

    additions = (Addition(update), Addition(lambda: {"rows/value": count.read_value()}, fed=False))
    signature = Signature(
        "eval",
        lambda features: {"loss": tf.reduce_sum(features["x"] @ weight)},
        raw(x=[None, 2]),
        additions=additions,
    )
    return TaggedGraph("eval", [signature], {"w": weight})


@pytest.fixture
def count() -> tf.Variable:
    return tf.Variable(0, name="count")


def test_each_weight_is_written_once_and_each_graph_reads_its_own(
    tmp_path: Path, weight: Any, count: Any
) -> None:
    serving = TaggedGraph("serve", [linear(weight)], {"w": weight})
    export = write_tagged_graphs(str(tmp_path), [counting(weight, count), serving], check=CHECK)
    assert (export.examples, export.difference) == (1, 0.0)
    stored = tf.train.list_variables(str(Path(export.path) / "variables" / "variables"))
    assert sorted(shape for name, shape in stored if "OBJECT_GRAPH" not in name) == [[], [2, 1]]
    weight.assign(tf.zeros([2, 1]))
    graphs = read_saved_model(export.path).meta_graphs
    held = [sum(n.op == "VarHandleOp" for n in graph.graph_def.node) for graph in graphs]
    assert held == [2, 1], "what only evaluation needs is not loaded to serve"
    served = tf.saved_model.load(export.path, tags=["serve"])
    assert served.signatures["serving_default"](x=tf.ones([1, 2]))["y"].numpy() == 5.0


def test_an_addition_runs_only_where_it_is_asked_for(
    tmp_path: Path, weight: Any, count: Any
) -> None:
    path = write_tagged_graphs(str(tmp_path), [counting(weight, count)]).path
    assert count.numpy() == 0, "writing runs nothing"
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        graph = tf.compat.v1.saved_model.load(session, ["eval"], path)
        outputs = {n: t.name for n, t in graph.signature_def["eval"].outputs.items()}
        fed = {graph.signature_def["eval"].inputs["x"].name: np.ones([3, 2])}
        assert session.run(outputs["loss"], fed) == 15.0
        assert session.run(outputs["rows/value"]) == 0
        assert session.run(outputs["rows/update_op"], fed) == 3
        assert session.run(outputs["rows/value"]) == 3


def test_tensorflow_2_trains_with_the_training_operation(tmp_path: Path, weight: Any) -> None:
    def train(features: Any) -> Any:
        weight.assign_sub(tf.transpose(features["x"][:1]))
        return {"done": tf.constant(True)}

    signature = Signature(
        "train",
        lambda features: {"loss": tf.reduce_sum(features["x"] @ weight)},
        raw(x=[None, 2]),
        additions=(Addition(train, trains=True),),
    )
    path = write_tagged_graphs(str(tmp_path), [TaggedGraph("train", [signature], {})]).path
    loaded = tf.saved_model.load(path, tags=["train"])
    assert loaded.signatures["train"](x=tf.ones([1, 2]))["loss"].numpy() == 5.0
    loaded.signatures["__saved_model_train_op"](x=tf.ones([1, 2]))
    assert loaded.signatures["train"](x=tf.ones([1, 2]))["loss"].numpy() == 3.0


def test_tables_and_their_files_are_shared(tmp_path: Path) -> None:
    vocabulary = tmp_path / "words.txt"
    vocabulary.write_text("0\n1\n")
    initializer = tf.lookup.TextFileInitializer(
        str(vocabulary),
        tf.string,
        tf.lookup.TextFileIndex.WHOLE_LINE,
        tf.int64,
        tf.lookup.TextFileIndex.LINE_NUMBER,
    )
    table = tf.lookup.StaticHashTable(initializer, -1)
    receiver = raw(x=[None])

    def graph(tag: str) -> TaggedGraph:
        def look_up(features: Any) -> Any:
            words = tf.strings.as_string(tf.cast(features["x"], tf.int32))
            return {"y": table.lookup(words) + len(tag)}

        return TaggedGraph(tag, [Signature(tag, look_up, receiver)], {})

    path = write_tagged_graphs(str(tmp_path / "e"), [graph("eval"), graph("serve")], [table]).path
    vocabulary.unlink()
    assert [file.name for file in (Path(path) / "assets").iterdir()] == ["words.txt"]
    for tag in ("eval", "serve"):
        asked = tf.saved_model.load(path, tags=[tag]).signatures[tag](x=tf.constant([1.0]))
        assert asked["y"].numpy().tolist() == [1 + len(tag)]
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            graph_of_1 = tf.compat.v1.saved_model.load(session, [tag], path)
            signature = graph_of_1.signature_def[tag]
            fed = {signature.inputs["x"].name: [1.0]}
            assert session.run(signature.outputs["y"].name, fed).tolist() == [1 + len(tag)]


def test_a_wrong_answer_leaves_nothing(tmp_path: Path, weight: Any, count: Any) -> None:
    serving = TaggedGraph("serve", [linear(weight)], {"w": weight})
    wrong = ExpectedAnswer({"x": [[1.0, 1.0]]}, {"y": [[6.0]]})
    with pytest.raises(ExportCheckError, match="Output 'y' of the written model is 1 off"):
        write_tagged_graphs(str(tmp_path), [counting(weight, count), serving], check=wrong)
    assert list(tmp_path.iterdir()) == []


def test_input_names_are_kept_to_the_letter(tmp_path: Path) -> None:
    receiver = raw(**{"sepal length (cm)": [None]})
    signature = Signature(
        "eval",
        lambda features: {"loss": features["sepal length (cm)"]},
        receiver,
        additions=(Addition(lambda features: {"more": features["sepal length (cm)"] + 1.0}),),
    )
    path = write_tagged_graphs(str(tmp_path), [TaggedGraph("eval", [signature], {})]).path
    evaluate = tf.saved_model.load(path, tags=["eval"]).signatures["eval"]
    answer = evaluate(**{"sepal length (cm)": tf.constant([2.0])})
    assert (answer["loss"].numpy(), answer["more"].numpy()) == ([2.0], [3.0])
