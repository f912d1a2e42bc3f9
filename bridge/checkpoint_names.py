"""What the files of a checkpoint are called, and how it is told that one is whole.

`model.ckpt-N.index` and `….data-…` hold the variables, `input/ckpt-N.…` where the training input
stood, and `input/ckpt-N.sums` what the bytes of all these files add up to. Only the standard
library is imported here.
"""

import os
import re
import zlib
from typing import Any

PREFIX = "model.ckpt"
INPUT_FOLDER = "input"
_NAME = re.compile(rf"{re.escape(PREFIX)}-\d+")
_FILE = re.compile(rf"({_NAME.pattern})\.(index|meta|data-\d+-of-\d+)")
_BLOCK_BYTES = 2**20


def step_of(path: str) -> int:
    """The step in a checkpoint's name: 500 for `…/model.ckpt-500`.

    Raises:
        ValueError: There is none.
    """
    match = re.search(r"-(\d+)$", path)
    if match is None:
        raise ValueError(f"{path!r} is no checkpoint's prefix: expected …/{PREFIX}-<step>.")
    return int(match[1])


def is_name(path: str) -> bool:
    """Whether the path's last part is the name of a checkpoint of ours."""
    return _NAME.fullmatch(os.path.basename(path)) is not None


def name_in(file: str) -> str | None:
    """The name of the checkpoint that a file of variables belongs to; None: it is none of one.

    >>> name_in("model.ckpt-500.data-00000-of-00001"), name_in("checkpoint")
    ('model.ckpt-500', None)
    """
    found = _FILE.fullmatch(os.path.basename(file))
    return found[1] if found else None


def input_path(path: str) -> str:
    """The prefix of the input's position that belongs to the checkpoint at `path`."""
    return os.path.join(os.path.dirname(path), INPUT_FOLDER, f"ckpt-{step_of(path)}")


def sums_path(path: str) -> str:
    """The file that tells what the bytes of the checkpoint at `path` add up to."""
    return f"{input_path(path)}.sums"


def sum_of(content: Any) -> int:
    """The CRC-32 of an open binary file."""
    found = 0
    while block := content.read(_BLOCK_BYTES):
        found = zlib.crc32(block, found)
    return found
