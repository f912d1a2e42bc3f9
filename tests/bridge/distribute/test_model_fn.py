"""Estimators of a `model_fn`, trained by two processes, go the way of one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.bridge.distribute.conftest import addresses, start_python, tf_config

PROGRAM = Path(__file__).with_name("model_fn_cases.py")
SAME = ("clipped", "summed", "by_hand", "watched", "of_keras", "wide_and_deep", "own_data")
SHARED = (*SAME, "normalized", "dropped")
REFUSED = ("in_a_condition", "rate_of_the_batch", "summed_by_hand")
SECS = 250
pytestmark = pytest.mark.slow


class Found:
    """What the trainings ended with: losses by step, variables, and what hooks have seen."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def one(self, case: str) -> Any:
        return self._read(f"one/{case}.npz")

    def two(self, case: str) -> tuple[Any, Any]:
        """Of the chief and of the worker."""
        return self._read(f"two/{case}0.npz"), self._read(f"two/{case}1.npz")

    def _read(self, file: str) -> dict[str, Any]:
        with np.load(self._folder / file) as found:
            return dict(found)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    folder = tmp_path_factory.mktemp("model_fn")
    chief, worker = addresses(2)
    cluster = {"chief": [chief], "worker": [worker]}
    logs = [folder / f"{name}.log" for name in ("one", "chief", "worker")]
    two = [PROGRAM, folder / "two", *SHARED, *REFUSED]
    started = [
        start_python([PROGRAM, folder / "one", *SHARED], logs[0]),
        start_python(two, logs[1], **tf_config(cluster, "chief")),
        start_python(two, logs[2], **tf_config(cluster, "worker")),
    ]
    try:
        codes = [one.wait(SECS) for one in started]
    finally:
        for one in started:
            one.kill()
    assert codes == [0, 0, 0], "".join(log.read_text()[-3000:] for log in logs)
    return Found(folder)


def variables(of: Any) -> dict[str, Any]:
    others = ("told", "told_refused", "chief_steps", "refused")
    return {name: of[name] for name in of if name not in others and "events/" not in name}


def assert_near(found: Any, expected: Any, told: str) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6, err_msg=told)


@pytest.mark.parametrize("case", SAME)
def test_two_processes_go_the_way_of_one(case: str, found: Found) -> None:
    one, (chief, worker) = found.one(case), found.two(case)
    assert_near(chief["events/loss"], one["events/loss"], "loss")
    assert len(one["events/loss"]) >= 3
    assert set(variables(worker)) == set(variables(chief)) == set(variables(one))
    for name, expected in variables(one).items():
        assert_near(chief[name], expected, name)
        np.testing.assert_array_equal(worker[name], chief[name], err_msg=name)


def test_what_is_clipped_is_the_gradient_of_all_rows(found: Found) -> None:
    norms, expected = found.two("clipped")[0]["events/norm"], found.one("clipped")["events/norm"]
    assert_near(norms, expected, "norm")
    assert (expected[:, 1] > 0.3).all()  # all of them are clipped


def test_examples_are_counted_on_all_processes(found: Found) -> None:
    assert found.two("by_hand")[0]["seen"] == 3 * 52


def test_a_hook_may_watch_a_step_in_one_process_alone(found: Found) -> None:
    one, (chief, worker) = found.one("watched"), found.two("watched")
    assert_near(chief["told"], one["told"], "of each step")
    assert_near(worker["told"], one["told"][:, 2::3], "of every third")


def test_a_session_of_one_process_does_not_wait_for_the_others(found: Found) -> None:
    assert list(found.one("watched")["told_refused"]) == [""]
    for process in found.two("watched"):
        assert "ask for them in before_run" in str(process["told_refused"][0])


def test_hooks_of_the_chief_are_called_on_the_chief(found: Found) -> None:
    chief, worker = found.two("watched")
    assert (int(chief["chief_steps"]), int(worker["chief_steps"])) == (2, 0)


def test_moving_averages_are_those_of_all_processes(found: Found) -> None:
    """Each normalises its own rows: the mean of their means is that of all."""
    one, (chief, worker) = found.one("normalized"), found.two("normalized")
    mean, variance = (f"batch_normalization/moving_{name}" for name in ("mean", "variance"))
    assert_near(chief[mean], one[mean], mean)
    assert 0 < np.abs(chief[variance] - one[variance]).max() < 0.05
    for name, value in variables(chief).items():
        np.testing.assert_array_equal(worker[name], value, err_msg=name)


def test_processes_drop_other_units(found: Found) -> None:
    chief, worker = found.two("dropped")
    for of_chief, of_worker in zip(chief["told"], worker["told"], strict=True):
        assert (of_chief != of_worker).sum() > 6
    for name, value in variables(chief).items():
        np.testing.assert_array_equal(worker[name], value, err_msg=name)
    seeds = [name for name in chief if "seed_generator_state" in name]
    assert seeds
    for name in seeds:
        np.testing.assert_array_equal(chief[name], found.one("dropped")[name])


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ("in_a_condition", "inside tf.cond, tf.while_loop or a tf.function"),
        ("rate_of_the_batch", "depends on the rows of this process alone"),
        ("summed_by_hand", "adds up over the examples of a batch"),
    ],
)
def test_what_cannot_be_put_together_is_refused(case: str, why: str, found: Found) -> None:
    for process in found.two(case):
        assert why in str(process["refused"])
