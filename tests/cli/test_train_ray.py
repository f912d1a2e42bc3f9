"""`mlrun train --engine ray`: Ray places the workers, and starts them again."""

import contextlib
import random
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kerasrun import runs
from kerasrun.cli.main import app
from tests.cli.conftest import Command
from tests.reliability.worker_kills import Training

_STEPS = 400


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_worker_of_ray_killed_at_random_ends_in_the_weights_of_an_unbroken_training(
    project: Path, mlrun: Command
) -> None:
    pytest.importorskip("ray")
    chance = random.Random(seed := random.SystemRandom().randrange(2**31))
    print(f"seed {seed}")  # shown when it fails
    victim = Training(project / "killed", _STEPS, project / "net.py", engine="ray")
    with contextlib.closing(victim):
        given = ["--model", "net.py", "--seed", "7", "--max-steps", f"{_STEPS}"]
        done = mlrun("train", *given, "--workers", "2")
        assert done.returncode == 0, done.stderr
        _wait_until(lambda: victim.saved or victim.over())
        time.sleep(chance.uniform(0.0, 0.3))
        name = chance.choice(["master", "worker 0"])
        assert victim.kill(name), victim.output
        assert victim.wait() == 0, victim.output
        assert victim.restarts == 1, victim.output
        assert victim.processes() == {}
        assert "Ray places on this machine" in victim.output
        assert "Traceback" not in victim.output
    killed = runs.read_run(victim.folder)
    assert (str(killed.status), killed.step, len(killed.attempts)) == ("completed", _STEPS, 2)
    assert killed.attempts[1]["restart"] == 1
    assert killed.attempts[0]["outcome"]["status"] == "killed"
    assert "a word of the model file" in (killed.folder / "worker-0.log").read_text()
    assert not (killed.folder / "ray").exists()
    assert _difference(runs.find_run("@last", project / "runs").folder, killed.folder) == 0.0


def test_what_ray_cannot_do_is_one_line(
    project: Path, mlrun: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*words: str) -> str:
        result = CliRunner().invoke(app, ["train", "--model", str(project / "net.py"), *words])
        assert result.exit_code == 2
        return result.stderr

    monkeypatch.setenv("KERASRUN_ROOT", str(project / "runs"))
    assert "Did you mean 'ray'" in refused("--engine", "rai")
    assert "it needs --engine ray" in refused("--cpus-per-worker", "2")
    assert "--job does not go with --engine" in refused("--job", "j", "--engine", "ray")
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "ray", None)  # as where it is not installed
        assert "pip install 'kerasrun[ray]'" in refused("--engine", "ray", "--workers", "2")
    pytest.importorskip("ray")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        monkeypatch.setenv("RAY_ADDRESS", address)
        done = mlrun("train", "--model", "net.py", "--engine", "ray", "--workers", "2")
    assert done.returncode == 1
    assert f"RAY_ADDRESS={address} cannot be used" in done.stderr
    assert not list((project / "runs").glob("2*"))


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 200
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)


def _difference(one: Path, other: Path) -> float:
    """The largest between the numbers of their newest checkpoints."""
    import numpy as np
    import tensorflow as tf

    readers = [tf.train.load_checkpoint(str(folder)) for folder in (one, other)]
    names = [
        name
        for name, kind in readers[0].get_variable_to_dtype_map().items()
        if kind in (tf.float32, tf.int64)
    ]
    assert any("net" in name or "kernel" in name for name in names), names
    pairs = ([np.asarray(reader.get_tensor(name)) for reader in readers] for name in names)
    return max(float(np.abs(a.astype(float) - b.astype(float)).max()) for a, b in pairs)
