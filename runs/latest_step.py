"""How far a run's checkpoints have come."""

import re
from pathlib import Path

from kerasrun.runs.layout import RunFiles

_CHECKPOINT = re.compile(r'^model_checkpoint_path: ".*model\.ckpt-([0-9]{1,18})"', re.MULTILINE)


def latest_step(folder: Path) -> int | None:
    """The step of the newest checkpoint, read without TensorFlow; None when there is none."""
    try:
        text = RunFiles(folder).checkpoint_state.read_text(errors="replace")
    except OSError:
        return None
    found = _CHECKPOINT.search(text)
    return int(found[1]) if found else None
