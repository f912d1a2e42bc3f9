"""`mlrun export` and `mlrun predict` on a run of the iris example."""

import csv
import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from kerasrun import runs
from kerasrun.cli.main import app

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

EXAMPLES = Path(__file__).parents[2] / "examples"
TEST_DATA = EXAMPLES / "data" / "iris_test.csv"
COLUMNS = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
COMPUTED = "" if sys.platform == "darwin" else "computed with NumPy, not by Core ML"
FEATURES = ["--features", f"iris_input={','.join(COLUMNS)}"]


@pytest.fixture
def mlrun(iris: runs.Run) -> Any:
    """Runs a command of the form `mlrun COMMAND RUN ...` on the run."""

    def command(name: str, *arguments: Any, run: str = "@last") -> Any:
        root = ["--root", str(iris.folder.parent)]
        return CliRunner().invoke(app, [name, run, *map(str, arguments), *root])

    return command


@pytest.fixture
def expected(iris: runs.Run) -> np.ndarray[Any, Any]:
    """What the newest export answers for the test data."""
    import tensorflow as tf

    (export,) = iris.folder.glob("export/exporter/*")
    with TEST_DATA.open() as file:
        rows = [[float(row[name]) for name in COLUMNS] for row in csv.DictReader(file)]
    serve = tf.saved_model.load(str(export)).signatures["serving_default"]
    found: np.ndarray[Any, Any] = serve(iris_input=tf.constant(rows))["probabilities"].numpy()
    return found


@pytest.fixture
def own_run(iris: runs.Run, tmp_path: Path) -> tuple[Path, str]:
    """A copy of the run that a test may change: its root and its id."""
    shutil.copytree(iris.folder, tmp_path / "own" / iris.id)
    return tmp_path / "own", iris.id


def rows_of(text: str) -> np.ndarray[Any, Any]:
    names, *rows = csv.reader(text.splitlines())
    assert names == [f"probabilities_{index}" for index in range(3)]
    return np.array(rows, np.float32)


def test_predictions_are_those_of_the_newest_export(mlrun: Any, expected: Any) -> None:
    done = mlrun("predict", TEST_DATA, *FEATURES)
    assert done.exit_code == 0, done.output
    np.testing.assert_allclose(rows_of(done.stdout), expected, rtol=1e-6)
    in_parts = mlrun("predict", TEST_DATA, *FEATURES, "--batch-size", 7)
    np.testing.assert_allclose(rows_of(in_parts.stdout), expected, rtol=1e-5)


def test_predictions_by_a_checkpoint_are_those_of_its_export(mlrun: Any, expected: Any) -> None:
    done = mlrun("predict", TEST_DATA, *FEATURES, "--checkpoint", 100)
    assert done.exit_code == 0, done.output
    np.testing.assert_allclose(rows_of(done.stdout), expected, rtol=1e-6)
    earlier = mlrun("predict", TEST_DATA, *FEATURES, "--checkpoint", 0)
    assert np.abs(rows_of(earlier.stdout) - expected).max() > 0.01


def test_a_run_without_an_export_answers_from_its_checkpoint(
    own_run: tuple[Path, str], expected: Any
) -> None:
    root, run = own_run
    shutil.rmtree(root / run / "export")
    done = CliRunner().invoke(app, ["predict", run, str(TEST_DATA), *FEATURES, "--root", str(root)])
    np.testing.assert_allclose(rows_of(done.stdout), expected, rtol=1e-6)
    assert not (root / run / "export").exists(), "the run is left as it was"


def test_a_damaged_export_is_named(own_run: tuple[Path, str]) -> None:
    root, run = own_run
    (export,) = (root / run / "export" / "exporter").iterdir()
    (export / "saved_model.pb").write_bytes(b"")
    done = CliRunner().invoke(app, ["predict", run, str(TEST_DATA), *FEATURES, "--root", str(root)])
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"error: {export} cannot be loaded (" in done.stderr
    assert "--checkpoint STEP asks a checkpoint" in done.stderr


