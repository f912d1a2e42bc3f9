from pathlib import Path

import pytest

from kerasrun.runs.errors import AmbiguousRun, NoSuchRun, RunError
from kerasrun.runs.listing import list_runs
from kerasrun.runs.lock import FileLock
from kerasrun.runs.query import find_runs
from kerasrun.runs.sweep.find import find_sweep, sweep_meant
from kerasrun.runs.sweep.plan import read_plan
from kerasrun.runs.sweep.removal import delete_empty_sweeps
from kerasrun.runs.trash import delete_trashed, folders_of, move_to_trash, restore, trashed
from tests.runs.sweep.sweep_records import SWEEP, trial, write_sweep, write_trial


@pytest.fixture
def root(tmp_path: Path) -> Path:
    trials = [trial(1, "0001"), trial(2, "0002"), trial(3)]
    for one in trials[:2]:
        write_trial(tmp_path, one)
    write_trial(tmp_path, trial(1, "0009"))  # of nobody
    write_sweep(tmp_path, trials)
    return tmp_path


@pytest.mark.parametrize("asked", [SWEEP, "5be2", "s-2026", "@last"])
def test_a_sweep_is_found_by_its_id_a_part_of_it_or_as_the_last(root: Path, asked: str) -> None:
    assert find_sweep(asked, root).id == SWEEP


def test_what_is_no_sweep_is_refused_and_those_that_there_are_are_named(root: Path) -> None:
    with pytest.raises(NoSuchRun, match=rf"no sweep '5be' under .*; there are {SWEEP}\."):
        find_sweep("5be", root)
    with pytest.raises(NoSuchRun, match=r"there is none\."):
        find_sweep("@last", root / "elsewhere")


def test_a_sweep_is_no_run_but_stands_for_its_trials(root: Path) -> None:
    assert list_runs(root).total == 3
    assert [run.id[-4:] for run in find_runs(["5be2"], root)] == ["0001", "0002"]
    assert [folder.name[-4:] for folder in folders_of([SWEEP], root)] == ["0001", "0002"]
    assert sweep_meant("0001", root) is None


def test_what_means_a_run_and_a_sweep_is_ambiguous(root: Path) -> None:
    write_trial(root, trial(1, "5be2"))
    with pytest.raises(AmbiguousRun, match=r"'5be2' is 2 runs"):
        sweep_meant("5be2", root)
    assert sweep_meant(SWEEP, root) is not None


def test_a_sweep_goes_when_its_trials_are_gone_for_good(root: Path) -> None:
    folders = folders_of([SWEEP], root)
    for folder in folders:
        move_to_trash(folder)
    assert delete_empty_sweeps(root) == []
    for folder in trashed(root):
        restore(folder, root)
    assert [run.id[-4:] for run in find_runs([SWEEP], root)] == ["0001", "0002"]
    for folder in folders:
        move_to_trash(folder)
    delete_trashed(root, trashed(root))
    with FileLock(root / SWEEP / "lock"):
        assert delete_empty_sweeps(root) == []
    assert delete_empty_sweeps(root) == [SWEEP]
    assert not (root / SWEEP).exists()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "sweep.json is missing"),
        ("[]", "sweep.json holds list"),
        ('{"schema": 99}', "has schema 99, this version reads 1: upgrade kerasrun"),
        ('{"schema": 1, "kind": "sweep"}', "it lacks 'created'"),
    ],
)
def test_a_damaged_record_says_so(root: Path, content: str, why: str) -> None:
    files = find_sweep(SWEEP, root)
    files.sweep_json.write_text(content)
    with pytest.raises(RunError) as caught:
        read_plan(files)
    assert str(caught.value).startswith(f"sweep {SWEEP} cannot be read: ")
    assert why in str(caught.value)
    assert delete_empty_sweeps(root) == []
