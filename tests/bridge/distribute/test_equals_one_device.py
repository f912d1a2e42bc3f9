"""Two replicas train as one device does: in one process, and in two."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.bridge.distribute.conftest import addresses, start_python, tf_config

PROGRAM = ["-m", "tests.bridge.distribute.shared_cases"]
TWO_DEVICES, CHIEF, WORKER = "two devices", "chief", "worker"
SECS = 250
pytestmark = pytest.mark.slow


class Found:
    """What the trainings ended with: `found(where, case)` has losses by tag, and `weights`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def one(self, case: str) -> Any:
        return np.load(self._folder / "devices" / "one" / f"{case}.npz")

    def event_files(self, folder: str) -> list[Path]:
        return list((self._folder / "processes" / folder).glob("*.tfevents.*"))

    def several(self, where: str, case: str) -> Any:
        file = {
            TWO_DEVICES: f"devices/{case}.npz",
            CHIEF: f"processes/{case}0.npz",
            WORKER: f"processes/{case}1.npz",
        }[where]
        return np.load(self._folder / file)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    folder = tmp_path_factory.mktemp("shared")
    chief, worker = addresses(2)
    cluster = {"chief": [chief], "worker": [worker]}
    devices, processes = folder / "devices", folder / "processes"
    logs = [folder / f"{name}.log" for name in ("devices", "chief", "worker")]
    started = [
        start_python([*PROGRAM, devices], logs[0], KERASRUN_TEST_DEVICES="2"),
        start_python([*PROGRAM, processes], logs[1], **tf_config(cluster, "chief")),
        start_python([*PROGRAM, processes], logs[2], **tf_config(cluster, "worker")),
    ]
    try:
        codes = [one.wait(SECS) for one in started]
    finally:
        for one in started:
            one.kill()
    assert codes == [0, 0, 0], "".join(log.read_text()[-3000:] for log in logs)
    return Found(folder)


# In float16 losses have three digits.
@pytest.mark.parametrize(
    ("case", "tolerance"),
    [
        ("plain", 1e-6),
        ("built_in_scope", 1e-6),
        ("scalar_loss", 1e-6),
        ("weighted_and_summed", 1e-5),  # of 16 rows
        ("words_and_a_large_table", 1e-6),
        ("masked", 1e-6),
        ("dice", 1e-6),
        ("ignored_class", 1e-6),
        ("own_step", 1e-6),
        ("own_data", 1e-6),
        ("half_precision", 2e-3),
    ],
)
def test_two_replicas_go_the_way_of_one_device(case: str, tolerance: float, found: Found) -> None:
    one = found.one(case)
    assert len(one["loss"]) == {"plain": 12, "own_data": 2}.get(case, 3)
    for where in (TWO_DEVICES, CHIEF, WORKER):
        several = found.several(where, case)
        tags = {"weights"} if where == WORKER else {*one.files} - {"notices"}
        if where != TWO_DEVICES:
            tags -= {"evaluated"}  # one process evaluates
        assert tags <= set(several.files)
        for tag in tags:
            np.testing.assert_allclose(
                several[tag], one[tag], rtol=0, atol=tolerance, err_msg=f"{where}: {tag}"
            )


def test_accumulation_and_moving_averages_are_those_of_one_device(found: Found) -> None:
    one = found.one("accumulated_and_averaged")
    for where in (CHIEF, WORKER):
        several = found.several(where, "accumulated_and_averaged")
        np.testing.assert_allclose(several["weights"], one["weights"], rtol=0, atol=1e-6)


def test_what_several_replicas_cannot_do_is_refused(found: Found) -> None:
    for where in (TWO_DEVICES, CHIEF, WORKER):
        refused = str(found.several(where, "compiled_by_xla")["refused"])
        assert refused.startswith("RunConfig(jit_compile=True): XLA cannot compile the steps")
    refused = str(found.several(TWO_DEVICES, "accumulated_and_averaged")["refused"])
    assert "gradient_accumulation_steps is set" in refused
    assert "mlrun train --workers 2" in refused


@pytest.mark.parametrize(
    ("case", "told"),
    [
        ("statistics", "BatchNormalization(synchronized=True) normalises whole batches"),
        ("own_step", "The model has a train_step of its own"),
    ],
)
def test_what_differs_from_one_device_is_said(case: str, told: str, found: Found) -> None:
    for where in (TWO_DEVICES, CHIEF):
        assert [n for n in found.several(where, case)["notices"] if told in n]
    for other in (found.several(CHIEF, "built_in_scope"), found.one(case)):
        assert not [n for n in other["notices"] if told in n]


@pytest.mark.parametrize("case", ["different_data", "data_of_another_length"])
def test_different_data_are_refused_by_all_processes(case: str, found: Found) -> None:
    for where in (CHIEF, WORKER):
        refused = str(found.several(where, case)["refused"])
        assert "The processes of the cluster read different data" in refused
        assert "let input_fn take input_context" in refused


def test_one_process_writes_the_results_of_an_evaluation_by_all(found: Found) -> None:
    assert len(found.event_files("own_step/eval")) == 1


def test_different_models_are_refused_by_all_processes(found: Found) -> None:
    for where in (CHIEF, WORKER):
        assert "they have other variables" in str(found.several(where, "another_model")["refused"])


def test_statistics_are_those_of_all_replicas(found: Found) -> None:
    """Each normalises its own rows; what is kept is the mean, and the same everywhere."""
    one = found.one("statistics")["weights"]
    places = [found.several(where, "statistics")["weights"] for where in (TWO_DEVICES, CHIEF)]
    np.testing.assert_array_equal(found.several(WORKER, "statistics")["weights"], places[1])
    for weights in places:
        np.testing.assert_allclose(weights, places[0], rtol=0, atol=1e-6)
        differ = np.flatnonzero(np.abs(weights - one) > 1e-6)
        # The mean of the halves' means is that of all; the variance lacks what is between them.
        assert 0 < len(differ) <= 8
        assert np.abs(weights - one).max() < 0.05


def test_replicas_drop_other_units(found: Found) -> None:
    """Of rows that are all alike, so that only the masks differ."""
    for where in (TWO_DEVICES, CHIEF):
        several = found.several(where, "dropout")
        assert (several["unlike"][:, 1] > 0).all()
        # The states of the seed generators are as they would be on one device.
        np.testing.assert_array_equal(several["weights"], found.one("dropout")["weights"])
