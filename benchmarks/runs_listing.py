"""`mlrun runs` over many runs, against reading their event files as TensorBoard does."""

import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import spent
from benchmarks.verdicts import Verdict

_POINTS = 1000
_READ_EVENTS = """
import sys
from pathlib import Path
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
for folder in Path(sys.argv[1]).iterdir():
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    events.Reload()
    print(folder.name, events.Scalars("loss")[-1].value)
"""


def measure(quick: bool) -> Iterator[Verdict]:
    """Prints the CPU seconds of both; yields their ratio."""
    runs = 20 if quick else 100
    with tempfile.TemporaryDirectory() as root:
        for number in range(runs):
            _make_run(Path(root) / f"20260101-000000-{number:06x}")
        ours = [sys.executable, "-m", "kerasrun", "runs", "--root", root, "-n", str(runs)]
        peer = [sys.executable, "-c", _READ_EVENTS, root]
        pairs = [(spent(ours).cpu, spent(peer).cpu) for _ in range(2 if quick else 3)]
    mine, theirs = (statistics.median(seconds) for seconds in zip(*pairs, strict=True))
    print(f"runs       mlrun runs of {runs}: {mine:.2f} CPU s   their events {theirs:.2f} CPU s")
    ratios = [events / listed for listed, events in pairs]
    yield Verdict("runs listed: times faster than reading their events", ratios, None)


def _make_run(folder: Path) -> None:
    """A run that has ended, with as many points as a training of some hours."""
    from kerasrun.bridge.summaries import SummaryWriter

    folder.mkdir()
    writer = SummaryWriter(str(folder))
    for step in range(_POINTS):
        writer.scalars({"loss": 1 / (step + 1), "accuracy": 0.9}, step)
    writer.close()
    point = {"first": 1.0, "first_step": 0, "last": 0.001, "last_step": _POINTS, "n": _POINTS}
    record = {"schema": 1, "id": folder.name, "name": None, "params": {}, "attempts": []}
    metrics = {"schema": 1, "step": _POINTS, "metrics": {"train": {"loss": point}}}
    outcome = {"schema": 1, "status": "completed", "code": 0, "reason": ""}
    for name, content in (("run", record), ("metrics", metrics), ("exit", outcome)):
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
