"""`mlrun compare` and `mlrun diff`."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kerasrun.cli.main import app
from tests.cli.run_records import write_run

A, B, C = "20261121-223015-a3f1", "20261122-010203-77d0", "20261123-010203-0b0b"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_run(
        tmp_path, A, name="base", params={"lr": 0.01, "units": 8}, metrics={"accuracy": 0.9}, seed=1
    )
    write_run(tmp_path, B, params={"lr": 0.01, "units": 8}, metrics={"accuracy": 0.94}, seed=2)
    write_run(
        tmp_path,
        C,
        params={"lr": 0.1, "units": 8},
        metrics={"accuracy": 0.5},
        source={"net.py": "units = 5\n", "part.py": "x = 1\n"},
        packages=["keras==3.16.0", "numpy==2"],
    )
    return tmp_path


def mlrun(root: Path, *arguments: str) -> Any:
    return CliRunner().invoke(app, [*arguments, "--root", str(root)])


def rows(text: str) -> dict[str, list[str]]:
    lines = [line.split() for line in text.splitlines()]
    return {line[0]: line[1:] for line in lines}


def test_compare_shows_what_differs_and_by_how_much(root: Path) -> None:
    result = mlrun(root, "compare", "base", "77d0", "0b0b")
    found = rows(result.stdout)
    assert found["base*"] == ["77d0", "0b0b"]
    assert found["lr"] == ["0.01", "0.01", "0.1"]
    assert found["accuracy"] == ["0.9", "0.94", "+0.04", "0.5", "-0.4"]
    assert "units" not in found
    assert "units 8" in result.stderr
    assert rows(mlrun(root, "compare", "base", "77d0", "--all").stdout)["units"] == ["8", "8"]


def test_compare_takes_a_condition_an_order_and_a_baseline(root: Path) -> None:
    arguments = ["--where", "units = 8", "--sort", "-accuracy", "--top", "2"]
    assert rows(mlrun(root, "compare", *arguments).stdout)["77d0*"] == ["base"]
    found = rows(mlrun(root, "compare", *arguments, "--baseline", "base").stdout)
    assert found["accuracy"] == ["0.9", "0.94", "+0.04"]


def test_a_run_that_cannot_be_read_is_said(root: Path) -> None:
    (root / C / "run.json").write_text("{")
    result = mlrun(root, "compare", "--where", "units = 8")
    assert result.exit_code == 0
    assert result.stderr.startswith(f"warning: run {C} cannot be read")


def test_groups_have_means_deviations_and_differences(root: Path) -> None:
    result = mlrun(root, "compare", "--where", "units = 8", "--group-by", "lr", "--json")
    first, second = json.loads(result.stdout)["groups"]
    assert (first["value"], first["runs"]) == (0.01, [B, A])
    assert first["metrics"]["accuracy"]["mean"] == pytest.approx(0.92)
    assert first["metrics"]["accuracy"]["sd"] == pytest.approx(0.04 / 2**0.5)
    assert second["metrics"]["accuracy"] == {"mean": 0.5, "sd": None, "n": 1}
    text = mlrun(root, "compare", "--where", "units = 8", "--group-by", "lr").stdout
    assert "0.92 ± 0.02828" in text
    assert "0.5  (-0.42)" in text


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "which runs? Name two or more"),
        (["base"], 2, "expected two runs or more to compare, found 1"),
        (["base", "nosuch"], 3, "no run 'nosuch'"),
        (
            ["--where", "units = 8", "--group-by", "lrr"],
            2,
            "a 'lrr'. Did you mean 'lr'?",
        ),
    ],
)
def test_what_cannot_be_compared_is_said(
    root: Path, arguments: list[str], code: int, message: str
) -> None:
    result = mlrun(root, "compare", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr


def test_diff_exits_like_diff(root: Path) -> None:
    assert mlrun(root, "diff", "base", "base").exit_code == 0
    result = mlrun(root, "diff", "base", "77d0")
    assert result.exit_code == 1
    assert rows(result.stdout)["seed"] == ["1", "2"]
    assert "source" not in rows(result.stdout)


def test_diff_shows_sources_and_packages(root: Path) -> None:
    result = mlrun(root, "diff", "base", "0b0b")
    assert {"source", "packages"} <= rows(result.stdout).keys()
    source = mlrun(root, "diff", "base", "0b0b", "--source")
    assert source.exit_code == 1
    assert f"--- {A}/net.py\n+++ {C}/net.py\n@@ -1 +1 @@\n-units = 4\n+units = 5\n" in source.stdout
    assert f"--- /dev/null\n+++ {C}/part.py\n" in source.stdout
    found = rows(mlrun(root, "diff", "base", "0b0b", "--env").stdout)
    assert found["keras"] == ["3.15.1", "3.16.0"]
    assert found["numpy"] == ["-", "2"]


def test_diff_of_the_files_as_they_are_now(root: Path, tmp_path: Path) -> None:
    now = tmp_path / "net.py"
    now.write_text("units = 4\n")
    record = json.loads((root / A / "run.json").read_text())
    record["model"]["file"] = str(now)
    (root / A / "run.json").write_text(json.dumps(record))
    assert mlrun(root, "diff", "base", "--working").exit_code == 0
    now.write_text("units = 9\n")
    result = mlrun(root, "diff", "base", "--working")
    assert result.exit_code == 1
    assert "-units = 4\n+units = 9\n" in result.stdout


def test_diff_of_outputs(root: Path) -> None:
    (root / A / "output.log").write_text("one\ntwo")
    (root / B / "output.log").write_text("one\nthree\n")
    text = mlrun(root, "diff", "base", "77d0", "--log").stdout
    assert "-two\n\\ No newline at end of file\n+three\n" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["base"], "expected two runs, or one and --working"),
        (["base", "77d0", "--working"], "expected two runs, or one and --working"),
        (["base", "77d0", "--env", "--log"], "expected one of --source, --env and --log"),
    ],
)
def test_what_cannot_be_diffed_is_said(root: Path, arguments: list[str], message: str) -> None:
    result = mlrun(root, "diff", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
