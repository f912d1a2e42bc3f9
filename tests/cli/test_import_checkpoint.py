"""`mlrun import-checkpoint`: what an old model_dir holds, and its weights for a Keras model."""

import contextlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from kerasrun.cli.main import app

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

REAL = Path(__file__).parents[1] / "data" / "estimator_2_15"
EXPECTED = json.loads((REAL / "expected.json").read_text())

NETWORK = """
import keras
import numpy as np
import tensorflow as tf

print("a word of the model file")


def build_model(units: int = 8, use_ema: bool = False):
    word, x = keras.Input((), name="word", dtype="int32"), keras.Input((4,), name="x")
    net = keras.layers.Concatenate()([keras.layers.Embedding(4, 2)(word), x])
    net = keras.layers.Dense(units, "relu")(net)
    model = keras.Model([word, x], keras.layers.Dense(1, "sigmoid", use_bias=False)(net))
    model.compile(keras.optimizers.Adam(use_ema=use_ema), "binary_crossentropy")
    return model


def eval_input_fn():
    random = np.random.RandomState(7)
    x = random.normal(size=(64, 4)).astype(np.float32)
    word = random.randint(0, 4, 64)
    y = (x.sum(axis=1) + 0.5 * (word == 0) > 0).astype(np.int32)
    return tf.data.Dataset.from_tensor_slices(({"word": word, "x": x}, y)).batch(16)


uncompiled = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
"""

OPEN_NETWORK = """
import keras
import tensorflow as tf

model = keras.Sequential([keras.layers.Dense(8, name="hidden")])


def eval_input_fn():
    return tf.data.Dataset.from_tensors({"hidden_input": tf.zeros([1, 6])})
"""


@pytest.fixture
def mlrun(tmp_path: Path) -> Any:
    """Runs `mlrun import-checkpoint` beside the model file net.py."""
    (tmp_path / "net.py").write_text(NETWORK)

    def command(old: Any, *arguments: str) -> Any:
        with contextlib.chdir(tmp_path):
            return CliRunner().invoke(app, ["import-checkpoint", str(old), *arguments])

    return command


def estimator_on(folder: Path, **arguments: Any) -> tuple[Any, Any]:
    """An Estimator of the model in net.py, and its data."""
    from kerasrun import estimator as tf_estimator

    names: dict[str, Any] = {}
    exec(NETWORK, names)
    model = names["build_model"](**arguments)
    return tf_estimator.model_to_estimator(model, model_dir=folder), names["eval_input_fn"]


def test_without_a_model_the_variables_are_listed(mlrun: Any) -> None:
    done = mlrun(REAL / "AdamOptimizer")
    assert done.exit_code == 0, done.output
    assert f"checkpoint  {REAL}/AdamOptimizer/model.ckpt-20   step 20\n" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["hidden/kernel", "[6,", "8]", "float32", "192", "weight"] in rows
    assert ["hidden/bias/Adam_1", "[8]", "float32", "32", "optimizer:", "Adam", "v"] in rows
    assert ["weights", "4", "72", "288"] in rows
    found = json.loads(mlrun(REAL / "FtrlOptimizer" / "model.ckpt-20", "--json").stdout)
    assert (found["schema"], found["step"]) == (1, 20)
    assert found["totals"]["optimizer"] == {"variables": 8, "values": 144, "bytes": 576}
    assert {
        "name": "hidden/bias/Ftrl_1",
        "shape": [8],
        "dtype": "float32",
        "bytes": 32,
        "kind": "optimizer",
        "of": "hidden/bias",
        "slot": "Ftrl linear",
    } in found["variables"]


@pytest.mark.parametrize("use_ema", [False, True])
def test_an_estimator_continues_from_the_checkpoint_written(
    use_ema: bool, mlrun: Any, tmp_path: Path
) -> None:
    params = ["--model", "net.py", "-p", f"use_ema={use_ema}"]
    done = mlrun(REAL / "FtrlOptimizer", *params, "--to", "new")
    assert done.exit_code == 0, done.output
    assert "word of the model file" in done.stderr
    assert done.stdout.splitlines()[-2:] == [
        "mapped      4 of 4 weights",
        "written     new/model.ckpt-20   step 20, a fresh optimizer",
    ]
    estimator, input_fn = estimator_on(tmp_path / "new", use_ema=use_ema)
    expected = EXPECTED["FtrlOptimizer"]
    rows = [next(iter(row.values()))[0] for row in estimator.predict(input_fn)]
    np.testing.assert_allclose(rows[:8], expected["predicted"], rtol=0, atol=1e-6)
    found = estimator.evaluate(input_fn)
    assert found["global_step"] == 20
    assert found["loss"] == pytest.approx(expected["evaluated"]["loss"], abs=1e-6)
    estimator.train(input_fn)
    assert estimator.get_variable_value("global_step") == 24
    assert estimator.evaluate(input_fn)["loss"] < found["loss"]
    again = mlrun(REAL / "AdamOptimizer", *params, "--to", "new")
    assert (again.exit_code, again.stdout) == (4, "")
    assert "error: new holds checkpoints already, such as new/model.ckpt-24" in again.stderr


