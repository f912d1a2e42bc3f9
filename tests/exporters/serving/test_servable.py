"""A loaded SavedModel: what it takes, what it gives, and how it ends."""

import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from kerasrun.exporters.serving.errors import ServingError
from kerasrun.exporters.serving.load import load
from kerasrun.exporters.serving.servable import Servable
from kerasrun.exporters.serving.signature import INIT_OP, PREDICT, TensorSpec

X = np.array([[1, 2], [3, 4]], np.float32)


def refused(servable: Servable, *request: Any) -> ServingError:
    with pytest.raises(ServingError) as caught:
        servable.run(*request)
    return caught.value


def test_signatures_say_what_is_taken_and_given(shared_servable: Servable) -> None:
    signature = shared_servable.signatures["serving_default"]
    assert signature.method == PREDICT
    (x,) = signature.inputs.values()
    assert x._replace(tensor="") == TensorSpec("float32", 1, (None, 2))
    assert signature.outputs["y"].shape == (None,)
    assert shared_servable.signatures["mean"].outputs["mean"].shape == ()


def test_only_signatures_with_open_rows_can_be_batched(shared_servable: Servable) -> None:
    batchable = {name for name, each in shared_servable.signatures.items() if each.batchable}
    assert batchable == {"serving_default", "repeat", "parse"}


def test_tensorflows_own_signature_is_in_the_metadata_alone(shared_servable: Servable) -> None:
    assert INIT_OP not in shared_servable.signatures
    assert INIT_OP in shared_servable.signature_defs
    assert refused(shared_servable, INIT_OP, {}).code == "FAILED_PRECONDITION"


def test_metadata_is_tensorflow_servings_message(shared_servable: Servable) -> None:
    metadata = shared_servable.metadata
    assert set(metadata.signature_def) == {INIT_OP, *shared_servable.signatures}
    assert metadata.signature_def["mean"].inputs["x"].dtype == 1


def test_the_empty_name_is_the_default_signature(shared_servable: Servable) -> None:
    answer = shared_servable.run("", {"x": X})
    assert answer["y"].tolist() == [6.0, 14.0]
    assert answer["rows"].tolist() == [2, 2]


def test_only_the_outputs_that_are_asked_come_back(shared_servable: Servable) -> None:
    assert set(shared_servable.run("", {"x": X}, ["y"])) == {"y"}
    assert set(shared_servable.run("", {"x": X}, [])) == {"y", "rows"}


@pytest.mark.parametrize("dtype", [object, "S", "U"])
def test_texts_come_in_any_form_and_leave_as_bytes(shared_servable: Servable, dtype: Any) -> None:
    text = np.array([b"a", b"bc"]).astype("U") if dtype == "U" else np.array([b"a", b"bc"], dtype)
    answer = shared_servable.run("repeat", {"text": text, "times": np.array([1, 2])})
    assert answer["repeated"].tolist() == [b"a*1", b"bc*2"]


def test_single_values_are_arrays_too(shared_servable: Servable) -> None:
    mean = shared_servable.run("mean", {"x": X})
    assert {name: (each.shape, each.dtype.kind) for name, each in mean.items()} == {
        "mean": ((), "f"),
        "text": ((), "O"),
    }
    assert (mean["mean"].item(), mean["text"].item()) == (2.5, b"2.5")


def test_texts_are_not_only_ascii(shared_servable: Servable) -> None:
    inputs = {"text": np.array(["é"]), "times": np.array([1])}
    assert shared_servable.run("repeat", inputs)["repeated"].tolist() == ["é*1".encode()]


