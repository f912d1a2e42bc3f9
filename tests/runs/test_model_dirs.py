"""A run whose Estimators work in folders of their own: what lies there is found by the run's."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kerasrun.runs.curves import read_curves
from kerasrun.runs.latest_step import latest_step
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.log_folder import log_folder
from kerasrun.runs.push.copies import push_run
from kerasrun.runs.push.store import Store
from kerasrun.runs.run import read_run
from kerasrun.runs.saved_models import exports_of, newest_saved_model
from kerasrun.runs.scalar_file import ScalarFile


def write_points(folder: Path, value: float) -> None:
    events = ScalarFile(folder)
    events.add(1, {"loss": value})
    events.close()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The folder that a program has named, with more in it than its Estimator wrote."""
    folder = tmp_path / "out"
    write_points(folder, 1.0)
    write_points(folder / "eval", 2.0)
    (folder / "checkpoint").write_text('model_checkpoint_path: "model.ckpt-40"\n')
    (folder / "data" / "deep").mkdir(parents=True)
    for seconds in ("1795300215", "1795300300"):
        (folder / "export" / "last" / seconds).mkdir(parents=True)
        (folder / "export" / "last" / seconds / "saved_model.pb").touch()
    return folder


@pytest.fixture
def files(make_run: Callable[..., RunFiles], out: Path, tmp_path: Path) -> RunFiles:
    """A run whose second Estimator was given no folder."""
    export = {"name": "last", "path": str(out / "export" / "last" / "1795300215")}
    gone = {"name": "last", "path": str(out / "export" / "last" / "1795300001")}
    files = make_run(kind="program", exports=[gone, export])
    files.model_dir_link.symlink_to(out)
    write_points(files.folder / "model_dir_2", 3.0)
    write_points(files.folder / "model_dir_2" / "eval", 4.0)
    return files


def test_each_estimator_has_its_curves(files: RunFiles) -> None:
    found = {curve.group: curve.points.values.tolist() for curve in read_curves(files.folder)}
    assert found == {"train": [1.0], "eval": [2.0], "train_2": [3.0], "eval_2": [4.0]}


def test_a_folder_that_is_no_run_is_read_as_it_is(out: Path) -> None:
    write_points(out / "model_dir", 5.0)
    assert [curve.group for curve in read_curves(out)] == ["train", "eval", "model_dir"]


def test_the_checkpoint_is_that_of_the_first(files: RunFiles, out: Path) -> None:
    assert latest_step(files.folder) == 40
    shutil.rmtree(out)
    assert latest_step(files.folder) is None


def test_the_exports_are_those_that_this_run_made(files: RunFiles, out: Path) -> None:
    mine = out / "export" / "last" / "1795300215"
    assert exports_of(files.folder) == [mine]
    assert newest_saved_model(files.folder) == mine


def test_tensorboard_is_shown_what_the_estimators_wrote_and_no_more(files: RunFiles) -> None:
    with log_folder([read_run(files.folder)]) as shown:
        (run,) = shown.path.iterdir()
        below = {path.name for path in run.iterdir() if path.is_dir()}
        assert below == {"eval", "model_dir_2"}
        assert len([path for path in run.iterdir() if path.is_file()]) >= 2


def test_a_copy_has_the_run_and_not_the_folder_that_it_links_to(
    files: RunFiles, tmp_path: Path
) -> None:
    push_run(files.folder, Store(f"file://{tmp_path}/store"))
    copy = tmp_path / "store" / files.folder.name
    assert (copy / "run.json").is_file()
    assert not (copy / "model_dir").exists()
    assert (copy / "model_dir_2" / "eval").is_dir()
