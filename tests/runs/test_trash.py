"""The trash: whole or not at all, also with two at once and after a kill."""

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kerasrun.bridge.file_lock import FileLock
from kerasrun.runs.errors import AmbiguousRun, NoSuchRun, Refused
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.trash import (
    NotInTrash,
    delete_trashed,
    find_trashed,
    move_to_trash,
    restore,
    trashed,
)

RunMaker = Callable[..., RunFiles]


def test_of_two_who_remove_a_run_one_does(make_run: RunMaker) -> None:
    def remove(folder: Path) -> Path | None:
        with contextlib.suppress(NoSuchRun):
            return move_to_trash(folder)
        return None

    with ThreadPoolExecutor(2) as pool:
        for number in range(20):
            folder = make_run(f"20261121-223015-{number:04x}").folder
            done = [path for path in pool.map(remove, [folder, folder]) if path]
            assert len(done) == 1
            assert RunFiles(done[0]).run_json.exists()


def test_a_run_that_somebody_begins_is_not_moved(make_run: RunMaker) -> None:
    files = make_run()
    with FileLock(files.lock), pytest.raises(Refused, match="has its lock"):
        move_to_trash(files.folder)
    assert files.run_json.exists()


def test_what_a_kill_left_of_a_deletion_is_no_run_and_goes_the_next_time(
    make_run: RunMaker,
) -> None:
    files = make_run()
    root = files.folder.parent
    half = root / ".trash" / "deleted" / files.folder.name
    half.mkdir(parents=True)
    (half / "model.ckpt-1.index").write_bytes(b"12345")
    assert trashed(root) == []
    assert delete_trashed(root, []) == 5
    assert not half.exists()


def test_a_claim_that_a_kill_left_hides_no_run(make_run: RunMaker) -> None:
    files = make_run()
    claim = files.folder.parent / ".trash" / files.folder.name
    claim.mkdir(parents=True)
    moved = move_to_trash(files.folder)
    assert moved == claim.parent / "2" / files.folder.name
    assert find_trashed("a3f1", files.folder.parent) == moved


def test_one_at_a_time_empties_the_trash(make_run: RunMaker) -> None:
    files = make_run()
    root = files.folder.parent
    moved = move_to_trash(files.folder)
    with FileLock(root / ".trash" / "lock"), pytest.raises(Refused, match="is being emptied"):
        delete_trashed(root, [moved])
    assert moved.is_dir()


def test_a_link_is_moved_and_deleted_and_not_what_it_leads_to(
    make_run: RunMaker, tmp_path: Path
) -> None:
    files = make_run()
    root = files.folder.parent
    elsewhere = tmp_path / "elsewhere"
    files.folder.rename(elsewhere)
    files.folder.symlink_to(elsewhere)
    restore(move_to_trash(files.folder), root)
    assert RunFiles(root / files.folder.name).run_json.exists()
    delete_trashed(root, [move_to_trash(files.folder)])
    assert trashed(root) == []
    assert (elsewhere / "run.json").exists()


def test_a_run_in_the_trash_is_found_as_any_other(make_run: RunMaker) -> None:
    first = make_run("20261121-223015-a3f1", name="base")
    second = make_run("20261121-223016-77d0", name="base")
    root = first.folder.parent
    for files in (first, second):
        move_to_trash(files.folder)
    assert find_trashed("77d0", root).name == second.folder.name
    assert find_trashed("@last", root).name == second.folder.name
    with pytest.raises(AmbiguousRun):
        find_trashed("base", root)
    with pytest.raises(NotInTrash, match=r"no run 'a3f2' in the trash .*; it holds 2026"):
        find_trashed("a3f2", root)
