"""Programs of older TensorFlow run unchanged."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "programs"
pytestmark = pytest.mark.slow


def printed(*arguments: str) -> str:
    """The last line that a Python process prints."""
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().splitlines()[-1]


def test_a_program_of_tensorflow_1(tmp_path: Path) -> None:
    run = (
        "import sys; from kerasrun._tensorflow_import import import_tensorflow; "
        "import_tensorflow(); from kerasrun.compat.running import run_program; "
        "run_program(sys.argv[1], sys.argv[2:])"
    )
    result = json.loads(printed("-c", run, str(PROGRAMS / "old_style.py"), str(tmp_path / "model")))
    assert result["global_step"] == 100
    assert result["accuracy"] > 0.95
    assert result["of_keras"] == 100
    assert result["categorical"] == 1


def test_all_of_it_is_in_its_place() -> None:
    assert printed(str(PROGRAMS / "in_place.py")) == "in place"
