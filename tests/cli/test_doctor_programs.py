"""`mlrun doctor PROGRAM`: which names of an old program work here."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kerasrun.cli.main import app
from tests.cli.test_start_up import HEAVY, imported_by

READY = """
import tensorflow as tf

config = tf.estimator.RunConfig(save_checkpoints_steps=10)
exporter = tf.estimator.BestExporter()
"""
NOT_READY = """
import tensorflow as tf

x = tf.placeholder(tf.float32)
y = tf.layers.dense(tf.placeholder(tf.float32), 3)
z = tf.contrib.layers.fully_connected(y, 3)
"""


@pytest.fixture(autouse=True)
def _in_a_folder_with_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "ready.py").write_text(READY)
    (tmp_path / "old" / "train.py").write_text(NOT_READY)
    monkeypatch.chdir(tmp_path)


def doctor(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["doctor", *arguments])


def test_a_program_that_works_exits_with_0() -> None:
    result = doctor("ready.py")
    assert result.exit_code == 0
    header, difference, summary = result.stdout.splitlines()
    assert header.split() == ["PLACE", "VERDICT", "NAME"]
    assert difference.startswith(
        "ready.py:5:12  works with a difference  tf.estimator.BestExporter"
    )
    assert difference.endswith("it remembers its best result when training is resumed")
    assert summary == "1 file, 2 names: 1 works, 1 works with a difference"


def test_all_shows_what_works_too() -> None:
    lines = doctor("ready.py", "--all").stdout.splitlines()
    assert lines[1].split() == ["ready.py:4:10", "works", "tf.estimator.RunConfig"]


def test_a_program_that_needs_edits_exits_with_1() -> None:
    result = doctor("ready.py", "old")
    assert result.exit_code == 1
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines[2:] == [
        "old/train.py:4:5 +1 needs this edit tf.placeholder import tensorflow.compat.v1 as tf",
        "old/train.py:5:5 needs this edit tf.layers.dense import tensorflow.compat.v1 as tf",
        "old/train.py:6:5 needs this edit tf.contrib.layers.fully_connected "
        "tf.compat.v1.layers.dense(x, units, activation=tf.nn.relu); mlrun exec runs it as it is",
        "2 files, 5 names: 1 works, 1 works with a difference, 3 need an edit",
        "import tensorflow.compat.v1 as tf, in 1 file, mends 2 names",
    ]


def test_what_cannot_be_read_exits_with_1(tmp_path: Path) -> None:
    (tmp_path / "old" / "train.py").write_text("print 'x'\n")
    result = doctor("old")
    assert result.exit_code == 1
    _, row, summary = result.stdout.splitlines()
    assert " ".join(row.split()) == (
        "old/train.py not read - line 1 is Python 2: convert the program to Python 3 first"
    )
    assert summary == (
        "1 file, 0 names: nothing of tf.estimator, tf.contrib or TensorFlow 1; 1 file not read"
    )


def test_json_has_every_name_and_every_place() -> None:
    result = doctor("--json", "old")
    assert result.exit_code == 1
    content = json.loads(result.stdout)
    (file,) = content.pop("files")
    assert content == {
        "schema": 1,
        "ready": False,
        "counts": {
            "works": 0,
            "works with a difference": 0,
            "needs this edit": 3,
            "not supported": 0,
        },
    }
    assert (file["file"], file["error"], len(file["names"])) == ("old/train.py", None, 3)
    assert file["names"][0] == {
        "name": "tf.placeholder",
        "verdict": "needs this edit",
        "text": "import tensorflow.compat.v1 as tf",
        "places": [{"line": 4, "column": 5}, {"line": 5, "column": 21}],
    }


def test_a_name_of_a_file_that_is_no_text_is_shown_with_question_marks(tmp_path: Path) -> None:
    path = tmp_path / "ready.py"
    try:
        path.rename(str(tmp_path / "\udcff.py"))
    except OSError:
        pytest.skip("this file system takes such names for no names")
    assert doctor(".").stdout.splitlines()[1].startswith("?.py:5:12")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.py"], "nowhere.py: no such file or folder"),
        ([""], "'': no such file or folder"),
        (["ready.py", "--root", "runs"], "--root is for runs: leave it out, or PROGRAM"),
        (["--all"], "--all is for programs: name a PROGRAM, or leave it out"),
    ],
)
def test_mistakes_exit_with_2(arguments: list[str], message: str) -> None:
    result = doctor(*arguments)
    assert (result.exit_code, result.stderr) == (2, f"error: {message}\n")


def test_nothing_heavy_is_imported_and_nothing_is_run(tmp_path: Path) -> None:
    (tmp_path / "ready.py").write_text(READY + "raise SystemExit(7)\n")
    assert not imported_by("doctor", "ready.py", cwd=tmp_path) & HEAVY


def test_the_page_on_migrating_shows_what_is_printed(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "migrating.md").read_text()
    section = page.partition("## Is my program ready?")[2]
    blocks = {
        kind: re.findall(rf"```{kind}\n(.*?)```", section, re.DOTALL)[0]
        for kind in ("python", "console", "json")
    }
    (tmp_path / "train.py").write_text(blocks["python"])
    assert blocks["console"] == "$ mlrun doctor train.py\n" + doctor("train.py").stdout
    shown, printed = (json.loads(blocks["json"]), json.loads(doctor("train.py", "--json").stdout))
    (shown_file,), (printed_file,) = shown.pop("files"), printed.pop("files")
    assert shown == printed
    assert all(name in printed_file["names"] for name in shown_file["names"])
    assert list(shown_file) == list(printed_file)