@pytest.mark.parametrize(
    ("request_", "code", "message"),
    [
        (("nope", {"x": X}), "FAILED_PRECONDITION", 'signature key "nope" not found'),
        (("", {}), "INVALID_ARGUMENT", r"0!=1 len\(\{\}\) != len\(\{x\}\).*required: \{x\}"),
        (("", {"x": X, "z": X}), "INVALID_ARGUMENT", r"Sent extra: \{z\}"),
        (("", {"z": X}), "INVALID_ARGUMENT", r"signature: z. Inputs .* in the set \{x\}"),
        (("", {"x": X}, ["w"]), "INVALID_ARGUMENT", r"signature: w Outputs .* set \{rows,y\}"),
        (("", {"x": X}, ["y", "y"]), "INVALID_ARGUMENT", "duplicate output tensor alias: y"),
        (("", {"x": X.astype(int)}), "INVALID_ARGUMENT", "x to be of type float32, got int64"),
        (("", {"x": X.astype("U")}), "INVALID_ARGUMENT", "x to be of type float32, got string"),
        (("", {"x": -X}), "INVALID_ARGUMENT", "negative number"),
        (("", {"x": X.astype("f2")}), "INVALID_ARGUMENT", "x to be of type float32, got float16"),
        (("", {"x": np.ones((), np.float32)}), "INVALID_ARGUMENT", "dimension"),
        (
            ("repeat", {"text": np.array(["a"]), "times": np.arange(3)}),
            "INVALID_ARGUMENT",
            "shape",
        ),
        (
            ("repeat", {"text": np.array(["\udc00"]), "times": np.arange(1)}),
            "INVALID_ARGUMENT",
            "Input text holds no text: .*surrogates",
        ),
        (
            ("repeat", {"text": np.array([3], object), "times": np.arange(1)}),
            "INVALID_ARGUMENT",
            "Input text holds no text: 3",
        ),
    ],
)
def test_a_request_that_does_not_fit_is_refused(
    shared_servable: Servable, request_: tuple[Any, ...], code: str, message: str
) -> None:
    error = refused(shared_servable, *request_)
    assert error.code == code
    assert re.search(message, error.message)


def test_any_order_of_outputs_may_be_asked_again_and_again(shared_servable: Servable) -> None:
    for _ in range(3):  # quick calls are run in another way than the first
        for names in (["y", "rows"], ["rows", "y"], ["rows"]):
            answer = shared_servable.run("", {"x": X}, names)
            assert list(answer) == names
            assert answer["rows"].tolist() == [2, 2]


def test_the_time_of_a_call_is_known_once_there_was_one_like_it(servable: Servable) -> None:
    call = servable.check("", {"x": X})
    assert servable.seconds(call) == float("inf")
    servable.execute(call)
    assert 0 < servable.seconds(call) < 60
    assert servable.seconds(call, size=5) == servable.seconds(call)
    assert servable.seconds(call, size=300) == float("inf")


def test_a_closed_model_is_unavailable(servable: Servable) -> None:
    servable.close()
    servable.close()
    error = refused(servable, "", {"x": X})
    assert (error.code, error.message) == (
        "UNAVAILABLE",
        "Version 7 of model affine is unloaded.",
    )


def test_closing_waits_for_what_runs(servable: Servable) -> None:
    codes: list[str] = []
    started = threading.Barrier(5)

    def ask() -> None:
        started.wait()
        try:
            for _ in range(10_000):
                assert servable.run("", {"x": X})["y"].tolist() == [6.0, 14.0]
            codes.append("never closed")
        except ServingError as error:
            codes.append(error.code)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for each in threads:
        each.start()
    started.wait()
    servable.close()
    for each in threads:
        each.join()
    assert codes == ["UNAVAILABLE"] * 4


def test_a_model_of_tensorflow_1_is_served(tmp_path: Path) -> None:
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        x = tf.compat.v1.placeholder(tf.float32, [None], name="x")
        tables = tf.compat.v1.tables_initializer()
        session.run(tables)
        builder = tf.compat.v1.saved_model.Builder(str(tmp_path / "old"))
        y = {"y": tf.compat.v1.saved_model.build_tensor_info(x / 2 + 2)}
        signature = tf.compat.v1.saved_model.build_signature_def(
            {"x": tf.compat.v1.saved_model.build_tensor_info(x)}, y, PREDICT
        )
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()
    servable = load(str(tmp_path / "old"), "half_plus_two", 1)
    assert servable.run("", {"x": np.array([1, 2], np.float32)})["y"].tolist() == [2.5, 3.0]
    servable.close()


@pytest.mark.parametrize("broken", ["absent", "empty", "garbage", "no variables"])
def test_what_cannot_be_loaded_says_why(tmp_path: Path, doubling: Path, broken: str) -> None:
    folder = tmp_path / "model"
    if broken != "absent":
        folder.mkdir()
    if broken == "garbage":
        (folder / "saved_model.pb").write_bytes(b"garbage")
    if broken == "no variables":
        (folder / "saved_model.pb").write_bytes((doubling / "saved_model.pb").read_bytes())
    with pytest.raises(ServingError, match="model"):
        load(str(folder), "affine", 1)


def test_a_graph_of_other_tags_is_not_served(doubling: Path) -> None:
    with pytest.raises(ServingError, match="gpu"):
        load(str(doubling), "affine", 1, tags=["serve", "gpu"])


@pytest.mark.slow
def test_importing_the_store_does_not_import_tensorflow() -> None:
    code = "import sys, kerasrun.exporters.serving.store; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
