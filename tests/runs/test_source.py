import subprocess
from pathlib import Path

import pytest

from kerasrun.runs.errors import ModelFileError
from kerasrun.runs.git import git_state
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.source import keep_git_state, keep_model_file, keep_packages, model_source


@pytest.fixture
def files(tmp_path: Path) -> RunFiles:
    (tmp_path / "run").mkdir()
    return RunFiles(tmp_path / "run")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A git working tree with one committed file."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "net.py").write_text("units = 1\n")
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run(["git", "-C", str(folder), *identity, *command], check=True)
    return folder


def test_a_clean_tree_has_a_commit_and_no_diff(files: RunFiles, project: Path) -> None:
    entry = keep_git_state(files, project)
    assert entry is not None
    assert (len(entry["commit"]), entry["branch"], entry["dirty"]) == (40, "main", False)
    assert entry["diff"] is None
    assert not files.diff.exists()


def test_uncommitted_changes_are_kept_as_a_patch(files: RunFiles, project: Path) -> None:
    (project / "net.py").write_text("units = 2\n")
    entry = keep_git_state(files, project)
    assert entry is not None
    assert (entry["dirty"], entry["diff"]) == (True, "source/diff.patch")
    (project / "net.py").write_text("units = 1\n")
    subprocess.run(["git", "-C", str(project), "apply", str(files.diff)], check=True)
    assert (project / "net.py").read_text() == "units = 2\n"


def test_a_detached_head_has_no_branch(project: Path) -> None:
    subprocess.run(["git", "-C", str(project), "checkout", "-q", "--detach"], check=True)
    state = git_state(project)
    assert state is not None
    assert state.branch is None


def test_without_a_working_tree_or_git_there_is_no_state(
    tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert git_state(tmp_path) is None
    monkeypatch.setenv("PATH", "")
    assert git_state(project) is None


def test_an_unchanged_model_file_is_read_where_it_lies(files: RunFiles, project: Path) -> None:
    entry = keep_model_file(files, project / "net.py", None)
    assert model_source(files, entry) == (project / "net.py", project / "net.py")


def test_a_changed_model_file_gives_way_to_the_copy(files: RunFiles, project: Path) -> None:
    entry = keep_model_file(files, project / "net.py", None)
    (project / "net.py").write_text("units = 2\n")
    read, believed = model_source(files, entry)
    assert read.read_text() == "units = 1\n"
    assert believed == project / "net.py"


def test_a_model_file_that_is_lost_twice_is_an_error(files: RunFiles, project: Path) -> None:
    entry = keep_model_file(files, project / "net.py", None)
    (project / "net.py").unlink()
    (files.source / "net.py").unlink()
    with pytest.raises(ModelFileError, match=r"neither .*net\.py as it was nor the run's copy"):
        model_source(files, entry)


def test_the_packages_are_listed(files: RunFiles) -> None:
    keep_packages(files)
    lines = files.packages.read_text().splitlines()
    assert any(line.startswith("pytest==") for line in lines)
    assert lines == sorted(lines, key=lambda line: line.split("==")[0].lower())
