"""The writer: names, tables, assets, numbering, and that a failure leaves nothing."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from kerasrun.exporters import (
    ExpectedAnswer,
    ServingInputReceiver,
    Signature,
    trace_receiver,
    write_saved_model,
)
from kerasrun.exporters.signature_names import read_saved_model
from tests.exporters.conftest import linear, raw

placeholder = tf.compat.v1.placeholder


def _inputs(path: str, signature: str = "serving_default") -> set[str]:
    return set(read_saved_model(path).meta_graphs[0].signature_def[signature].inputs)


def test_answers_as_the_live_model(tmp_path: Path, weight: Any) -> None:
    check = ExpectedAnswer({"x": np.ones([3, 2], np.float32)}, {"y": np.full([3, 1], 5.0)})
    export = write_saved_model(str(tmp_path), [linear(weight)], [weight], check=check)
    assert (export.examples, export.difference) == (3, 0.0)
    assert export.path.decode() == os.path.join(str(tmp_path), os.path.basename(export.path))
    loaded = tf.saved_model.load(export.path)
    assert set(loaded.signatures) == {"serving_default"}
    assert loaded.signatures["serving_default"](x=tf.ones([1, 2]))["y"].numpy().tolist() == [[5.0]]


def test_writes_each_weight_once(tmp_path: Path, weight: Any) -> None:
    signatures = [linear(weight, "a"), linear(weight, "b")]
    for variables in ([weight, weight], {"kernel": weight}, []):
        path = write_saved_model(str(tmp_path), signatures, variables).path
        stored = tf.train.list_variables(os.path.join(path, "variables", "variables"))
        assert [shape for name, shape in stored if "OBJECT_GRAPH" not in name] == [[2, 1]]


def test_a_dict_names_the_weights_in_the_checkpoint(tmp_path: Path, weight: Any) -> None:
    path = write_saved_model(str(tmp_path), [linear(weight)], {"dense/kernel": weight}).path
    stored = tf.train.list_variables(os.path.join(path, "variables", "variables"))
    assert any("kernel" in name for name, _ in stored)


@pytest.mark.parametrize(
    "name", ["iris_input", "a-b", "a/b", "a.b", "a b", "sepal length (cm)", "_x", "1st", "a:0"]
)
def test_keeps_input_names_to_the_letter(tmp_path: Path, name: str) -> None:
    def outputs(features: Any) -> dict[str, Any]:
        return {"the answer/2": features[name] * 2.0, "other": features["zz"]}

    signature = Signature("serving_default", outputs, raw(**{name: [None], "zz": [None]}))
    check = ExpectedAnswer({name: [4.0], "zz": [1.0]}, {"the answer/2": [8.0], "other": [1.0]})
    path = write_saved_model(str(tmp_path), [signature], [], check=check).path
    assert _inputs(path) == {name, "zz"}
    # What a Python caller does, and what TensorFlow Serving does.
    serve = tf.saved_model.load(path).signatures["serving_default"]
    answer = serve(**{name: tf.constant([4.0]), "zz": tf.constant([1.0])})
    assert answer["the answer/2"].numpy().tolist() == [8.0]
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        meta = tf.compat.v1.saved_model.load(session, ["serve"], path)
        keys = meta.signature_def["serving_default"]
        feed = {keys.inputs[name].name: [4.0], keys.inputs["zz"].name: [1.0]}
        assert session.run(keys.outputs["the answer/2"].name, feed).tolist() == [8.0]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["größe"], "cannot keep the input name 'größe'. Expected ASCII"),
        (["self"], "cannot keep the input name 'self'"),
        (["A", "a"], "cannot tell the input names 'A' and 'a' apart"),
        (["a b", "a-b"], "cannot tell the input names 'a b' and 'a-b' apart"),
    ],
)
def test_refuses_names_that_cannot_be_kept(tmp_path: Path, names: list[str], message: str) -> None:
    receiver = raw(**{name: [None] for name in names})
    signature = Signature("serving_default", lambda f: {"y": f[names[0]]}, receiver)
    with pytest.raises(ValueError, match=message):
        write_saved_model(str(tmp_path), [signature], [])
    assert list(tmp_path.iterdir()) == []


def test_a_method_name_is_written(tmp_path: Path, weight: Any) -> None:
    method = tf.saved_model.REGRESS_METHOD_NAME
    signature = replace(linear(weight, "regression", "outputs"), method_name=method)
    path = write_saved_model(str(tmp_path), [signature], [weight]).path
    assert read_saved_model(path).meta_graphs[0].signature_def["regression"].method_name == method


def test_alternatives_become_signatures(tmp_path: Path) -> None:
    def receiver_fn() -> ServingInputReceiver:
        row = placeholder(tf.string, [None], name="row")
        x = tf.strings.to_number(row)
        return ServingInputReceiver({"x": x}, {"row": row}, {"number": {"x": x}})

    signature = Signature("serving_default", lambda f: {"y": f["x"]}, trace_receiver(receiver_fn))
    path = write_saved_model(str(tmp_path), [signature], []).path
    assert _inputs(path) == {"row"}
    assert _inputs(path, "number:serving_default") == {"x"}


def _table(kind: str, file: str) -> Any:
    v1 = tf.compat.v1
    values = tf.constant([1, 2], tf.int64)
    if kind == "static":
        return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["b", "a"], values), 0)
    if kind == "static v1":
        return v1.lookup.StaticHashTable(v1.lookup.KeyValueTensorInitializer(["b", "a"], values), 0)
    initializer = tf.lookup.TextFileInitializer(
        file, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64,
        tf.lookup.TextFileIndex.LINE_NUMBER,
    )  # fmt: skip
    if kind == "file":
        return tf.lookup.StaticHashTable(initializer, -1)
    return tf.lookup.StaticVocabularyTable(initializer, 1)


def _table_receiver(make: Callable[[], Any]) -> Callable[[], ServingInputReceiver]:
    def receiver_fn() -> ServingInputReceiver:
        text = placeholder(tf.string, [None], name="text")
        return ServingInputReceiver({"x": make().lookup(text)}, {"text": text})

    return receiver_fn


@pytest.mark.parametrize("kind", ["static", "static v1", "file", "vocabulary"])
def test_tables_made_by_the_receiver_work_after_loading(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "words.txt"
    file.write_text("_\nb\na\n")
    signatures = []
    for name in ("first", "second"):  # two receivers, one vocabulary file
        receiver = trace_receiver(_table_receiver(lambda: _table(kind, str(file))))
        assert receiver.features({"text": ["a", "b"]})["x"].numpy().tolist() == [2, 1]
        signatures.append(Signature(name, lambda f: {"y": f["x"]}, receiver))
    path = write_saved_model(str(tmp_path / "export"), signatures, []).path
    file.unlink()
    moved = Path(path).rename(tmp_path / "moved")
    loaded = tf.saved_model.load(str(moved))
    for name in ("first", "second"):
        answer = loaded.signatures[name](text=tf.constant(["a", "b"]))["y"]
        assert answer.numpy().tolist() == [2, 1]
    # As servers load it: the tables are filled by the initialisation of the graph.
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        meta = tf.compat.v1.saved_model.load(session, ["serve"], str(moved))
        key = meta.signature_def["first"]
        feed = {key.inputs["text"].name: ["a", "b"]}
        assert session.run(key.outputs["y"].name, feed).tolist() == [2, 1]
    if kind in ("file", "vocabulary"):
        assert [p.name for p in (moved / "assets").iterdir()] == ["words.txt"]


def test_a_table_of_the_surroundings_is_found(tmp_path: Path) -> None:
    table = _table("static", "")
    receiver = trace_receiver(_table_receiver(lambda: table))
    signature = Signature("serving_default", lambda f: {"y": f["x"]}, receiver)
    with pytest.raises(ValueError, match=r"uses a resource \(a lookup table\).*in `resources`"):
        write_saved_model(str(tmp_path), [signature], [])
    assert list(tmp_path.iterdir()) == []
    path = write_saved_model(str(tmp_path), [signature], [], [table]).path
    serve = tf.saved_model.load(path).signatures["serving_default"]
    assert serve(text=tf.constant(["a"]))["y"].numpy().tolist() == [2]

    def receiver_fn() -> ServingInputReceiver:
        text = placeholder(tf.string, [None], name="text")
        return ServingInputReceiver({"x": table.lookup(text)}, {"text": text})

    found = Signature("serving_default", lambda f: {"y": f["x"]}, trace_receiver(receiver_fn))
    assert write_saved_model(str(tmp_path), [found], []).path


def test_a_variable_made_by_the_receiver_is_written(tmp_path: Path) -> None:
    def receiver_fn() -> ServingInputReceiver:
        x = placeholder(tf.float32, [None])
        three = tf.compat.v1.constant_initializer(3.0)
        return ServingInputReceiver(
            x * tf.compat.v1.get_variable("scale", [], initializer=three), x
        )

    receiver = trace_receiver(receiver_fn)
    signature = Signature("serving_default", lambda f: {"y": f["feature"]}, receiver)
    check = ExpectedAnswer({"input": [2.0]}, {"y": [6.0]})
    assert write_saved_model(str(tmp_path), [signature], [], check=check).difference == 0.0


def test_text_is_loadable(tmp_path: Path, weight: Any) -> None:
    check = ExpectedAnswer({"x": np.ones([1, 2], np.float32)}, {"y": [[5.0]]})
    export = write_saved_model(str(tmp_path), [linear(weight)], [weight], as_text=True, check=check)
    assert "saved_model.pbtxt" in os.listdir(export.path)
    assert "saved_model.pb" not in os.listdir(export.path)
    assert export.difference == 0.0


def test_assets_extra_are_copied(tmp_path: Path, weight: Any) -> None:
    (tmp_path / "labels.txt").write_text("cat\n")
    assets = {"a/./b/labels.txt": str(tmp_path / "labels.txt")}
    base = str(tmp_path / "export")
    path = write_saved_model(base, [linear(weight)], [weight], assets_extra=assets).path
    assert (Path(path) / "assets.extra/a/b/labels.txt").read_text() == "cat\n"


@pytest.mark.parametrize(
    ("destination", "source", "message"),
    [
        ("../labels.txt", "labels.txt", "'../labels.txt' does not lie in assets.extra/"),
        ("a/../../labels.txt", "labels.txt", "does not lie in assets.extra/"),
        ("/labels.txt", "labels.txt", "'/labels.txt' does not lie in assets.extra/"),
        (".", "labels.txt", "does not lie in assets.extra/"),
        ("labels.txt", "label.txt", "no file .*label.txt' for the destination 'labels.txt'"),
        ("labels.txt", "", "no file .* for the destination 'labels.txt'"),
    ],
)
def test_unfit_assets_are_refused_before_anything_is_written(
    tmp_path: Path, weight: Any, destination: str, source: str, message: str
) -> None:
    (tmp_path / "labels.txt").write_text("cat\n")
    assets = {destination: str(tmp_path / source)}
    base = tmp_path / "export"
    with pytest.raises(ValueError, match=message):
        write_saved_model(str(base), [linear(weight)], [weight], assets_extra=assets)
    assert not base.exists()


def test_names_are_the_seconds_and_always_rise(tmp_path: Path, weight: Any) -> None:
    seconds = iter([1500000000.9, 1500000000.95, 1500000007.0, 1400000000.0])
    names = []
    for _ in range(4):
        export = write_saved_model(
            str(tmp_path), [linear(weight)], [weight], clock=lambda: next(seconds)
        )
        names.append(os.path.basename(export.path))
    assert names == ["1500000000", "1500000001", "1500000007", "1500000008"]


def test_ten_taken_names_are_an_error(tmp_path: Path, weight: Any) -> None:
    for number in range(1500000000, 1500000010):
        (tmp_path / f"temp-{number}").touch()
    with pytest.raises(RuntimeError, match="others took it at each of 10 tries"):
        write_saved_model(str(tmp_path), [linear(weight)], [weight], clock=lambda: 1500000000.0)


@pytest.mark.parametrize(
    ("signatures", "message"),
    [
        ([], "needs at least one signature"),
        (["same", "same"], "Two signatures are named 'same'"),
    ],
)
def test_signatures_are_checked(
    tmp_path: Path, weight: Any, signatures: list[str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        write_saved_model(str(tmp_path), [linear(weight, name) for name in signatures], [weight])


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (tf.zeros([1]), "must return a dict of output name to tensor"),
        ({}, "must return a dict of output name to tensor"),
        ({1: tf.zeros([1])}, "an output needs a string as name.*found 1"),
        ({"y": 3.0}, "an output needs a string.*found 'y': 3.0"),
    ],
)
def test_outputs_are_checked(tmp_path: Path, answer: Any, message: str) -> None:
    signature = Signature("serving_default", lambda _: answer, raw(x=[None]))
    with pytest.raises(ValueError, match=message):
        write_saved_model(str(tmp_path), [signature], [])
