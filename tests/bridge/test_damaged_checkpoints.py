"""A damaged checkpoint is not used: the one before it is, aloud."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kerasrun import estimator as tf_estimator
from kerasrun.bridge.checkpoints import Checkpoints
from kerasrun.bridge.errors import CheckpointDamagedError
from kerasrun.bridge.input_position import read_position
from tests.bridge.conftest import Recorder, plain_model

FILES = [
    "model.ckpt-6.index",
    "model.ckpt-6.data-00000-of-00001",
    "input/ckpt-6.index",
    "input/ckpt-6.data-00000-of-00001",
    "input/ckpt-6.sums",
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the checkpoints of steps 0, 3 and 6, and the values at 3 and 6."""
    folder = tmp_path_factory.mktemp("trained") / "model_dir"
    config = tf_estimator.RunConfig(save_checkpoints_steps=3)
    estimator = tf_estimator.model_to_estimator(plain_model(), model_dir=folder, config=config)
    estimator.train(numbers, max_steps=6)
    return folder


def numbers() -> Any:
    x = np.linspace(0, 1, 32, dtype="float32").reshape(8, 4)
    examples = tf.data.Dataset.from_tensor_slices(({"iris_input": x}, np.arange(8) % 3))
    return examples.shuffle(8, seed=1).repeat().batch(2)


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    """A copy of that folder, to be damaged."""
    return Path(shutil.copytree(trained, tmp_path / "model_dir"))


def estimator_on(folder: Path) -> tuple[tf_estimator.Estimator, Recorder]:
    estimator = tf_estimator.model_to_estimator(plain_model(), model_dir=folder)
    notices = Recorder()
    estimator.add_observer(notices)
    return estimator, notices


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def flip_in_the_middle(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x40
    path.write_bytes(data)


@pytest.mark.parametrize("harm", [truncate, flip_in_the_middle])
@pytest.mark.parametrize("file", FILES)
def test_training_falls_back_one_and_says_so(
    file: str, harm: Callable[[Path], None], folder: Path
) -> None:
    harm(folder / file)
    estimator, notices = estimator_on(folder)
    estimator.train(numbers, max_steps=8)
    assert notices.said[0].startswith("model.ckpt-6 (")
    assert "model.ckpt-3, the newest checkpoint that is whole, is used" in notices.said[0]
    again, notices = estimator_on(folder)
    assert again.evaluate(lambda: numbers().take(2))["global_step"] == 8
    assert notices.said == []


def test_one_of_another_program_that_is_cut_short_counts_as_damaged(folder: Path) -> None:
    (folder / "input" / "ckpt-6.sums").unlink()
    truncate(folder / "model.ckpt-6.data-00000-of-00001")
    estimator, notices = estimator_on(folder)
    assert estimator.evaluate(lambda: numbers().take(2))["global_step"] == 3
    assert notices.said[0].startswith("model.ckpt-6 (")


def test_a_missing_shard_counts_as_damage(folder: Path) -> None:
    (folder / "model.ckpt-6.data-00000-of-00001").unlink()
    estimator, notices = estimator_on(folder)
    assert estimator.evaluate(lambda: numbers().take(2))["global_step"] == 3
    assert notices.said[0].startswith("model.ckpt-6 (a file is missing) is damaged.")


@pytest.mark.parametrize("verb", ["evaluate", "predict", "export"])
def test_the_other_verbs_fall_back_too(verb: str, folder: Path, tmp_path: Path) -> None:
    flip_in_the_middle(folder / FILES[1])
    estimator, notices = estimator_on(folder)
    if verb == "evaluate":
        estimator.evaluate(lambda: numbers().take(2))
    elif verb == "predict":
        next(estimator.predict(numbers))
    else:
        estimator.evaluate(lambda: numbers().take(2))
        estimator.export_saved_model(tmp_path / "export")
    assert len(notices.said) == 1


def test_without_any_whole_one_nothing_is_begun_anew(folder: Path) -> None:
    for file in folder.glob("model.ckpt-*.data-*"):
        truncate(file)
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    estimator, _ = estimator_on(folder)
    with pytest.raises(CheckpointDamagedError, match=r"model\.ckpt-6 \(.*model\.ckpt-0 \("):
        estimator.train(numbers, max_steps=8)
    after = {path: path.read_bytes() for path in before}
    del before[folder / "training.lock"], after[folder / "training.lock"]
    assert after == before


@pytest.mark.parametrize("content", [None, b"", b"\x00\xff\xfe", b'model_checkpoint_path: "mo'])
def test_a_lost_list_of_checkpoints_is_made_up_for(content: bytes | None, folder: Path) -> None:
    if content is None:
        (folder / "checkpoint").unlink()
    else:
        (folder / "checkpoint").write_bytes(content)
    estimator, notices = estimator_on(folder)
    estimator.train(numbers, max_steps=8)
    assert "checkpoint does not name a checkpoint that is there" in notices.said[0]
    assert "model.ckpt-6 is taken for it" in notices.said[0]
    assert estimator.get_variable_value("global_step") == 8


@pytest.fixture(scope="module")
def values(trained: Path) -> dict[int, dict[str, Any]]:
    readers = {s: tf.train.load_checkpoint(str(trained / f"model.ckpt-{s}")) for s in (0, 3, 6)}
    return {
        step: {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
        for step, reader in readers.items()
    }


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_bytes_are_flipped_what_is_loaded_is_what_was_saved(
    data: st.DataObject, trained: Path, values: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "flipped"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(trained, folder)
    file = folder / data.draw(st.sampled_from([*FILES, "checkpoint"]))
    content = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    file.write_bytes(content)
    path = Checkpoints(str(folder)).newest_whole(lambda text: None)
    assert path is not None
    reader = tf.train.load_checkpoint(path)
    for name, value in values[int(path.rpartition("-")[2])].items():
        np.testing.assert_array_equal(reader.get_tensor(name), value, err_msg=name)
    assert read_position(path).state is not None
