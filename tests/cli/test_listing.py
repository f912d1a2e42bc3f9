"""`mlrun runs`: filtered, sorted, in other shapes."""

import csv
import io
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
    write_run(tmp_path, A, name="base", params={"lr": 0.01, "units": 8}, metrics={"accuracy": 0.9})
    write_run(
        tmp_path, B, params={"lr": 0.1, "units": 8}, metrics={"accuracy": 0.97, "loss": 0.125}
    )
    write_run(tmp_path, C, params={"lr": 0.1, "units": 8}, status="failed", tags=["odd", "x"])
    return tmp_path


def mlrun(root: Path, *arguments: str) -> Any:
    return CliRunner().invoke(app, [*arguments, "--root", str(root)])


def ids_of(result: Any) -> list[str]:
    return [line.split()[0] for line in result.stdout.splitlines()[1:]]


def test_params_that_differ_and_tags_are_shown(root: Path) -> None:
    lines = mlrun(root, "runs").stdout.splitlines()
    titles = ["RUN", "NAME", "STATUS", "AGE", "TIME", "STEP", "loss", "accuracy", "lr", "TAGS"]
    assert lines[0].split() == titles
    assert lines[1].split()[-4:] == ["-", "-", "0.1", "odd,x"]


def test_where_status_and_limit_go_together(root: Path) -> None:
    assert ids_of(mlrun(root, "runs", "--where", "lr = 0.1", "--status", "ended")) == [C, B]
    assert ids_of(mlrun(root, "runs", "--status", "failed,killed")) == [C]
    limited = mlrun(root, "runs", "--where", "lr > 0", "-n", "1")
    assert ids_of(limited) == [C]
    assert limited.stderr == "1 of 3 runs (--all shows every one)\n"
    none = mlrun(root, "runs", "--where", "lr > 7")
    assert (none.exit_code, none.stdout, none.stderr) == (0, "", "none of 3 runs\n")


def test_sorting_puts_last_what_lacks_the_field(root: Path) -> None:
    assert ids_of(mlrun(root, "runs", "--sort", "-accuracy")) == [B, A, C]
    assert ids_of(mlrun(root, "runs", "--sort", "accuracy")) == [A, B, C]
    assert ids_of(mlrun(root, "runs", "--sort", "lr,-started")) == [A, C, B]


def test_columns_are_as_asked(root: Path) -> None:
    lines = mlrun(root, "runs", "--columns", "id,lr", "--columns", "metric:loss.min").stdout
    assert lines.splitlines()[0].split() == ["RUN", "lr", "metric:loss.min"]
    assert lines.splitlines()[2].split() == [B, "0.1", "0.125"]


def test_csv_has_whole_values(root: Path) -> None:
    text = mlrun(root, "runs", "--format", "csv", "--sort", "lr").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0]["RUN"] == A
    assert (rows[0]["NAME"], rows[0]["lr"], rows[0]["loss"]) == ("base", "0.01", "")
    assert rows[1]["TAGS"] == "odd x"


def test_markdown_escapes_its_bars(root: Path) -> None:
    write_run(root, "20261124-010203-0b0c", name="a|b")
    lines = mlrun(root, "runs", "--format", "md").stdout.splitlines()
    assert lines[1].startswith("| --- | --- |")
    assert lines[2].startswith("| 20261124-010203-0b0c | a\\|b | completed |")


def test_json_lines_are_the_runs_of_the_json_listing(root: Path) -> None:
    lines = mlrun(root, "runs", "--format", "jsonl").stdout.splitlines()
    listing = json.loads(mlrun(root, "runs", "--json").stdout)
    assert [json.loads(line) for line in lines] == listing["runs"]
    assert (listing["matched"], listing["total"]) == (3, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "jsn"], "--format 'jsn': expected one of table, json, jsonl, csv, md."),
        (["--json", "--format", "csv"], "--json and --format csv are given together"),
        (["--status", "runing"], "there is no status 'runing'"),
        (["--sort", "acuracy"], "no run has a 'acuracy'. Did you mean 'accuracy'?"),
        (["--columns", "id,uints"], "no run has a 'uints'. Did you mean 'units'?"),
    ],
)
def test_what_does_not_exist_is_said(root: Path, arguments: list[str], message: str) -> None:
    result = mlrun(root, "runs", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_strict_tells_of_damage_by_its_exit_code(root: Path) -> None:
    (root / A / "run.json").write_text("{")
    assert mlrun(root, "runs").exit_code == 0
    assert mlrun(root, "runs", "--strict").exit_code == 1


def test_best_and_running_name_a_run(root: Path) -> None:
    assert f"run        {B}" in mlrun(root, "show", "@best:accuracy").stdout
    assert f"run        {A}" in mlrun(root, "show", "@best:accuracy:min").stdout
    assert f"run        {B}" in mlrun(root, "show", "@best:loss").stdout
    assert mlrun(root, "show", "@running").exit_code == 3
    result = mlrun(root, "show", "@best:acuracy")
    assert result.exit_code == 2
    assert "Did you mean 'accuracy'?" in result.stderr
