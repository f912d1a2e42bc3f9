"""Which GPUs each of several trials at once may use, by `CUDA_VISIBLE_DEVICES`."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from kerasrun.runs.errors import UsageError

VARIABLE = "CUDA_VISIBLE_DEVICES"


def devices_given(text: str | None) -> tuple[str, ...]:
    """The devices of `--devices 0,1`; none where it was not given.

    Raises:
        UsageError: One is empty or comes twice.
    """
    if text is None:
        return ()
    found = tuple(part.strip() for part in text.split(","))
    if not all(found) or len(set(found)) < len(found):
        raise UsageError(f"--devices {text!r}: expected the numbers of GPUs, such as 0,1,2")
    return found


def visible_devices(
    environ: Mapping[str, str] = os.environ, device_files: Path = Path("/dev")
) -> tuple[str, ...]:
    """Those that the environment allows, else all that the machine has."""
    if VARIABLE in environ:
        return tuple(one.strip() for one in environ[VARIABLE].split(",") if one.strip())
    names = [path.name for path in device_files.glob("nvidia*")]
    # CUDA counts those that are there from 0: a container may have /dev/nvidia2 and no other.
    return tuple(map(str, range(sum(bool(re.fullmatch(r"nvidia\d+", name)) for name in names))))


def shares(devices: Sequence[str], jobs: int) -> list[str | None]:
    """What `CUDA_VISIBLE_DEVICES` is for each job; None: left as it is.

    >>> shares(["0", "1", "2"], 2), shares([], 2), shares(["0", "1"], 3)
    (['0,2', '1'], [None, None], ['0', '1', '0'])
    """
    if not devices:
        return [None] * jobs
    if len(devices) < jobs:
        return [devices[job % len(devices)] for job in range(jobs)]
    return [",".join(devices[job::jobs]) for job in range(jobs)]
