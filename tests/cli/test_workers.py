"""`mlrun train --workers` and `--job`, with TensorFlow: killed, stopped, resumed, found again."""

import json
import random
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from kerasrun import runs
from kerasrun.runs.cluster.places import local_places
from tests.cli.conftest import clean_environment, mlrun_command
from tests.reliability.worker_kills import Kills

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

Start = Callable[..., subprocess.Popen[str]]
Command = Callable[..., subprocess.CompletedProcess[str]]


def test_a_worker_killed_at_random_ends_in_the_weights_of_an_unbroken_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    seed = random.SystemRandom().randrange(2**31)
    print(f"seed {seed}")  # shown when it fails
    kills = Kills(tmp_path, seed, kills=1, max_steps=120, at_a_step=True)
    kills.run()
    assert kills.differences == []
    assert (kills.killed, kills.largest) == (1, 0.0)
    run = runs.find_run("@last", tmp_path / f"victim-{kills.runs - 1}")
    assert (str(run.status), run.step, run.attempts[-1]["restart"]) == ("completed", 120, 1)
    assert run.attempts[0]["outcome"]["status"] == "killed"


def test_an_interrupted_training_of_two_goes_on_as_one(
    start: Start, mlrun: Command, project: Path
) -> None:
    process = start(
        *["train", "--model", "net.py", "--seed", "7", "--workers", "2"],
        *["--max-steps", "100000000", "--save-checkpoints-steps", "50", "--max-restarts", "3"],
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("eval"):
            break
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "2 processes share this machine's CPUs: a rehearsal" in err
    run = runs.find_run("@last", project / "runs")
    assert (str(run.status), len(run.attempts)) == ("stopped (SIGINT)", 1)
    assert run.step is not None
    done = mlrun("resume", "@last", "--workers", "1", "--max-steps", str(run.step + 10), "--json")
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert (shown["run"]["status"], shown["run"]["step"]) == ("completed", run.step + 10)
    assert shown["record"]["settings"]["workers"]["value"] == 1
    assert "workers    1  (output.log, worker-0.log)" in mlrun("show", "@last").stdout


def test_processes_started_apart_find_one_run_by_their_job(project: Path) -> None:
    hosts = ",".join(a for found in local_places(2)[0].cluster.values() for a in found)
    words = ["train", "--model", "net.py", "--seed", "7", "--max-steps", "20", "--job", "apart"]

    def start(index: int) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            mlrun_command(*words, "--hosts", hosts, "--task-index", str(index)),
            cwd=project,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    worker, master = start(1), start(0)
    outputs = [process.communicate(timeout=200) for process in (master, worker)]
    assert (master.returncode, worker.returncode) == (0, 0), outputs
    run = runs.find_run("@last", project / "runs")
    assert (str(run.status), run.record["job"]) == ("completed", "apart")
    assert "job     apart   begins with 1 other processes that train" in outputs[0][0]
    assert f"worker 0 of job apart, run {run.id}" in outputs[1][0]
    assert "a word of the model file" in (run.folder / "worker-0.log").read_text()
    again = [start(index).communicate(timeout=60)[0] for index in (0, 1)]
    assert "nothing to train" in again[0]
    assert "which has ended: nothing to do" in again[1]
    assert len(list((project / "runs").glob("2*"))) == 1


def test_a_cluster_that_does_not_fit_the_command_is_one_error(
    mlrun: Command, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*words: str) -> str:
        done = mlrun(*words)
        assert done.returncode == 2, done.stdout
        return done.stderr

    model = ["train", "--model", "net.py"]
    assert "expected HOST:PORT" in refused(
        *model, "--job", "j", "--hosts", "a,b:1", "--task-index", "0"
    )
    assert "--hosts and --task-index go together" in refused(*model, "--hosts", "a:1,b:1")
    assert "--job does not go with --workers" in refused(*model, "--job", "j", "--workers", "2")
    with monkeypatch.context() as patch:
        patch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
        told = refused(*model, "--workers", "3", "--background")
        assert "2 CUDA devices are visible (0, 1), expected one for each worker" in told
    assert list((project / "runs").iterdir()) == []
    cluster = {"chief": ["a:1"], "worker": ["b:1"]}
    for kind, expected in (
        ("worker", "TF_CONFIG names 2 processes that train, and each needs to know which run"),
        ("wroker", "Did you mean 'worker'"),
    ):
        task = {"type": kind, "index": 0}
        monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": task}))
        assert expected in refused(*model)
    task = {"type": "worker", "index": 0}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": task}))
    assert "--hosts and TF_CONFIG both" in refused(*model, "--hosts", "a:1", "--task-index", "0")
    assert "run the same `mlrun train --job WORD`" in refused("resume", "@last")
    lost = mlrun(*model, "--job", "nobody", "--worker-timeout-secs", "1")
    assert lost.returncode == 75
    assert "no run of job nobody came to be under" in lost.stderr
