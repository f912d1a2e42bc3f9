import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kerasrun.cli.main import app
from kerasrun.runs.scalar_file import ScalarFile
from tests.cli.run_records import write_run

OLD, NEW = "20261121-223015-a3f1", "20261122-010203-77d0"


def add(folder: Path, *points: tuple[int, dict[str, float]]) -> None:
    events = ScalarFile(folder)
    for step, values in points:
        events.add(step, values)
    events.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two runs with curves of the training; the older one was evaluated, too."""
    root = tmp_path / "runs"
    old = write_run(root, OLD, name="baseline", params={"lr": 0.1})
    new = write_run(root, NEW, params={"lr": 0.2})
    add(old, *[(step, {"loss": 1 / step, "lr": 0.1}) for step in range(1, 101)])
    add(old / "eval", (50, {"loss": 0.5, "accuracy": 0.75}), (100, {"loss": float("nan")}))
    add(new, (1, {"loss": 2.0}), (100, {"loss": 0.25}))
    return root


def plot(root: Path, *arguments: str, **environment: str) -> Any:
    command = ["plot", *arguments, "--root", str(root)]
    return CliRunner().invoke(app, command, env={"COLUMNS": "80", **environment})


def test_a_run_is_drawn_with_a_line_for_each_group(root: Path) -> None:
    result = plot(root, "baseline")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "loss"
    assert lines[-2] == (
        f"A  {OLD}  baseline  train  last 0.01 at step 100  least 0.01 at 100  greatest 1 at 1"
        "  100 points"
    )
    assert lines[-1] == (
        f"B  {OLD}  baseline  eval   last nan at step 100  2 points, 1 of them not finite"
    )
    assert "\x1b" not in result.stdout


def test_several_runs_and_metrics(root: Path) -> None:
    arguments = ["--where", "lr < 1", "--metric", "loss", "--metric", "lr", "--group", "train"]
    result = plot(root, *arguments, "--width", "60", "--height", "4")
    titles = [line for line in result.stdout.splitlines() if line in ("loss", "lr")]
    assert titles == ["loss", "lr"]
    assert f"A  {NEW}            train  last 0.25 at step 100" in result.stdout
    assert f"B  {OLD}  baseline  train  last 0.01 at step 100" in result.stdout
    assert result.stderr == f"note: run {NEW} has no points of 'lr'\n"
    assert max(len(line) for line in result.stdout.splitlines()[:7]) <= 60


def test_a_metric_may_say_its_group(root: Path) -> None:
    assert "1 point\n" in plot(root, OLD, "--metric", "eval/accuracy").stdout


def test_smoothed_and_logarithmic_over_time(root: Path) -> None:
    result = plot(root, OLD, "--smooth", "0.9", "--log", "--x", "time")
    assert result.stdout.startswith("loss (smoothed 0.9, logarithmic)\n")
    assert plot(root, OLD, "--smooth", "1").exit_code == 0


def test_colors_are_for_terminals_and_on_demand(root: Path) -> None:
    assert "\x1b[36m" in plot(root, OLD, FORCE_COLOR="1").stdout
    assert "\x1b" not in plot(root, OLD, FORCE_COLOR="1", NO_COLOR="1").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "which runs? Name one or more, or give --where CONDITION"),
        (["--where", "lr > 5"], 2, "no run fulfils --where 'lr > 5'"),
        (["nothing"], 3, "no run 'nothing' under "),
        (["a3f1", "--metric", "los"], 2, "no metric 'los'; there are accuracy, loss, lr. Did you"),
        (["a3f1", "--metric", "lr", "--group", "eval"], 2, "no metric 'lr' in group 'eval'; there"),
        (["a3f1", "--group", "evl"], 2, "there is no group 'evl'; there are train, eval. Did you"),
        (["a3f1", "--x", "steps"], 2, "--x 'steps': expected step or time"),
        (["a3f1", "--out", "a.gif"], 2, "--out a.gif: expected a name that ends in .png, .svg"),
        (["a3f1", "--out", "/nowhere/a.csv"], 2, "/nowhere/a.csv cannot be written: No such file"),
    ],
)
def test_wrong_arguments_are_one_line(
    root: Path, arguments: list[str], code: int, message: str
) -> None:
    result = plot(root, *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith(f"error: {message}")
    assert len(result.stderr.splitlines()) == 1


def test_a_run_without_points_is_said(root: Path) -> None:
    write_run(root, "20261123-000000-0001")
    result = plot(root, "0001")
    assert result.exit_code == 2
    assert result.stderr == ("error: no points yet in the event files of 20261123-000000-0001\n")


def test_points_as_csv(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "points.csv"
    arguments = ["--metric", "loss", "--metric", "eval/loss", "--out", str(out)]
    result = plot(root, OLD, *arguments)
    assert (result.stdout, result.stderr) == ("", f"wrote {out}\n")
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert list(rows[0]) == ["run", "name", "group", "tag", "step", "wall_time", "value"]
    assert len(rows) == 102
    assert [row["value"] for row in rows if row["group"] == "eval"] == ["0.5", "nan"]
    assert {row["name"] for row in rows} == {"baseline"}


@pytest.mark.parametrize("name", ["curves.png", "curves.SVG"])
def test_pictures(root: Path, tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    arguments = ["--metric", "loss", "--metric", "lr", "--smooth", "0.5", "--log", "--out"]
    result = plot(root, OLD, NEW, *arguments, str(out), "--width", "400", "--height", "200")
    assert result.exit_code == 0, result.stderr
    content = out.read_bytes()
    if name.endswith("png"):
        assert content[:4] == b"\x89PNG"
        assert [int.from_bytes(content[at : at + 4]) for at in (16, 20)] == [400, 400]
    else:
        assert b"<svg" in content
    assert {path.name for path in tmp_path.iterdir()} == {"runs", name}


def test_a_picture_needs_matplotlib_and_says_how_to_get_it(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = plot(root, OLD, "--out", str(tmp_path / "a.png"))
    assert result.exit_code == 2
    assert result.stderr.endswith("pip install 'kerasrun[plot]'\n")
    assert not list(tmp_path.glob("*a.png*"))


def test_as_json(root: Path) -> None:
    content = json.loads(plot(root, OLD, "--group", "eval", "--json").stdout)
    assert (content["schema"], content["out"]) == (1, None)
    (curve,) = content["curves"]
    assert set(curve) == {
        *["metric", "run", "name", "group", "tag", "steps", "wall_times", "values"]
    }
    assert (curve["steps"], curve["values"]) == ([50, 100], [0.5, None])


def test_a_terminal_without_unicode_gets_ascii_and_nothing_heavy_is_imported(root: Path) -> None:
    code = (
        "import sys; from kerasrun.cli.main import app\n"
        "try: app()\n"
        "finally: print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "plot", OLD, "--root", str(root)],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "***" in done.stdout
    imported = set(done.stdout.splitlines()[-1].split())
    assert not {"tensorflow", "keras", "pandas", "matplotlib", "tensorboard"} & imported
