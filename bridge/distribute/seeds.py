"""Random numbers of one's own for each replica, from one seed."""

from typing import Any

_STEP = 0x9E3779B9  # 2**32 over the golden ratio: far from one another for many replicas


def seed_offset(number: Any) -> Any:
    """What is added to a seed, or to a state, for the replica of this number; 0 for the first.

    An `int` for an `int`, below 2**31; an int64 tensor for one.
    """
    return number * _STEP % 2**31