def test_keras_files_are_written_and_never_over_others(mlrun: Any, tmp_path: Path) -> None:
    import keras

    values = []
    for name in ("net.keras", "net.weights.h5"):
        to = ["--model", "net.py:build_model", "--to", name]
        done = mlrun(REAL / "AdamOptimizer", *to, "--json")
        assert done.exit_code == 0, done.output
        found = json.loads(done.stdout)
        assert (found["written"], found["global_step"], found["refusal"]) == (name, None, None)
        again = mlrun(REAL / "FtrlOptimizer", *to)
        assert (again.exit_code, again.stdout) == (4, "")
        assert f"error: {name} is there already" in again.stderr
    model = keras.saving.load_model(tmp_path / "net.keras")
    values.append(model.get_weights())
    model.load_weights(tmp_path / "net.weights.h5")
    values.append(model.get_weights())
    assert all(map(np.array_equal, *values))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "net.keras",
        "net.py",
        "net.weights.h5",
    ], "nothing is left aside"


def test_weights_without_a_value_are_refused_unless_it_is_meant(mlrun: Any, tmp_path: Path) -> None:
    wide = ["--model", "net.py", "-p", "units=9", "--to", "new", "--json"]
    done = mlrun(REAL / "AdamOptimizer", *wide)
    assert done.exit_code == 4
    found = json.loads(done.stdout)
    assert [one["new"] for one in found["unmapped"]] == [
        "dense/kernel",
        "dense/bias",
        "dense_1/kernel",
    ]
    assert found["unmapped"][0]["near"] == "hidden/kernel"
    assert (found["written"], found["left"][0]["name"]) == (None, "hidden/bias")
    assert "error: 3 weights have no value in" in done.stderr
    assert "is hidden/kernel [6, 8]); " in done.stderr
    assert "Decide with --map NEW=OLD, or give --partial." in done.stderr
    assert not (tmp_path / "new").exists()
    done = mlrun(REAL / "AdamOptimizer", *wide[:-1], "--partial", "--global-step", "0")
    assert done.exit_code == 0, done.output
    assert "no value    dense/bias [9]   nothing of this shape is left" in done.stdout
    assert "not used    out/kernel [8, 1]\nmapped      1 of 4 weights\n" in done.stdout
    assert "written     new/model.ckpt-0   step 0, a fresh optimizer" in done.stdout
    done = mlrun(
        REAL / "AdamOptimizer", "--model", "net.py:uncompiled", "--partial", "--to", "x.keras"
    )
    assert done.exit_code == 4
    assert "error: No weight of the model has a value in" in done.stderr
    assert done.stderr.endswith("Decide with --map NEW=OLD.\n")
    assert not (tmp_path / "x.keras").exists()


def test_a_model_without_an_input_gets_its_shapes_from_its_data(mlrun: Any, tmp_path: Path) -> None:
    (tmp_path / "open.py").write_text(OPEN_NETWORK)
    old, model = REAL / "AdamOptimizer", ["--model", "open.py"]
    done = mlrun(old, *model, "--to", "net.weights.h5")
    assert done.exit_code == 0, done.output
    assert "hidden/kernel  [6, 8]  hidden/kernel  same name" in done.stdout
    assert "mapped      2 of 2 weights" in done.stdout
    (tmp_path / "open.py").write_text(OPEN_NETWORK.replace("eval_input_fn", "other"))
    done = mlrun(old, *model)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "error: open.py: the model has no shapes before it sees data: begin it" in done.stderr


def test_a_second_one_at_the_same_place_is_refused(mlrun: Any, tmp_path: Path) -> None:
    from kerasrun.bridge.model_dir_lock import ModelDirLock

    with ModelDirLock(str(tmp_path / "new")):
        done = mlrun(REAL / "AdamOptimizer", "--model", "net.py", "--to", "new")
    assert (done.exit_code, done.stdout) == (4, "")
    assert "error: Another training is at work in this model_dir" in done.stderr
    assert not list((tmp_path / "new").glob("model.ckpt*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--partial"], "--partial needs --model FILE"),
        (["--global-step", "0"], "--global-step needs --model FILE"),
        (["--model", "net.py", "--global-step", "0"], "give --to MODEL_DIR with it"),
        (["--model", "net.py", "--map", "dense"], "--map dense: expected NEW=OLD, such as"),
        (["--model", "net.py", "--map", "a=b", "--map", "a=c"], "--map a is given twice"),
        (["--model", "net.py", "--to", "net.h5"], "expected a name that ends in .weights.h5"),
        (["--model", "net.py", "--to", "net.py"], "net.py is a file: expected a folder"),
        (["--model", "net.py", "--to", "no/net.keras"], "there is no folder no"),
        (["--model", "nett.py"], "no model file nett.py. Did you mean 'net.py'?"),
        (["--model", "net.py", "--map", "dens/bias=hidden/bias"], "Did you mean 'dense/bias'?"),
        (["--model", "net.py", "--ema"], "holds no moving averages"),
        (["--model", "net.py:uncompiled", "-p", "units=3"], "defines a ready-made model"),
        (["--model", "net.py:uncompiled", "--to", "new"], "the model is not compiled"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(arguments: list[str], message: str, mlrun: Any) -> None:
    done = mlrun(REAL / "AdamOptimizer", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr.splitlines()[-1]


def test_a_checkpoint_that_is_damaged_or_not_there_is_told(mlrun: Any, tmp_path: Path) -> None:
    done = mlrun(REAL / "AdamOptimise")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "AdamOptimise'. Did you mean 'AdamOptimizer'?" in done.stderr
    folder = Path(shutil.copytree(REAL / "AdamOptimizer", tmp_path / "old"))
    data = folder / "model.ckpt-20.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:64])
    done = mlrun(folder, "--model", "net.py", "--to", "new.keras")
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"error: the checkpoint {folder}/model.ckpt-20 is damaged: " in done.stderr
    assert not (tmp_path / "new.keras").exists()
