"""The programs of examples/ do what they say; keras_iris.py has test_main_job.py."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow

Run = Callable[..., str]


@pytest.fixture
def run(run_program: Callable[..., str]) -> Run:
    """Runs a program as its docstring has it; returns what it prints."""

    def example(program: str, model_dir: Path, *arguments: str) -> str:
        return run_program(ROOT / "examples" / program, "--model_dir", str(model_dir), *arguments)

    return example


def test_petals_and_sepals(run: Run, tmp_path: Path) -> None:
    model_dir = tmp_path / "out"
    lines = run("petals_and_sepals.py", model_dir).splitlines()
    trained = re.fullmatch(r"step 500: accuracy ([\d.]+)", lines[0])
    assert trained, lines[0]
    assert float(trained[1]) >= 0.93, "it has learnt to tell the species"
    export = Path(lines[1].removeprefix("exported to "))
    assert export.parent == model_dir / "export" / "best"
    assert (export / "saved_model.pb").is_file()
    species = [re.fullmatch(r"(\w+) \(\d+%\)", line) for line in lines[2:]]
    assert [found and found[1] for found in species] == ["setosa", "versicolor", "virginica"]
    again = run("petals_and_sepals.py", model_dir, "--max_steps", "600")
    assert again.startswith("step 600: accuracy "), "it goes on where it ended"


def test_early_stopping(run: Run, tmp_path: Path) -> None:
    output = run("early_stopping.py", tmp_path / "out")
    told = re.fullmatch(
        r"stopped at step (\d+)\nthe lowest loss was 0\.\d+, at step (\d+)\n", output
    )
    assert told, output
    stopped, best = int(told[1]), int(told[2])
    assert stopped < 10_000, "it ended before max_steps"
    assert stopped >= best + 300, "the loss had not fallen for so long"


def test_feature_columns(run: Run, tmp_path: Path) -> None:
    trained, exported = run("feature_columns.py", tmp_path / "out").splitlines()
    found = re.fullmatch(r"step 400: accuracy ([\d.]+)", trained)
    assert found, trained
    assert float(found[1]) >= 0.9, "it has learnt to tell the species"
    assert (Path(exported.removeprefix("exported to ")) / "saved_model.pb").is_file()


def test_premade_iris(run: Run, tmp_path: Path) -> None:
    lines = run("premade_iris.py", tmp_path / "out").splitlines()
    trained = re.fullmatch(r"step 500: accuracy ([\d.]+)", lines[0])
    assert trained, lines[0]
    assert float(trained[1]) >= 0.9, "it has learnt to tell the species"
    assert (Path(lines[1].removeprefix("exported to ")) / "saved_model.pb").is_file()
    assert [line.split()[0] for line in lines[2:]] == ["setosa", "versicolor", "virginica"]


def test_every_example_is_listed() -> None:
    listed = (ROOT / "examples" / "README.md").read_text()
    for program in (ROOT / "examples").glob("*.py"):
        assert f"]({program.name})" in listed, program.name
