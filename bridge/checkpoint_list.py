"""What the text file `checkpoint` says: which checkpoints a folder keeps, the newest last.

It is TensorFlow's `CheckpointState` message in text form, with relative names only, so that a
folder may be moved. Only the standard library is imported here.
"""

import os
import re
from collections.abc import Sequence
from typing import NamedTuple

FILE = "checkpoint"
_FIELD = re.compile(r'^\s*(\w+)\s*:\s*(?:"(?P<text>(?:[^"\\]|\\.)*)"|(?P<number>\S+))\s*$', re.M)


class Kept(NamedTuple):
    """One checkpoint: its name in the folder, and when it was saved in seconds since 1970."""

    name: str
    time: float


class CheckpointState(NamedTuple):
    """The checkpoints that may be thinned out, oldest first.

    Attributes:
        kept: The checkpoints; the last is the newest.
        last_preserved: When the last one that is kept for good was saved; 0 if none was.
    """

    kept: tuple[Kept, ...] = ()
    last_preserved: float = 0.0


def state_of(text: str) -> CheckpointState:
    """Reads the file's text; a damaged one holds nothing."""
    fields: dict[str, list[str]] = {}
    for match in _FIELD.finditer(text):
        fields.setdefault(match[1], []).append(match["text"] or match["number"] or "")
    newest = fields.get("model_checkpoint_path", [])
    names = fields.get("all_model_checkpoint_paths", newest)
    if newest[-1:] != names[-1:]:  # whoever writes it names the newest twice
        return CheckpointState()
    times = [_seconds(t) for t in fields.get("all_model_checkpoint_timestamps", [])]
    times += [0.0] * (len(names) - len(times))
    kept = tuple(Kept(os.path.basename(n), t) for n, t in zip(names, times, strict=False))
    return CheckpointState(kept, _seconds(fields.get("last_preserved_timestamp", ["0"])[0]))


def text_of(state: CheckpointState) -> str:
    """The file's text."""
    lines = [f'model_checkpoint_path: "{state.kept[-1].name}"']
    lines += [f'all_model_checkpoint_paths: "{kept.name}"' for kept in state.kept]
    lines += [f"all_model_checkpoint_timestamps: {kept.time!r}" for kept in state.kept]
    lines.append(f"last_preserved_timestamp: {state.last_preserved!r}")
    return "\n".join(lines) + "\n"


def thinned(
    kept: Sequence[Kept], last_preserved: float, keep_max: int | None, keep_secs: float
) -> tuple[CheckpointState, list[str]]:
    """Returns the state with the oldest beyond `keep_max` taken out, and the names to remove.

    One in `keep_secs` seconds is taken out of the list but not removed: it is kept for good.
    """
    left, removed = list(kept), []
    while keep_max and len(left) > keep_max:
        oldest = left.pop(0)
        if oldest.time - (last_preserved or kept[0].time) >= keep_secs:
            last_preserved = oldest.time
        else:
            removed.append(oldest.name)
    return CheckpointState(tuple(left), last_preserved or kept[0].time), removed


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
