from collections.abc import Callable
from pathlib import Path

import pytest

from kerasrun import runs
from kerasrun.runs.errors import AmbiguousRun, NoSuchRun
from kerasrun.runs.layout import RunFiles

RunMaker = Callable[..., RunFiles]

OLD, MIDDLE, NEW = "20261121-223015-a3f1", "20261121-223016-77d0", "20261122-010203-b3f1"


@pytest.fixture
def root(make_run: RunMaker) -> Path:
    """Three runs, the middle one called baseline."""
    make_run(OLD)
    make_run(MIDDLE, name="baseline")
    return make_run(NEW).folder.parent


def test_runs_come_newest_first(root: Path) -> None:
    listing = runs.list_runs(root, limit=2)
    assert [run.id for run in listing.runs] == [NEW, MIDDLE]
    assert listing.total == 3


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (OLD, OLD),
        ("a3f1", OLD),
        ("16-77d0", MIDDLE),
        ("20261122", NEW),
        ("baseline", MIDDLE),
        ("@last", NEW),
        ("@last~2", OLD),
    ],
)
def test_a_run_answers_to_parts_of_its_id_and_to_its_name(
    root: Path, asked: str, found: str
) -> None:
    assert runs.find_run(asked, root).id == found


def test_several_answers_are_listed(root: Path) -> None:
    with pytest.raises(AmbiguousRun, match=f"'20261121' is 2 runs: {MIDDLE}, {OLD}. Give more"):
        runs.find_run("20261121", root)


@pytest.mark.parametrize("asked", ["3f1", "zzzz", "@last~3", "@first"])
def test_no_answer_is_said(root: Path, asked: str) -> None:
    with pytest.raises(NoSuchRun, match=f"no run '{asked}' under {root}"):
        runs.find_run(asked, root)


def test_a_near_name_is_suggested(root: Path) -> None:
    with pytest.raises(NoSuchRun, match="did you mean 'baseline'"):
        runs.find_run("basline", root)


def test_an_unreadable_run_hides_no_other(root: Path) -> None:
    (root / MIDDLE / "run.json").write_text("{")
    listing = runs.list_runs(root)
    assert [run.id for run in listing.runs] == [NEW, OLD]
    assert [str(error).split(":")[0] for error in listing.unreadable] == [
        f"run {MIDDLE} cannot be read"
    ]
    assert runs.find_run("a3f1", root).id == OLD


def test_other_things_in_the_root_are_passed_over(root: Path) -> None:
    (root / ".trash").mkdir()
    (root / "notes.txt").touch()
    assert runs.list_runs(root).total == 3


def test_a_root_that_is_not_there_has_no_runs(tmp_path: Path) -> None:
    assert runs.list_runs(tmp_path / "none").runs == []


def test_the_public_names_are_these() -> None:
    assert runs.__all__ == sorted(runs.__all__)
    assert all(callable(getattr(runs, name)) for name in runs.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'find_runs'"):
        runs.find_runs  # noqa: B018
