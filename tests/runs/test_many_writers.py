"""Many processes that make runs in one root, some of them killed at any moment: nothing is lost."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kerasrun.runs.listing import list_runs

WRITERS, RUNS_EACH, KILLED = 16, 25, 6
# A writer makes its runs as `mlrun train` and its worker do, without the training.
WRITER = """
import sys
from pathlib import Path
from kerasrun.runs import ids
from kerasrun.runs.json_file import reserve, write_json
from kerasrun.runs.labels import change_labels
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.lock import FileLock
from kerasrun.runs.metrics import MetricsFile
from kerasrun.runs.outcome import Outcome, write_outcome
from kerasrun.runs.host import describe_host
from kerasrun.runs import clock
import os

root, count = Path(sys.argv[1]), int(sys.argv[2])
for number in range(count):
    files = RunFiles(ids.claim(root))
    reserve(files.exit_json)
    attempt = {"started": clock.to_text(clock.now()), "pid": os.getpid(), "host": describe_host()}
    record = {"schema": 1, "params": {}, "attempts": [attempt]}
    with FileLock(files.lock):
        write_json(files.run_json, record)
        metrics = MetricsFile(files, every_secs=0.0)
        for step in range(1, 6):
            metrics.progress(step, 5, {"loss": 1 / step}, 100.0)
        change_labels(files, add=[f"writer-{os.getpid()}"])
        write_outcome(files, Outcome("completed", 0))
    print(files.folder.name, flush=True)
"""


@pytest.mark.slow
def test_nothing_is_lost_and_no_dead_run_is_shown_as_running(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    chance = random.Random(7)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(root), str(RUNS_EACH)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(WRITERS)
    ]
    listings = 0
    for victim in writers[:KILLED]:
        time.sleep(chance.uniform(0.05, 0.4))
        assert list_runs(root).unreadable == [], "amid the writing"
        listings += 1
        os.kill(victim.pid, signal.SIGKILL)
    told = [writer.communicate(timeout=120)[0].split() for writer in writers]
    assert all(writer.returncode == 0 for writer in writers[KILLED:])
    assert any(writer.returncode == -signal.SIGKILL for writer in writers[:KILLED])
    found = list_runs(root)
    assert listings == KILLED
    assert found.unreadable == []
    states = {run.id: run.status.state for run in found.runs}
    for run_id in [one for some in told for one in some]:
        assert states.pop(run_id) == "completed", run_id
    # What is left was cut off by a kill: one run a victim at most.
    assert len(states) <= KILLED
    assert set(states.values()) <= {"completed", "crashed", "preparing"}
    finished = [run for run in found.runs if run.id not in states]
    assert len(finished) >= (WRITERS - KILLED) * RUNS_EACH
    assert all(run.step == 5 and len(run.labels.tags) == 1 for run in finished)