def test_json_lines_go_in_and_out(mlrun: Any, tmp_path: Path, expected: Any) -> None:
    with TEST_DATA.open() as file:
        lines = [
            json.dumps({"iris_input": [float(row[name]) for name in COLUMNS]}) + "\n"
            for row in csv.DictReader(file)
        ]
    (tmp_path / "in.jsonl").write_text("".join(lines))
    out = tmp_path / "out.jsonl"
    done = mlrun("predict", tmp_path / "in.jsonl", "--out", out, "--json")
    said = json.loads(done.stdout)
    assert (said["schema"], said["rows"], said["out"]) == (1, 30, str(out))
    assert "/export/exporter/" in said["model"]
    found = [json.loads(line)["probabilities"] for line in out.read_text().splitlines()]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([TEST_DATA], "no column 'iris_input' (4 float32), which the model asks for"),
        ([TEST_DATA, "--features", "iris_input=sepal_lenght"], "Did you mean 'sepal_length'?"),
        ([TEST_DATA, "--features", "iris_inputs=sepal_length"], "Did you mean 'iris_input'?"),
        ([TEST_DATA, *FEATURES, "--checkpoint", "7"], "no checkpoint of step 7; it has 0, 100"),
        (["none.csv"], "none.csv: no such file"),
        ([TEST_DATA, *FEATURES, "--out", "x.txt"], "--out x.txt: expected a file *.csv"),
        ([TEST_DATA, *FEATURES, "--out", "/none/x.csv"], "/none/x.csv cannot be written"),
        ([TEST_DATA, *FEATURES, "--out", TEST_DATA], "is the table itself"),
    ],
)
def test_what_cannot_be_predicted_is_one_line(
    mlrun: Any, arguments: list[Any], message: str
) -> None:
    done = mlrun("predict", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr


def test_a_failed_prediction_leaves_the_earlier_file(mlrun: Any, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(f"{','.join(COLUMNS)}\n1,2,3,4\n1,2,,4\n")
    (tmp_path / "out.csv").write_text("earlier\n")
    done = mlrun(
        *["predict", tmp_path / "in.csv", *FEATURES, "--batch-size", 1],
        *["--out", tmp_path / "out.csv"],
    )
    assert done.exit_code == 2
    assert "row 2: 'petal_length' is '', expected a number" in done.stderr
    assert (tmp_path / "out.csv").read_text() == "earlier\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("saved_model", "iris"),
        ("keras", "iris.keras"),
        ("tflite", "iris.tflite"),
        ("onnx", "iris.onnx"),
        ("coreml", "iris.mlpackage"),
    ],
)
def test_exports_are_run_and_put_in_place(
    mlrun: Any, iris: runs.Run, tmp_path: Path, form: str, name: str
) -> None:
    before = sorted(iris.folder.rglob("*"))
    to = tmp_path / name
    done = mlrun("export", "--format", form, "--to", to, "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["schema"], said["format"], said["path"]) == (1, form, str(to))
    assert said["bytes"] > 1000
    assert said["examples"] == 30
    assert said["difference"] < 1e-5
    assert said["note"] == (COMPUTED if form == "coreml" else "")
    evaluated = {name: each["last"] for name, each in iris.metrics["metrics"]["eval"].items()}
    assert said["metrics_as_trained"] == pytest.approx(evaluated, rel=1e-5)
    assert said["metrics"] == pytest.approx(said["metrics_as_trained"], rel=1e-4)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert sorted(iris.folder.rglob("*")) == before
    refused = mlrun("export", "--format", form, "--to", to)
    assert refused.exit_code == 4
    assert refused.stderr == (
        f"error: {to} is there already: give --force to replace it, or another --to\n"
    )


def test_force_replaces_an_export_and_nothing_else(mlrun: Any, tmp_path: Path) -> None:
    (tmp_path / "m.keras").write_text("earlier")
    arguments = ["--to", tmp_path / "m.keras", "--force", "--eval-steps", 0]
    done = mlrun("export", "-f", "keras", *arguments)
    assert done.exit_code == 0, done.output
    assert len(done.stdout.splitlines()) == 1, "without metrics"
    assert (tmp_path / "m.keras").stat().st_size > 1000
    (tmp_path / "mine").mkdir()
    done = mlrun("export", "--to", tmp_path / "mine", "--force")
    assert done.exit_code == 4
    assert "is no saved_model export, and is not replaced" in done.stderr


def test_without_to_it_lies_among_the_run_s_exports(own_run: tuple[Path, str]) -> None:
    root, run = own_run
    done = CliRunner().invoke(
        app, ["export", run, "-f", "tflite", "--quantize", "float16", "--root", str(root)]
    )
    assert done.exit_code == 0, done.output
    (folder,) = (root / run / "export" / "tflite").iterdir()
    assert {"model.tflite", "conversion.json", "saved_model.pb"} <= set(os.listdir(folder))
    record = json.loads((folder / "conversion.json").read_text())
    assert (record["form"], record["quantize"], record["examples"]) == ("tflite", "float16", 30)
    assert list(record["metrics"]) == list(record["metrics_as_trained"]) == ["accuracy", "loss"]
    assert record["metrics"]["accuracy"] == record["metrics_as_trained"]["accuracy"]
    assert record["metrics"]["loss"] != record["metrics_as_trained"]["loss"]
    assert done.stdout.startswith(f"export  {folder / 'model.tflite'}   ")
    assert "answers as evaluated (30 examples, largest difference" in done.stdout


def test_a_fixed_number_of_rows_is_kept(mlrun: Any, tmp_path: Path) -> None:
    import onnxruntime

    to = tmp_path / "m.onnx"
    done = mlrun("export", "-f", "onnx", "--to", to, "--batch-size", 4)
    assert done.exit_code == 0, done.output
    first, second = done.stdout.splitlines()
    assert "28 examples" in first, "those that fill a batch"
    pattern = r"eval    loss (\S+) \(as trained: \1\)   accuracy (\S+) \(as trained: \2\)"
    assert re.fullmatch(pattern, second), "of all 30"
    assert onnxruntime.InferenceSession(str(to)).get_inputs()[0].shape == [4, 4]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-f", "pickle"], "--format 'pickle': expected one of saved_model, keras, tflite"),
        (["-f", "onnx", "--quantize", "int8"], "--quantize int8: onnx expects none"),
        (["-f", "tflite", "--quantize", "int4"], "expects one of dynamic, float16, int8"),
        (["-f", "onnx", "--to", "m.tflite"], "--to m.tflite: expected a name that ends in .onnx"),
        (["-f", "onnx", "--to", "/none/m.onnx"], "there is no folder /none"),
        (["--checkpoint", "7"], "no checkpoint of step 7; it has 0, 100"),
    ],
)
def test_what_cannot_be_exported_is_one_line(
    mlrun: Any, arguments: list[str], message: str
) -> None:
    done = mlrun("export", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr


def test_no_such_run_is_exit_code_3(mlrun: Any) -> None:
    for arguments in (["export"], ["predict", TEST_DATA]):
        done = mlrun(*arguments, run="nosuchrun")
        assert done.exit_code == 3
