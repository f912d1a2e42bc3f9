"""Five kills of real runs; `make torture` does a hundred."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_five_kills_lose_nothing(tmp_path: Path) -> None:
    command = ["-m", "tests.reliability.kills", "--kills", "5", "--keep", str(tmp_path / "runs")]
    ended = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=850,
    )
    assert ended.returncode == 0, ended.stdout
    assert "5 of 5 kills survived" in ended.stdout
    assert "largest difference 0.0" in ended.stdout
