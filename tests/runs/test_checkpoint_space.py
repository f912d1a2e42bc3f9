"""Freeing disk in ended runs: never what training needs to go on."""

import json
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from kerasrun.bridge.checkpoint_list import CheckpointState, Kept, state_of, text_of
from kerasrun.bridge.file_lock import FileLock
from kerasrun.runs.checkpoint_space import free_checkpoints, spare_checkpoints
from kerasrun.runs.errors import Refused
from kerasrun.runs.layout import RunFiles

RunMaker = Callable[..., RunFiles]


def write_checkpoint(folder: Path, step: int) -> None:
    """As `kerasrun.bridge.checkpoint_files` does, with other bytes."""
    (folder / "input").mkdir(exist_ok=True)
    names = [
        f"{prefix}{suffix}"
        for prefix in (f"input/ckpt-{step}", f"model.ckpt-{step}")
        for suffix in (".data-00000-of-00001", ".index")
    ]
    sums = {}
    for name in names:
        content = f"{name} " * 20
        (folder / name).write_text(content)
        sums[name] = zlib.crc32(content.encode())
    (folder / f"input/ckpt-{step}.sums").write_text(json.dumps(sums))


def write_list(folder: Path, *steps: int) -> None:
    kept = tuple(Kept(f"model.ckpt-{step}", float(step)) for step in steps)
    (folder / "checkpoint").write_text(text_of(CheckpointState(kept, 100.0)))


def steps_in(folder: Path) -> list[int]:
    """Those of which there is a file, of the variables or of the input."""
    names = [path.name for path in (*folder.glob("model.ckpt-*"), *folder.glob("input/ckpt-*"))]
    return sorted({int(name.split("-")[1].split(".")[0]) for name in names})


def listed(folder: Path) -> list[str]:
    return [one.name for one in state_of((folder / "checkpoint").read_text()).kept]


@pytest.fixture
def folder(make_run: RunMaker) -> Path:
    """A run with five checkpoints."""
    files = make_run()
    for step in (100, 200, 300, 400, 500):
        write_checkpoint(files.folder, step)
    write_list(files.folder, 100, 200, 300, 400, 500)
    return files.folder


def test_the_newest_stays_with_all_its_files(folder: Path) -> None:
    before = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    spare = free_checkpoints(folder)
    after = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert spare.names == ("model.ckpt-100", "model.ckpt-200", "model.ckpt-300", "model.ckpt-400")
    assert steps_in(folder) == [500]
    assert len(list(folder.glob("*/ckpt-500.*"))) == 3
    assert state_of((folder / "checkpoint").read_text()) == CheckpointState(
        (Kept("model.ckpt-500", 500.0),), 100.0
    )
    assert 0 < spare.bytes < before - after  # the list has become shorter, too


def test_so_many_stay(folder: Path) -> None:
    free_checkpoints(folder, keep=3)
    assert steps_in(folder) == [300, 400, 500]
    assert listed(folder) == ["model.ckpt-300", "model.ckpt-400", "model.ckpt-500"]
    assert free_checkpoints(folder, keep=3).names == ()
    assert free_checkpoints(folder, keep=9).names == ()


def test_to_look_changes_nothing(folder: Path) -> None:
    assert len(spare_checkpoints(folder).names) == 4
    assert steps_in(folder) == [100, 200, 300, 400, 500]
    assert len(listed(folder)) == 5


@pytest.mark.parametrize("damage", ["byte", "missing", "sums"])
def test_where_the_newest_is_damaged_the_one_that_training_falls_back_to_stays(
    folder: Path, damage: str
) -> None:
    data = folder / "model.ckpt-500.data-00000-of-00001"
    if damage == "byte":
        data.write_bytes(b"X" + data.read_bytes()[1:])
    elif damage == "missing":
        data.unlink()
    else:
        (folder / "input" / "ckpt-500.sums").write_text("")
    free_checkpoints(folder)
    assert steps_in(folder) == [400, 500]
    assert listed(folder) == ["model.ckpt-400", "model.ckpt-500"]


