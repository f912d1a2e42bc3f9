from pathlib import Path

from typer.testing import CliRunner

from kerasrun.cli.main import app
from tests.cli.run_records import write_run


def test_a_condition_that_no_run_fulfils_starts_nothing(tmp_path: Path) -> None:
    write_run(tmp_path, "20261121-223015-a3f1", params={"lr": 0.1})
    command = ["tensorboard", "--where", "lr > 5", "--root", str(tmp_path)]
    result = CliRunner().invoke(app, command)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "error: no run fulfils --where 'lr > 5'\n"
