"""One program, in several processes that TF_CONFIG tells what to do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bridge.distribute.conftest import start_python

RunProgram = Callable[..., str]

PROGRAM = Path(__file__).parents[2] / "examples" / "two_workers.py"


def task(cluster: Any, task_type: str) -> dict[str, str]:
    task = {"type": task_type, "index": 0}
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})}


@pytest.mark.slow
def test_a_cluster_goes_the_way_of_one_process(
    tmp_path: Path, run_program: RunProgram, monkeypatch: pytest.MonkeyPatch, scalars: Any
) -> None:
    alone, out = tmp_path / "alone", tmp_path / "out"
    arguments = ("--max_steps", "10", "--model_dir")
    with monkeypatch.context() as patch:
        patch.setenv(*task({"master": ["127.0.0.1:2222"]}, "master").popitem())
        assert run_program(PROGRAM, *arguments, str(alone)) == "master 0: done\n"
    # The chief, a worker and an evaluator.
    process = start_python([PROGRAM, *arguments, out], log := tmp_path / "log")
    try:
        assert process.wait(120) == 0, log.read_text()[-5000:]
    finally:
        process.kill()
    assert {f"{name} 0: done" for name in ("chief", "worker", "evaluator")} <= {
        *log.read_text().splitlines()
    }
    # A summary at every step; only one process writes them.
    ours, theirs = (scalars(str(folder))["loss"] for folder in (out, alone))
    assert [step for step, _ in ours] == list(range(1, 11))
    assert [loss for _, loss in ours] == pytest.approx([loss for _, loss in theirs], abs=1e-6)
    assert len(list(out.glob("events.out.tfevents.*"))) == 1
    # The evaluator may have passed over the first checkpoint; it evaluates the last as it is.
    assert scalars(str(alone / "eval"))["loss"][-1] == (
        10,
        pytest.approx(scalars(str(out / "eval"))["loss"][-1][1], abs=1e-6),
    )
    assert [step for step, _ in scalars(str(alone / "eval"))["loss"]] == [5, 10]
    for folder in (alone, out):
        assert len(list(folder.glob("export/final/*/saved_model.pb"))) == 1
