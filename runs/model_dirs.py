"""Where the Estimators of a run work, told by its folder alone.

The Estimator of `mlrun train` works in the run's folder. A program of the user's own names folders
itself: of the first the run has a link `model_dir`, of the others `model_dir_2` and so on. What is
known of the second is said of the groups `train_2`, `eval_2` and `eval_NAME_2`.
"""

import contextlib
import re
from pathlib import Path

from kerasrun.runs.layout import RunFiles

_NAME = re.compile(r"model_dir(?:_([0-9]+))?")


def model_dirs(folder: Path) -> dict[int, Path]:
    """The folders of all Estimators of the run in `folder`, by number; 1 is the first."""
    found = {1: RunFiles(folder).model_dir}
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            name = _NAME.fullmatch(path.name)
            if name and name[1] and is_model_dir(path) and path.is_dir():
                found[int(name[1])] = path
    return dict(sorted(found.items()))


def is_model_dir(path: Path) -> bool:
    """Whether something in a run's folder is the folder of one of its Estimators."""
    is_so_called = _NAME.fullmatch(path.name) is not None
    return is_so_called and RunFiles(path.parent).run_json.exists()


def place_of(files: RunFiles, number: int) -> Path:
    """Where in the run's folder the link to the Estimators' folder of this number lies."""
    link = files.model_dir_link
    return link if number == 1 else link.with_name(f"{link.name}_{number}")


def numbered(group: str, number: int) -> str:
    """The group of metrics `group` of the Estimator of this number.

    >>> numbered("eval", 1), numbered("eval", 2)
    ('eval', 'eval_2')
    """
    return group if number == 1 else f"{group}_{number}"
