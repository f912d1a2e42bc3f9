"""What `mlrun exec` is told to run: a file, or a module as for `python -m`."""

import sys
from pathlib import Path

import pytest

from kerasrun.runs.errors import UsageError
from kerasrun.runs.program_arguments import params_in
from kerasrun.runs.program_file import program_file


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "trainer").mkdir()
    for name in ("train.py", "trainer/__init__.py", "trainer/__main__.py", "trainer/task.py"):
        (tmp_path / name).write_text("raise SystemExit('it was imported')\n")
    return tmp_path


def test_all_that_comes_after_a_file_is_its_own(project: Path) -> None:
    found = program_file(["train.py", "--help", "--name", "x", "-m", "other"], project)
    assert (found.file, found.path, found.module) == (project / "train.py", "train.py", None)
    assert found.arguments == ("--help", "--name", "x", "-m", "other")


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("trainer.task", "trainer/task.py"),
        ("trainer", "trainer/__main__.py"),
        ("train", "train.py"),
    ],
)
def test_a_module_is_found_without_importing_its_packages(
    project: Path, name: str, file: str
) -> None:
    found = program_file(["-m", name, "--steps", "3"], project)
    assert (found.file, found.module, found.path) == (project / file, name, None)
    assert found.folder == project
    assert found.arguments == ("--steps", "3")
    assert "trainer" not in sys.modules


def test_of_an_installed_module_only_its_own_folder_is_looked_at(project: Path) -> None:
    found = program_file(["-m", "json.tool"], project)
    assert found.file.name == "tool.py"
    assert found.folder == found.file.parent


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "what shall be run? Name a program"),
        (["trian.py"], "there is no program trian.py. Did you mean 'train.py'?"),
        (["trainer"], "trainer is a folder, expected a Python file"),
        (["--nmae", "x", "train.py"], "there is no option --nmae; those of the program come after"),
        (["-m"], "-m: expected the name of a module"),
        (["-m", "trainer.tsak"], "-m trainer.tsak: there is no such module in"),
        (["-m", "task"], "-m task: there is no such module in"),
    ],
)
def test_what_cannot_be_run_is_named(project: Path, words: list[str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        program_file(words, project)
    assert str(caught.value).startswith(message)


def test_arguments_become_params_as_far_as_they_tell() -> None:
    words = ["in.csv", "--job-dir=out", "-n", "5", "--lr", "-0.5", "--layers=64,32", "--on"]
    found = params_in([*words, "--", "--not=1"])
    assert {name: entry["value"] for name, entry in found.items()} == {
        **{"job_dir": "out", "n": 5, "lr": -0.5, "layers": [64, 32], "on": True},
    }
    assert found["lr"] == {"value": -0.5, "origin": "command line", "text": "-0.5"}
