"""The page on tracking runs as it stands, from its first example to its last.

A Python example is a file of the name in its first line. A line of a console example that begins
with `$` is run by a shell, and prints what stands below it: figures may differ, `…` stands for the
rest of a line, and a line `...` for any lines.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "tracking.md"
_EXAMPLE = re.compile(r"^```(python|console)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_FIGURES = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}|\b[0-9a-f]{4}\b|\d[\d.,:]*( ?s|m|h)?(?= |$|\))")


def commands(console: str) -> Iterator[tuple[str, list[str]]]:
    """Each command of an example, and the lines below it."""
    for part in re.split(r"^\$ ", console, flags=re.MULTILINE)[1:]:
        command, *output = part.splitlines()
        yield command, output


def shape(line: str) -> str:
    """A line without its figures and without how its columns are set."""
    return " ".join(_FIGURES.sub("0", line).split())


def matches(printed: list[str], shown: list[str]) -> bool:
    """Whether the shown lines tell what was printed."""
    pattern = ""
    for line in shown:
        if line == "...":
            pattern += r"(.*\n)*"
        else:
            pattern += ".*".join(re.escape(part) for part in shape(line).split("…")) + r"\n"
    return re.fullmatch(pattern, "".join(f"{shape(line)}\n" for line in printed)) is not None


@pytest.mark.parametrize(
    ("printed", "shown", "so"),
    [
        (["a  12.5 s", "b"], ["a  3 s", "b"], True),
        (["20261126-024645-e8df   x"], ["20251126-024645-0000 x"], True),
        (["a 1", "b 2"], ["a 1"], False),
        (["a 1", "b 2"], ["a 1", "..."], True),
        (["path /x/y"], ["path …"], True),
        (["a 1"], ["b 1"], False),
    ],
)
def test_what_is_shown_is_held_against_what_is_printed(
    printed: list[str], shown: list[str], so: bool
) -> None:
    assert matches(printed, shown) is so


@pytest.mark.slow
def test_every_example_on_the_page_runs(tmp_path: Path) -> None:
    # As after `pip install`: the commands are found, and no setting is there.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("KERASRUN_")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    environment |= {"XDG_CACHE_HOME": str(tmp_path / "cache"), "TF_CPP_MIN_LOG_LEVEL": "2"}
    project = tmp_path / "project"
    project.mkdir()
    ran = 0
    for kind, text in _EXAMPLE.findall(PAGE.read_text()):
        if kind == "python":
            (project / text.splitlines()[0].removeprefix("# ")).write_text(text)
            continue
        for command, shown in commands(text):
            done = subprocess.run(
                command,
                shell=True,
                cwd=project,
                env=environment,
                capture_output=True,
                text=True,
                timeout=120,
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
            printed = done.stdout.splitlines()
            assert matches(printed, shown), f"$ {command}\n{done.stdout}"
            ran += 1
    assert ran > 10
