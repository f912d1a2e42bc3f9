import json
import os
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from kerasrun.bridge.file_lock import FileLock
from kerasrun.runs import clock
from kerasrun.runs.errors import UnreadableRun
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.run import read_run

RunMaker = Callable[..., RunFiles]
Attempt = Callable[..., dict[str, Any]]


def status_text(files: RunFiles, **later: float) -> str:
    return str(read_run(files.folder, now=clock.now() + timedelta(**later)).status)


def test_a_claimed_folder_is_preparing_for_a_minute(make_run: RunMaker) -> None:
    files = make_run()
    files.run_json.unlink()
    assert status_text(files) == "preparing"
    assert status_text(files, seconds=70) == "crashed (the worker never started)"


def test_an_outcome_is_believed_first(make_run: RunMaker, attempt: Attempt) -> None:
    files = make_run(attempts=[attempt()])
    files.exit_json.write_text(json.dumps({"status": "killed", "reason": "SIGKILL"}))
    assert status_text(files) == "killed (SIGKILL)"


def test_a_free_lock_here_is_a_crash(make_run: RunMaker, attempt: Attempt) -> None:
    files = make_run(attempts=[attempt()])
    assert status_text(files) == "crashed (the process is gone and left no outcome)"


def test_a_reused_pid_brings_no_run_back(make_run: RunMaker, attempt: Attempt) -> None:
    mine = {**attempt(), "pid": os.getpid()}  # alive, but it does not hold the lock
    assert read_run(make_run(attempts=[mine]).folder).status.state == "crashed"


def test_another_boot_of_this_host_is_said(make_run: RunMaker, attempt: Attempt) -> None:
    assert status_text(make_run(attempts=[attempt(boot_id="before")])) == "crashed (host rebooted)"


def test_a_held_lock_is_running(make_run: RunMaker, attempt: Attempt) -> None:
    now = clock.to_text(clock.now())
    files = make_run(attempts=[{**attempt(), "started": now}])
    lock = FileLock(files.lock)
    assert status_text(files) == "running"
    lock.release()


def test_no_step_for_long_is_stalled(make_run: RunMaker, attempt: Attempt) -> None:
    now = clock.to_text(clock.now())
    files = make_run(attempts=[{**attempt(), "started": now}])
    lock = FileLock(files.lock)
    assert status_text(files, minutes=14.5) == "stalled (no step for 14 min)"
    gaps = {"median": 120.0, "longest": 121.0}  # slow steps: 20 minutes are nothing
    files.metrics_json.write_text(json.dumps({"updated": now, "gap_secs": gaps}))
    assert status_text(files, minutes=14.5) == "running"
    lock.release()


def test_a_run_on_another_host_goes_by_its_heartbeat(make_run: RunMaker, attempt: Attempt) -> None:
    files = make_run(attempts=[attempt(name="gpu3", boot_id="other")])
    assert status_text(files) == "lost (no heartbeat from gpu3)"
    files.heartbeat.touch()
    assert status_text(files) == "running (on gpu3)"
    os.utime(files.heartbeat, (time.time() - 100,) * 2)
    assert status_text(files) == "lost (no heartbeat from gpu3)"


def test_a_half_written_outcome_says_nothing(make_run: RunMaker, attempt: Attempt) -> None:
    files = make_run(attempts=[attempt()])
    files.exit_json.write_text('{"status": "comp')
    assert read_run(files.folder).status.state == "crashed"


def test_a_damaged_record_is_named(make_run: RunMaker) -> None:
    files = make_run()
    files.run_json.write_text("{")
    with pytest.raises(UnreadableRun, match=r"20261121-223015-a3f1 cannot be read: run\.json: "):
        read_run(files.folder)


def test_a_later_schema_says_to_upgrade(make_run: RunMaker) -> None:
    with pytest.raises(UnreadableRun, match="schema 2, this version reads 1: upgrade kerasrun"):
        read_run(make_run(schema=2).folder)


@pytest.mark.parametrize(
    "record",
    [
        {"params": [1]},
        {"settings": {"max_steps": 3}},
        {"attempts": [{"attempt": 1}]},
        {"attempts": [{"started": "yesterday", "host": {}}]},
    ],
)
def test_a_record_of_another_shape_is_unreadable_and_no_crash(
    make_run: RunMaker, record: dict[str, Any]
) -> None:
    files = make_run(**record)
    lock = FileLock(files.lock)
    with pytest.raises(UnreadableRun, match="20261121-223015-a3f1 cannot be read: "):
        read_run(files.folder)
    lock.release()
