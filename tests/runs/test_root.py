from pathlib import Path

from kerasrun.runs.root import runs_root


def test_the_option_comes_first(tmp_path: Path) -> None:
    root = runs_root("here", environ={"KERASRUN_ROOT": "/elsewhere"}, cwd=tmp_path)
    assert root == tmp_path / "here"


def test_the_environment_comes_second(tmp_path: Path) -> None:
    assert runs_root(None, environ={"KERASRUN_ROOT": "there"}, cwd=tmp_path) == tmp_path / "there"


def test_an_empty_variable_counts_as_none(tmp_path: Path) -> None:
    assert runs_root(None, environ={"KERASRUN_ROOT": ""}, cwd=tmp_path) == tmp_path / "runs"


def test_a_package_called_runs_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    assert runs_root(environ={}, cwd=tmp_path) == tmp_path / "runs"
    (tmp_path / "runs" / "__init__.py").touch()
    assert runs_root(environ={}, cwd=tmp_path) == tmp_path / ".kerasrun" / "runs"
