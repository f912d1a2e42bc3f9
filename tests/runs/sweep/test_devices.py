from pathlib import Path

import pytest

from kerasrun.runs.errors import UsageError
from kerasrun.runs.sweep.devices import devices_given, shares, visible_devices


def test_the_devices_are_those_of_the_environment_else_all(tmp_path: Path) -> None:
    for name in ("nvidia10", "nvidia2", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()
    assert visible_devices({}, tmp_path) == ("0", "1")
    assert visible_devices({"CUDA_VISIBLE_DEVICES": "3, 1"}, tmp_path) == ("3", "1")
    assert visible_devices({"CUDA_VISIBLE_DEVICES": ""}, tmp_path) == ()


def test_one_device_that_is_given_is_that_of_all_jobs() -> None:
    assert shares(devices_given("1"), 2) == ["1", "1"]


@pytest.mark.parametrize("text", ["", "0,,1", "0,0"])
def test_what_names_no_devices_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"expected the numbers of GPUs, such as 0,1,2"):
        devices_given(text)
