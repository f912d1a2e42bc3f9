"""`mlrun` answers at once: what it need not import, it does not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"tensorflow", "keras", "pandas", "numpy", "tensorboard", "optuna", "ray"}


def imported_by(*arguments: str, cwd: Path) -> set[str]:
    code = (
        "import atexit, sys; sys.argv[0] = 'mlrun'\n"
        "atexit.register(lambda: print('\\n' + ' '.join(sys.modules)))\n"
        "from kerasrun.cli.main import main; main()"
    )
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["train", "--help"],
        ["sweep", "--help"],
        ["runs"],
        ["show", "@last"],
        ["resume", "@last"],
        ["logs", "@last"],
        ["tag", "@last", "+x"],
        ["note", "@last"],
        ["rm", "@last", "-y"],
        ["restore", "--help"],
        ["gc", "--checkpoints", "--trash"],
    ],
)
def test_nothing_heavy_is_imported(arguments: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "20261121-223015-a3f1"
    folder.mkdir(parents=True)
    settings = {"max_steps": {"value": 10, "origin": "default"}}
    (folder / "run.json").write_text(json.dumps({"schema": 1, "settings": settings}))
    (folder / "exit.json").write_text(json.dumps({"schema": 1, "status": "completed"}))
    (folder / "checkpoint").write_text('model_checkpoint_path: "model.ckpt-10"\n')
    imported = imported_by(*arguments, cwd=tmp_path)
    assert "kerasrun" in imported
    assert not imported & (HEAVY | {"rich"})
