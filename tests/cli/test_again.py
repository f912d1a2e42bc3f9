"""`mlrun train --from RUN` and `--fork RUN`, with TensorFlow."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from kerasrun import runs

Command = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.slow


def variables(folder: Path, step: int) -> dict[str, Any]:
    reader = tf.train.load_checkpoint(str(folder / f"model.ckpt-{step}"))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def test_a_run_is_run_again_and_carried_on(mlrun: Command, project: Path) -> None:
    text = (project / "net.py").read_text()
    (project / "net.py").write_text(
        "from widths import LAST\n" + text.replace("Dense(1)", "Dense(LAST)")
    )
    (project / "widths.py").write_text("LAST = 1\n")
    done = mlrun(
        "train", "--model", "net.py", "-p", "units=3", "--max-steps", "20", "--name", "one"
    )
    assert done.returncode == 0, done.stderr
    one = runs.find_run("one", project / "runs")
    (project / "net.py").write_text("raise RuntimeError('the copy is to be used')\n")
    (project / "widths.py").write_text("LAST = 2\n")

    done = mlrun("train", "--from", "one")
    assert done.returncode == 0, done.stderr
    assert f"again   {one.id}   what differs: nothing" in done.stdout
    again = runs.find_run("@last", project / "runs")
    assert again.record["parent"] == {"run": one.id, "how": "again"}
    assert again.params == one.params
    assert again.record["seed"]["value"] == one.record["seed"]["value"]
    ends = variables(one.folder, 20), variables(again.folder, 20)
    assert ends[0].keys() == ends[1].keys()
    for name, value in ends[0].items():
        np.testing.assert_array_equal(value, ends[1][name], err_msg=name)

    done = mlrun("train", "--fork", again.id, "--max-steps", "10", "--json")
    assert done.returncode == 0, done.stderr
    forked = json.loads(done.stdout)["run"]
    begins = variables(Path(forked["dir"]), 0)
    np.testing.assert_array_equal(begins["net/kernel"], ends[0]["net/kernel"])
    assert forked["params"]["units"] == 3


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "Give --model FILE, --from RUN or --fork RUN"),
        (["--from", "none"], 3, "no run 'none'"),
        (["--from", "x", "--model", "net.py"], 2, "it takes no --model and no --fork"),
    ],
)
def test_what_cannot_be_is_said(
    mlrun: Command, arguments: list[str], code: int, message: str
) -> None:
    done = mlrun("train", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
