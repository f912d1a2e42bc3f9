"""Which accelerator each of several local processes gets."""

import os
from collections.abc import Mapping
from pathlib import Path

from kerasrun.runs.errors import UsageError

_VARIABLE = "CUDA_VISIBLE_DEVICES"
_NONE = "-1"


def visible_devices(
    environ: Mapping[str, str] = os.environ, device_files: Path = Path("/dev")
) -> list[str]:
    """The CUDA devices that a process of ours would see, as CUDA_VISIBLE_DEVICES names them.

    >>> visible_devices({"CUDA_VISIBLE_DEVICES": "2,3"}), visible_devices({_VARIABLE: ""})
    (['2', '3'], [])
    """
    if _VARIABLE not in environ:
        numbers = [path.name.removeprefix("nvidia") for path in device_files.glob("nvidia[0-9]*")]
        # CUDA counts those that are there from 0: a container may have /dev/nvidia2 and no other.
        return [str(number) for number in range(sum(one.isdigit() for one in numbers))]
    named = []
    for one in environ[_VARIABLE].split(","):
        if not one.strip() or one.strip() == _NONE:  # CUDA sees none from there on
            break
        named.append(one.strip())
    return named


def split_devices(workers: int, devices: list[str]) -> tuple[list[dict[str, str]], str]:
    """What each process's environment has, and a sentence that says what it comes to.

    Args:
        workers: How many processes.
        devices: What is visible.

    Raises:
        UsageError: There are several devices, but not one for each process.
    """
    if 1 < len(devices) < workers:
        raise UsageError(
            f"--workers {workers}: {len(devices)} CUDA devices are visible "
            f"({', '.join(devices)}), expected one for each worker. Give --workers {len(devices)}, "
            f"or set {_VARIABLE}={_NONE} to rehearse on the CPUs"
        )
    if devices and len(devices) >= workers:
        given = devices[:workers]
        return [{_VARIABLE: one} for one in given], (
            f"{workers} processes, one accelerator each: CUDA devices {', '.join(given)}"
        )
    left_out = "; the one CUDA device cannot be shared, and is left out" if devices else ""
    hidden = {_VARIABLE: _NONE} if devices else {}
    return [hidden] * workers, (
        f"{workers} processes share this machine's CPUs: a rehearsal of a cluster, not faster than "
        f"one process{left_out}"
    )
