"""Exports with warm-up requests and kinds of output, behind the server that answers clients."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from kerasrun.exporters import build_supervised_input_receiver_fn_from_input_fn
from kerasrun.exporters.serving.load import load
from tests.exporters.serving.rest_calls import NAME, ask, serving

pytestmark = pytest.mark.slow
FILE = Path("assets.extra/tf_serving_warmup_requests")
export = tf_estimator.export
SPEC = {
    "size": tf.io.FixedLenFeature([2], tf.float32),
    "colour": tf.io.FixedLenFeature([1], tf.string),
}
RECEIVERS: dict[str, Any] = {
    "features": None,
    "examples": export.build_parsing_serving_input_receiver_fn(SPEC),
    "all at once": export.build_parsing_serving_input_receiver_fn(SPEC, default_batch_size=4),
}


class Calls(keras.layers.Layer):
    """How often it was called, once for each row."""

    def build(self, shape: Any) -> None:
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x: Any) -> Any:
        self.calls.assign(self.calls + 1.0)
        return tf.fill([tf.shape(x)[0], 1], tf.convert_to_tensor(self.calls))


def flowers(vocabulary: Path) -> keras.Model:
    """Three kinds, tall or not, a price; and how often the model was called."""
    vocabulary.write_text("red\nblue\n")
    size = keras.Input((2,), name="size")
    colour = keras.Input((1,), name="colour", dtype="string")
    known = keras.layers.StringLookup(vocabulary=str(vocabulary), output_mode="one_hot")(colour)
    both = keras.layers.Concatenate()([size, known])
    model = keras.Model(
        [size, colour],
        {
            "species": keras.layers.Dense(3, "softmax", name="species")(both),
            "tall": keras.layers.Dense(1, "sigmoid", name="tall")(both),
            "price": keras.layers.Dense(1, name="price")(both),
            "calls": Calls(name="calls")(both),
        },
    )
    model.compile("sgd", dict.fromkeys(model.output_names, "mse"))
    return model


def features() -> dict[str, Any]:
    colours = np.array([["red"], ["blue"], ["odd"], ["red"]])
    return {"size": np.arange(8, dtype=np.float32).reshape(4, 2) / 8, "colour": colours}


def input_fn() -> tf.data.Dataset:
    width = {"species": 3, "tall": 1, "price": 1, "calls": 1}
    labels = {name: np.ones([4, n], np.float32) for name, n in width.items()}
    return tf.data.Dataset.from_tensors((features(), labels))


@pytest.fixture(scope="module")
def estimator(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("flowers")
    estimator = tf_estimator.model_to_estimator(
        flowers(folder / "colours.txt"),
        model_dir=folder / "model",
        export_outputs={
            "species": export.ClassificationOutput.with_classes(["setosa", "versicolor", "other"]),
            "tall": export.ClassificationOutput.with_classes(["short", "tall"]),
            "price": export.RegressionOutput,
        },
    )
    estimator.evaluate(input_fn)
    return estimator


def by_exporter(estimator: Any, folder: Path, receiver_fn: Any) -> str:
    exporter = tf_estimator.LatestExporter("it", receiver_fn, warmup_examples=3)
    return str(exporter.export(estimator, str(folder), None, {"loss": 1.0}, False))


def by_mode(estimator: Any, folder: Path, receiver_fn: Any) -> str:
    supervised = build_supervised_input_receiver_fn_from_input_fn(input_fn)
    receivers = {"eval": supervised, "infer": receiver_fn}
    return str(estimator.experimental_export_all_saved_models(folder, receivers, warmup_examples=3))


@pytest.mark.parametrize(
    ("receiver", "how", "requests"),
    [
        ("features", by_exporter, 3),
        ("examples", by_exporter, 3),
        ("all at once", by_exporter, 1),
        ("examples", by_mode, 3),
    ],
)
def test_a_served_model_has_been_asked_before(
    estimator: Any, tmp_path: Path, receiver: str, how: Any, requests: int
) -> None:
    path = how(estimator, tmp_path / "out", RECEIVERS[receiver])
    records = list(tf.data.TFRecordDataset(str(Path(path) / FILE)).as_numpy_iterator())
    assert len(records) == requests
    servable = load(path, "flowers", 1)
    fed: Any = features()
    if receiver != "features":
        fed = {"examples": np.array(serialised(), object)}
    assert float(servable.run("", fed)["calls"][0, 0]) == requests + 1
    servable.close()


def test_nothing_of_the_data_leaves_unasked(estimator: Any, tmp_path: Path) -> None:
    path = Path(estimator.export_saved_model(tmp_path / "out"))
    assert not (path / "assets.extra").exists()


def test_clients_classify_and_regress_with_a_moved_export(estimator: Any, tmp_path: Path) -> None:
    path = by_exporter(estimator, tmp_path / "out", RECEIVERS["examples"])
    served = tmp_path / "elsewhere"
    served.mkdir()
    Path(path).rename(served / "123")
    assert (served / "123/assets/colours.txt").read_text() == "red\nblue\n"
    live = {name: np.asarray(value) for name, value in answers(estimator).items()}
    rows = [
        {"size": size.tolist(), "colour": colour[0]}
        for size, colour in zip(*features().values(), strict=True)
    ]
    with serving(served) as app:

        def results(verb: str, signature: str) -> Any:
            body = json.dumps({"signature_name": signature, "examples": rows})
            return ask(app, "POST", f"/v1/models/{NAME}:{verb}", body).json["results"]

        species, tall = results("classify", "species"), results("classify", "tall")
        assert [[name for name, _ in each] for each in (species[0], tall[0])] == [
            ["setosa", "versicolor", "other"],
            ["short", "tall"],
        ]
        scores = [[score for _, score in each] for each in species]
        np.testing.assert_allclose(scores, live["species"], rtol=1e-5)
        both = np.concatenate([1 - live["tall"], live["tall"]], axis=1)
        np.testing.assert_allclose([[s for _, s in each] for each in tall], both, rtol=1e-5)
        np.testing.assert_allclose(results("regress", "price"), live["price"][:, 0], rtol=1e-5)


def answers(estimator: Any) -> dict[str, Any]:
    """What the live model predicts."""
    predicted = list(estimator.predict(input_fn))
    return {name: [each[name] for each in predicted] for name in predicted[0]}


def serialised() -> list[bytes]:
    """The features as `tf.train.Example`s."""
    found = []
    for size, colour in zip(*features().values(), strict=True):
        example = tf.train.Example()
        example.features.feature["size"].float_list.value.extend(size)
        example.features.feature["colour"].bytes_list.value.append(colour[0].encode())
        found.append(example.SerializeToString())
    return found
