"""The documentation cannot fall behind: it holds what `--help` prints."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kerasrun.cli.json_shape import summary
from kerasrun.cli.main import app
from kerasrun.runs.run import read_run

DOCS = Path(__file__).parents[2] / "docs"
CALLBACKS = [info.callback for info in app.registered_commands if info.callback]
COMMANDS = [callback.__name__.replace("_", "-") for callback in CALLBACKS]


def section(command: str) -> str:
    """What docs/commands.md says under the heading of a command."""
    text = (DOCS / "commands.md").read_text()
    found = re.search(rf"^## mlrun {command}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found, f"docs/commands.md has no heading '## mlrun {command}'"
    return found[1]


def help_of(*command: str) -> str:
    result = CliRunner().invoke(app, [*command, "--help"], prog_name="mlrun", env={"COLUMNS": "80"})
    return str(result.stdout).rstrip("\n")


def test_there_are_commands() -> None:
    assert [
        *["train", "exec", "launch", "sweep", "resume", "stop", "evaluate", "predict", "export"],
        *["runs", "show", "logs", "compare", "diff", "plot", "report"],
        *["tag", "note", "rm", "restore", "gc"],
        *["tensorboard", "serve", "push", "pull"],
        *["config", "doctor", "import-checkpoint", "completion"],
    ] == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented_with_its_help(command: str) -> None:
    assert f"$ mlrun {command} --help\n{help_of(command)}\n```" in section(command)


def test_the_list_of_commands_is_documented() -> None:
    assert f"$ mlrun --help\n{help_of()}\n```" in (DOCS / "commands.md").read_text()


def test_every_command_and_option_has_a_help_text() -> None:
    for command in COMMANDS:
        text = help_of(command)
        options = re.findall(r"^  (?:-\w, )?--[a-z-]+.*(?:\n {8,}.*)?", text, re.MULTILINE)
        assert options
        for option in options:
            assert re.search(r"  +[A-Z0-9]", option), option


def test_the_documented_json_is_the_shape_that_is_printed(tmp_path: Path) -> None:
    blocks = re.findall(r"```json\n(.*?)```", (DOCS / "runs.md").read_text(), re.DOTALL)
    documented = json.loads(blocks[0])["runs"][0]
    folder = tmp_path / "20261121-223015-a3f1"
    folder.mkdir()
    assert list(documented) == list(summary(read_run(folder)))
