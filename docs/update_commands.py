"""Writes what `--help` prints into docs/commands.md: `make docs`. The tests hold the two equal."""

import re
from pathlib import Path

from typer.testing import CliRunner

from kerasrun.cli.main import app

PAGE = Path(__file__).parent / "commands.md"


def main() -> None:
    """Replaces each block of help, and adds a section for each command that has none."""
    text = PAGE.read_text(encoding="utf-8")
    for command in ["", *names()]:
        words = " ".join(filter(None, ["mlrun", command]))
        block = f"$ {words} --help\n{help_of(command)}\n```"
        pattern = rf"\$ {words} --help\n.*?\n```"
        if re.search(pattern, text, re.DOTALL):
            text = re.sub(pattern, lambda _, block=block: block, text, count=1, flags=re.DOTALL)
        else:
            text = f"{text.rstrip()}\n\n## {words}\n\n```console\n{block}\n"
    PAGE.write_text(text, encoding="utf-8")


def names() -> list[str]:
    """The commands, in the order of the help."""
    callbacks = [info.callback for info in app.registered_commands if info.callback]
    return [callback.__name__.replace("_", "-") for callback in callbacks]


def help_of(command: str) -> str:
    """What `mlrun COMMAND --help` prints, 80 columns wide."""
    arguments = [*command.split(), "--help"]
    result = CliRunner().invoke(app, arguments, prog_name="mlrun", env={"COLUMNS": "80"})
    return str(result.stdout).rstrip("\n")


if __name__ == "__main__":
    main()
