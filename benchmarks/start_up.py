"""`mlrun --help` against a bare typer app of as many commands."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import pairs_of
from benchmarks.verdicts import Verdict

BUDGET = 1.5


def measure(quick: bool) -> Iterator[Verdict]:
    """Prints the CPU seconds of both; yields their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        peer = Path(folder) / "bare.py"
        peer.write_text(_bare_app(_count_commands()))
        ours = [sys.executable, "-m", "kerasrun", "--help"]
        bare = [sys.executable, str(peer), "--help"]
        mine, theirs, ratios = pairs_of(ours, bare, 5 if quick else 20)
    print(f"start up   mlrun --help {mine:.3f} CPU s   bare typer app {theirs:.3f} CPU s")
    yield Verdict("mlrun --help, CPU: times a bare typer app", ratios, BUDGET, at_most=True)


def _count_commands() -> int:
    """How many commands `mlrun` has, as the app itself knows it."""
    code = "from kerasrun.cli.main import app; print(len(app.registered_commands))"
    answer = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    return int(answer.stdout)


def _bare_app(commands: int) -> str:
    """The source of a typer app of so many commands that do nothing."""
    lines = ["import typer", "app = typer.Typer()"]
    for i in range(commands):
        lines += [
            "@app.command()",
            f"def command_{i}(name: str, count: int = 1, loud: bool = False) -> None:",
            f"    'Does nothing, number {i}.'",
        ]
    return "\n".join([*lines, "app()", ""])
