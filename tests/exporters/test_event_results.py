"""Evaluation results in event files, after kills and restarts."""

from pathlib import Path

from kerasrun.bridge.summaries import SummaryWriter
from kerasrun.exporters.event_results import event_results


def written(folder: Path, *steps: int, restart: int | None = None, value: float = 1.0) -> Path:
    """What one process writes of evaluations; returns the file."""
    before = set(folder.glob("*"))
    writer = SummaryWriter(str(folder))
    if restart is not None:
        writer.restart_at(restart)
    for step in steps:
        writer.scalars({"loss": value}, step)
    writer.close()
    (file,) = set(folder.glob("*")) - before
    return file


def results(folder: Path) -> list[tuple[int, dict[str, float]]]:
    return list(event_results(f"{folder}/*.tfevents.*"))


def test_what_a_restart_makes_void_does_not_count(tmp_path: Path) -> None:
    written(tmp_path, 100, 200, 300)
    written(tmp_path, 200, 300, restart=200, value=2.0)
    assert results(tmp_path) == [(100, {"loss": 1.0}), (200, {"loss": 2.0}), (300, {"loss": 2.0})]


def test_a_restart_counts_for_its_own_folder_only(tmp_path: Path) -> None:
    written(tmp_path / "eval", 100, 200)
    written(tmp_path / "eval_other", 100, restart=1)
    found = list(event_results(f"{tmp_path}/*/*.tfevents.*"))
    assert [step for step, _ in found] == [100, 200, 100]


def test_a_half_written_tail_ends_its_file_only(tmp_path: Path) -> None:
    first = written(tmp_path, 100, 200)
    first.write_bytes(first.read_bytes()[:-5])
    written(tmp_path, 300)
    assert [step for step, _ in results(tmp_path)] == [100, 300]