def test_where_none_is_whole_all_stay(folder: Path) -> None:
    for data in folder.glob("model.ckpt-*.data-*"):
        data.unlink()
    assert free_checkpoints(folder).names == ()
    assert steps_in(folder) == [100, 200, 300, 400, 500]


def test_the_checkpoint_of_a_best_export_stays(folder: Path) -> None:
    best = folder / "export" / "best_exporter"
    best.mkdir(parents=True)
    result = {"eval_result": {"loss": 0.1, "global_step": 200}, "export": "1795300215"}
    (best / "best_result.json").write_text(json.dumps(result))
    (folder / "export" / "other").mkdir()
    (folder / "export" / "other" / "best_result.json").write_text('{"eval_result": null}')
    free_checkpoints(folder)
    assert steps_in(folder) == [200, 500]
    assert listed(folder) == ["model.ckpt-200", "model.ckpt-500"]


def test_training_that_went_back_is_gone_on_with_where_it_is(folder: Path) -> None:
    """Later checkpoints lie there still, and are listed no more."""
    write_list(folder, 100, 200, 300)
    free_checkpoints(folder, keep=2)
    assert steps_in(folder) == [200, 300]


def test_without_a_list_the_steps_tell_the_newest(folder: Path) -> None:
    (folder / "checkpoint").write_text("\0 damaged")
    free_checkpoints(folder)
    assert steps_in(folder) == [500]
    (folder / "checkpoint").unlink()
    assert free_checkpoints(folder).names == ()


def test_a_checkpoint_of_another_program_has_no_sums_and_counts(folder: Path) -> None:
    for path in folder.glob("input/*"):
        path.unlink()
    (folder / "model.ckpt-100.meta").write_text("of a graph")
    (folder / "model.ckpt-best.index").write_text("no step: not one of ours")
    free_checkpoints(folder)
    assert steps_in(folder.joinpath("input")) == []
    assert sorted(path.name for path in folder.glob("model.ckpt-*")) == [
        "model.ckpt-500.data-00000-of-00001",
        "model.ckpt-500.index",
        "model.ckpt-best.index",
    ]


@pytest.mark.parametrize("lock", ["lock", "training.lock"])
def test_a_run_at_work_is_refused(folder: Path, lock: str) -> None:
    with FileLock(folder / lock), pytest.raises(Refused):
        free_checkpoints(folder)
    assert steps_in(folder) == [100, 200, 300, 400, 500]


@pytest.mark.slow
def test_training_goes_on_from_what_was_kept(make_run: RunMaker) -> None:
    import keras
    import numpy as np
    import tensorflow as tf

    from kerasrun import estimator as tf_estimator

    folder = make_run().folder

    def trained(steps: int) -> tf_estimator.Estimator:
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.layers.Dense(1, name="net")])
        model.compile("adam", "mse")
        estimator = tf_estimator.model_to_estimator(
            model,
            model_dir=str(folder),
            config=tf_estimator.RunConfig(save_checkpoints_steps=5, keep_checkpoint_max=10),
        )
        x = np.ones([8, 2], "float32")
        estimator.train(
            lambda: (
                tf.data.Dataset.from_tensor_slices(({"net_input": x}, x[:, 0])).batch(4).repeat()
            ),
            max_steps=steps,
        )
        return estimator

    trained(20)
    assert steps_in(folder) == [0, 5, 10, 15, 20]
    assert len(free_checkpoints(folder, keep=2).names) == 3
    state = tf.train.get_checkpoint_state(str(folder))
    assert [Path(path).name for path in state.all_model_checkpoint_paths] == [
        *["model.ckpt-15", "model.ckpt-20"]
    ]
    estimator = trained(30)
    assert steps_in(folder) == [15, 20, 25, 30]
    assert str(estimator.latest_checkpoint()).endswith("model.ckpt-30")
