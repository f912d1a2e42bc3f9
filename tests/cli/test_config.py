"""Config files, `mlrun config`, `mlrun completion` and `mlrun doctor`."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kerasrun.cli.main import app
from tests.cli.run_records import write_run

A, B = "20261121-223015-a3f1", "20261122-010203-77d0"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with two runs in its `kept`; nothing personal."""
    for run_id in (A, B):
        write_run(tmp_path / "kept", run_id, name=f"of-{run_id[-4:]}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "personal"))
    for name in ("KERASRUN_ROOT", "KERASRUN_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def mlrun(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def listed(*arguments: str) -> int:
    return len(mlrun(*arguments, "runs").stdout.splitlines()[1:])


def test_the_nearest_file_upwards_sets_defaults(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "kerasrun.toml").write_text('root = "kept"\n[runs]\nnumber = 1\n')
    (project / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(project / "deep" / "er")
    assert listed() == 1
    assert len(mlrun("runs", "-n", "5").stdout.splitlines()) == 3, "an option is stronger"
    assert mlrun("runs", "--root", str(project)).stdout == ""


def test_pyproject_and_the_personal_file_count_too(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.kerasrun]\nroot = "kept"\n')
    (project / "personal" / "kerasrun").mkdir(parents=True)
    personal = project / "personal" / "kerasrun" / "config.toml"
    personal.write_text('root = "/elsewhere"\n[runs]\nnumber = 1\n')
    assert listed() == 1
    found = json.loads(mlrun("config", "--json").stdout)["settings"]
    assert found == [
        {
            "name": "root",
            "value": str(project / "kept"),
            "origin": str(project / "pyproject.toml"),
        },
        {"name": "runs.number", "value": 1, "origin": str(personal)},
    ]
    text = mlrun("config", "--origin").stdout
    assert f"runs.number  1   ({personal})" in text


def test_a_file_that_is_named_comes_first(project: Path) -> None:
    (project / "kerasrun.toml").write_text('root = "kept"\n')
    other = project / "other.toml"
    other.write_text('root = "none"\n')
    assert listed() == 2
    assert listed("--config", str(other)) == 0
    assert listed() == 2, "only for that command"


def test_the_environment_is_stronger_than_files(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "kerasrun.toml").write_text('root = "none"\n')
    monkeypatch.setenv("KERASRUN_ROOT", str(project / "kept"))
    assert listed() == 2
    assert "(KERASRUN_ROOT)" in mlrun("config", "--origin").stdout


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[runs", "kerasrun.toml is no TOML"),
        ("[rns]\nnumber = 1\n", "there is no command 'rns'. Did you mean 'runs'?"),
        ("[runs]\nnumer = 1\n", "`mlrun runs` has no option 'numer'. Did you mean 'number'?"),
        ("rot = 'x'\n", "no command has an option 'rot'. Did you mean 'root'?"),
        ("[runs]\nnumber = 'many'\n", "Invalid value for '-n' / '--number'"),
    ],
)
def test_mistakes_in_a_file_are_said(project: Path, text: str, message: str) -> None:
    (project / "kerasrun.toml").write_text(text)
    result = mlrun("runs")
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_a_named_file_must_be_there(project: Path) -> None:
    result = mlrun("--config", "none.toml", "runs")
    assert result.exit_code == 2
    assert "config file" in result.stderr


def complete(words: str, cwd: Path) -> list[str]:
    environment = {
        **os.environ,
        "_MLRUN_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    code = "import sys; sys.argv[0] = 'mlrun'; from kerasrun.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=cwd, capture_output=True, text=True
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_completion_knows_commands_and_runs(project: Path) -> None:
    (project / "kerasrun.toml").write_text('root = "kept"\n')
    assert complete("mlrun comp", project) == ["compare", "completion"]
    assert complete("mlrun show of-", project) == ["of-77d0", "of-a3f1"]
    assert complete("mlrun show 77", project) == ["77d0"]
    assert complete("mlrun show @l", project) == ["@last"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_the_command(shell: str) -> None:
    assert "_MLRUN_COMPLETE" in mlrun("completion", shell).stdout


def test_the_bash_script_is_bash() -> None:
    script = mlrun("completion", "bash").stdout
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0


def test_doctor_finds_what_is_wrong(project: Path) -> None:
    result = mlrun("doctor", "--root", "kept")
    assert (result.exit_code, "2 completed" in result.stdout) == (0, True)
    (project / "kept" / A / "run.json").write_text("{")
    (project / "kerasrun.toml").write_text("[")
    result = mlrun("doctor", "--root", "kept", "--json")
    assert result.exit_code == 1
    wrong = [one for one in json.loads(result.stdout)["checks"] if one["level"] == "wrong"]
    assert [one["subject"] for one in wrong] == ["config", "run"]
    assert A in wrong[1]["text"]


def test_doctor_of_no_runs_and_of_no_folder(project: Path) -> None:
    assert mlrun("doctor", "--root", "none").exit_code == 0
    (project / "file").write_text("")
    result = mlrun("doctor", "--root", "file")
    assert result.exit_code == 1
    assert "is no folder" in result.stdout
