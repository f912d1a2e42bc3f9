"""A job's word means one training; no TensorFlow."""

from pathlib import Path
from typing import Any

import pytest

from kerasrun.runs.cluster.same_job import check_same
from kerasrun.runs.errors import UsageError
from kerasrun.runs.launch import TrainOrder

BY_COMMAND = {"value": 0.1, "origin": "command line", "text": "0.10"}
RECORD: dict[str, Any] = {
    "model": {"file": "/elsewhere/nets/net.py", "name": "small"},
    "params": {"lr": BY_COMMAND, "units": {"value": 4, "origin": "model file default"}},
    "seed": {"value": 7, "origin": "command line"},
}


def check(record: dict[str, Any] = RECORD, **changes: Any) -> None:
    given: dict[str, Any] = {"model": "net.py:small", "params": {"lr": "0.10"}, "seed": 7}
    order = TrainOrder(argv=[], cwd=Path(), job="j", **{"options": {}, **given, **changes})
    check_same(order, "20261121-223015-a3f1", record)


def test_the_same_command_may_be_given_again_and_another_is_refused() -> None:
    check()
    check(options={"max_steps": 100})
    drawn = {**RECORD, "seed": {"value": 5, "origin": "drawn"}}
    check(drawn, seed=None)
    for changes, expected in (
        ({"model": "other.py"}, "begun with --model net.py:small, and this command comes with --m"),
        (
            {"params": {"lr": "0.2"}},
            r"begun with -p lr=0.10, and this command comes with -p lr=0.2",
        ),
        ({"params": {"lr": "0.10", "units": "4"}}, "begun without -p units, and"),
        ({"seed": None}, "begun with --seed 7, and this command comes without --seed"),
    ):
        with pytest.raises(UsageError, match=f"job j is run 20261121-223015-a3f1, {expected}"):
            check(**changes)
