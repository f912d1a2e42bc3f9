"""The job of a worker, done in this process: one TensorFlow for all of them."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kerasrun.runs.attempt import Request
from kerasrun.runs.job import train
from kerasrun.runs.latest_step import latest_step
from kerasrun.runs.launch import TrainOrder, prepare
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.run import Run, read_run
from kerasrun.runs.worker import work

MODEL_FILE = """
import keras
import numpy as np
import tensorflow as tf


def build_model(units: int = 4, lr: float = 0.1):
    model = keras.Sequential([keras.layers.Dense(units, name="net"), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(lr), "mse", metrics=["mae"])
    return model


def input_fn(batch_size=4):
    x = np.linspace(0, 1, 24, dtype="float32").reshape(8, 3)
    pairs = ({"net_input": x}, x.sum(axis=1, keepdims=True))
    return tf.data.Dataset.from_tensor_slices(pairs).batch(batch_size)


def train_input_fn(batch_size: int = 4):
    return input_fn(batch_size).repeat()


def eval_input_fn():
    return input_fn()
"""
CSV = "a,b,c,y\n" + "".join(f"{i},{i + 1},{i + 2},{i}\n" for i in range(8))


@pytest.fixture(autouse=True)
def clean_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    modules, path = set(sys.modules), list(sys.path)
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith(("net", "kerasrun_model_file")):
            del sys.modules[name]


class Project:
    """A folder with a model file and data, and runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write(MODEL_FILE)
        (folder / "data.csv").write_text(CSV)

    def write(self, text: str) -> None:
        (self.folder / "net.py").write_text(text)

    def train(
        self, model: str = "net.py", params: dict[str, str] | None = None, **options: Any
    ) -> Run:
        seed = options.pop("seed", 1)
        order = TrainOrder(
            model,
            ["mlrun"],
            self.folder,
            seed=seed,
            params=params or {},
            options={"max_steps": 3, **options},
        )
        files, _ = prepare(order, self.folder / "runs")
        return self.work(files)

    def work(self, files: RunFiles, **request: Any) -> Run:
        work(files.folder, train, Request(**request))
        return read_run(files.folder)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def reason(run: Run) -> str:
    assert run.outcome is not None
    assert (run.outcome["status"], run.outcome["code"], run.outcome["began"]) == (
        "failed",
        2,
        False,
    )
    return str(run.outcome["reason"])


def test_a_training_leaves_a_whole_run(project: Project) -> None:
    run = project.train(params={"units": "2"}, name="first")
    assert str(run.status) == "completed"
    assert (run.step, run.max_steps, latest_step(run.folder)) == (3, 3, 3)
    assert run.record["params"] == {
        "units": {"value": 2, "origin": "command line", "text": "2"},
        "lr": {"value": 0.1, "origin": "model file default"},
        "batch_size": {"value": 4, "origin": "model file default"},
    }
    assert run.record["settings"]["save_checkpoints_steps"] == {"value": 100, "origin": "default"}
    assert set(run.metrics["metrics"]["eval"]) == {"loss", "mae"}
    assert len(list((run.folder / "export" / "exporter").iterdir())) == 1
    assert list(run.folder.glob("events.out.tfevents.*"))


def test_the_same_seed_gives_the_same_result(project: Project) -> None:
    losses = [
        project.train(seed=seed).metrics["metrics"]["eval"]["loss"]["last"] for seed in (5, 5, 6)
    ]
    assert losses[0] == losses[1] != losses[2]


def test_a_run_goes_on_where_it_ended(project: Project) -> None:
    run = project.train()
    again = project.work(RunFiles(run.folder), max_steps=5)
    assert str(again.status) == "completed"
    assert (latest_step(run.folder), len(again.attempts)) == (5, 2)
    assert again.record["settings"]["max_steps"] == {
        "value": 5,
        "origin": "command line of attempt 2",
    }


def test_an_evaluation_that_was_cut_off_is_made_up_for(project: Project) -> None:
    files = RunFiles(project.train().folder)
    files.metrics_json.unlink()
    files.exit_json.write_text("")
    record = files.folder / "training.json"  # killed after its last checkpoint, it had said less
    record.write_text(json.dumps({"schema": 1, "evaluations": {"eval": {"step": None}}}))
    again = project.work(files)
    assert again.metrics["metrics"]["eval"]["loss"]["last_step"] == 3


def test_a_changed_model_file_does_not_change_a_run(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    run = project.train()
    project.write("raise RuntimeError('changed')")
    again = project.work(RunFiles(run.folder), max_steps=5)
    assert str(again.status) == "completed"
    assert "net.py has changed since this run began" in capsys.readouterr().out


def test_a_ready_made_model_and_specs_of_the_file_are_used(project: Project) -> None:
    project.write(
        MODEL_FILE
        + """
from kerasrun import estimator as tf_estimator
model = build_model()
del build_model
run_config = tf_estimator.RunConfig(save_checkpoints_steps=2, keep_checkpoint_max=1)
train_spec = tf_estimator.TrainSpec(train_input_fn, max_steps=7)
eval_spec = tf_estimator.EvalSpec(eval_input_fn, steps=1, name="holdout", throttle_secs=0)
"""
    )
    run = project.train(max_steps=None)
    assert str(run.status) == "completed"
    assert run.record["settings"]["max_steps"] == {"value": 7, "origin": "model file"}
    assert run.metrics["metrics"]["eval_holdout"]["loss"]["n"] == 4  # steps 2, 4, 6, 7
    assert [path.name for path in run.folder.glob("*.index")] == ["model.ckpt-7.index"]


def test_several_eval_specs_of_the_file_are_used(project: Project) -> None:
    project.write(
        MODEL_FILE
        + """
from kerasrun import estimator as tf_estimator
eval_spec = [
    tf_estimator.EvalSpec(eval_input_fn, throttle_secs=0),
    tf_estimator.EvalSpec(lambda: input_fn(2).take(1), name="few", every_steps=2),
]
"""
    )
    run = project.train(max_steps=5)
    assert str(run.status) == "completed", run.outcome
    metrics = run.metrics["metrics"]
    counts = {name: metrics[name]["loss"]["n"] for name in ("eval", "eval_few")}
    assert counts == {"eval": 3, "eval_few": 3}, "both at steps 2, 4, 5"
    project.write(f"{MODEL_FILE}\neval_spec = [3]\n")
    assert "eval_spec holds 3, expected an EvalSpec, or a list" in reason(project.train())


def test_a_run_config_that_says_nothing_of_checkpoints_gets_ours(project: Project) -> None:
    project.write(
        MODEL_FILE
        + "from kerasrun import estimator as tf_estimator\n"
        + "run_config = tf_estimator.RunConfig(keep_checkpoint_max=1, tf_random_seed=3)\n"
    )
    run = project.train(max_steps=101)
    assert run.record["settings"]["save_checkpoints_steps"]["value"] == 100
    assert run.metrics["metrics"]["eval"]["loss"]["n"] == 2  # steps 100 and 101
    assert [path.name for path in run.folder.glob("*.index")] == ["model.ckpt-101.index"]


def test_csv_files_stand_in_for_input_functions(project: Project) -> None:
    project.write(MODEL_FILE.split("def input_fn")[0])
    run = project.train(
        train_data=str(project.folder / "data.csv"),
        eval_data=str(project.folder / "data.csv"),
        label="y",
        features={"net_input": ["a", "b", "c"]},
        batch_size=2,
    )
    assert str(run.status) == "completed"


def test_the_batch_size_reaches_the_input_functions(project: Project) -> None:
    run = project.train(batch_size=2)
    assert str(run.status) == "completed"
    assert run.record["params"]["batch_size"] == {"value": 2, "origin": "command line"}
    assert str(project.work(RunFiles(run.folder), max_steps=4).status) == "completed"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            '"net_input"',
            '"net_inptu"',
            r"given keys: 'net_inptu'.*Did you mean 'net_input'",
        ),
        (
            'model.compile(keras.optimizers.SGD(lr), "mse", metrics=["mae"])',
            "pass",
            "is not compiled. Call its compile",
        ),
        ("    return model", "    pass", "returned NoneType, expected a compiled keras.Model"),
        ("    return model", "    1 / 0", r"net\.py, line 10: ZeroDivisionError: division by"),
        ("def eval_input_fn", "def f", r"defines no eval_input_fn: define it, or give --eval-data"),
        (
            "    return input_fn()",
            "    open('/none')",
            r"net\.py, line 24: FileNotFoundError: No such file or directory: /none",
        ),
        ("def build_model", "def build_net", r"Did you mean --model net\.py:build_net\?"),
        (
            "def build_model",
            "model = 3\ndef f",
            r"model is a int, expected a compiled keras\.Model",
        ),
    ],
)
def test_a_wrong_model_file_is_one_clear_line(
    project: Project, old: str, new: str, message: str
) -> None:
    assert old in MODEL_FILE
    project.write(MODEL_FILE.replace(old, new))
    found = reason(project.train())
    assert re.search(message, found), found
    assert "\n" not in found


