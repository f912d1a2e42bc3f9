"""How much lies on the disk."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path


def bytes_of(paths: Iterable[Path]) -> int:
    """What files take, in bytes; one that is gone meanwhile counts as nothing."""
    total = 0
    for path in paths:
        with contextlib.suppress(OSError):
            total += path.lstat().st_size
    return total


def bytes_in(folder: Path) -> int:
    """What the files in a folder take, in bytes; links are not followed."""
    return sum(
        bytes_of(Path(parent, name) for name in names) for parent, _, names in os.walk(folder)
    )