def test_a_batch_size_that_nothing_takes_is_refused(project: Project) -> None:
    project.write(MODEL_FILE.replace("train_input_fn(batch_size: int = 4)", "train_input_fn()"))
    assert reason(project.train(batch_size=2)).startswith(
        "--batch-size: no input function of net.py has a parameter batch_size."
    )


def test_parameters_of_a_ready_made_model_are_refused(project: Project) -> None:
    project.write(MODEL_FILE + "model = build_model()\ndel build_model\n")
    assert reason(project.train(params={"units": "3"})).startswith(
        "unknown parameter 'units': net.py defines a ready-made model."
    )


def test_a_named_function_is_used_instead(project: Project) -> None:
    project.write(MODEL_FILE + "def small(size: int = 1):\n    return build_model(size)\n")
    run = project.train("net.py:small", params={"size": "2"})
    assert run.params == {"size": 2, "batch_size": 4}
    assert "Did you mean 'small'" in reason(project.train("net.py:smal"))


def test_an_error_after_the_first_steps_is_one_of_the_run(project: Project) -> None:
    project.write(MODEL_FILE.replace("0.1", "1e30"))
    run = project.train(max_steps=50)
    assert run.outcome is not None
    assert (run.outcome["status"], run.outcome["code"]) == ("failed", 1)
    assert "NaN or infinite" in run.outcome["reason"]
