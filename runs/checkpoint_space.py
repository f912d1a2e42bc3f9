"""The disk that the checkpoints of an ended run take, and how it is freed.

The newest few that can be read stay, with what belongs to them; so does the one that the file
`checkpoint` names as the newest, and the one that a best export was made of. Imports no TensorFlow.
"""

import contextlib
import glob
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasrun.bridge.checkpoint_list import (  # noqa: TID253
    FILE,
    CheckpointState,
    state_of,
    text_of,
)
from kerasrun.bridge.checkpoint_names import (  # noqa: TID253
    PREFIX,
    input_path,
    name_in,
    step_of,
    sum_of,
    sums_path,
)
from kerasrun.runs.disk import bytes_of
from kerasrun.runs.errors import Refused, RunError
from kerasrun.runs.json_file import read_json, write_whole
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.lock import FileLock, Locked, already_running, is_locked
from kerasrun.runs.outcome import describe


@dataclass(frozen=True)
class Spare:
    """Checkpoints of a run that are not needed to go on with it.

    Attributes:
        folder: The run's.
        names: Such as `model.ckpt-500`, oldest first.
        bytes: What their files take.
    """

    folder: Path
    names: tuple[str, ...]
    bytes: int


def spare_checkpoints(folder: Path, keep: int = 1) -> Spare:
    """All but the newest `keep` that are whole.

    Where there are not so many, nothing is spare.

    Raises:
        RunError: The folder cannot be read.
    """
    try:
        order = _newest_first(folder)
        kept = _kept(folder, order, keep)
        names = [name for name in reversed(order) if name not in kept]
        size = sum(bytes_of(_files_of(folder / name)) for name in names)
    except OSError as error:
        raise RunError(f"run {folder.name}: {describe(error)}") from error
    return Spare(folder, tuple(names), size)


def free_checkpoints(folder: Path, keep: int = 1) -> Spare:
    """Removes what `spare_checkpoints` names; returns what that was.

    First they are taken out of the file `checkpoint`; a kill then leaves files that nobody misses
    and that the next call removes.

    Raises:
        Refused: The run is at work.
        RunError: Something cannot be removed.
    """
    files = RunFiles(folder)
    try:
        with FileLock(files.lock, wait_secs=0.2):
            if is_locked(folder / "training.lock"):  # an Estimator of another program trains here
                raise Refused(f"run {folder.name}: a training is at work in its folder")
            spare = spare_checkpoints(folder, keep)
            if spare.names:
                _take_out_of_list(folder, set(spare.names))
                for name in spare.names:
                    for path in _files_of(folder / name):
                        path.unlink(missing_ok=True)
    except Locked:
        raise already_running(files) from None
    except OSError as error:
        raise RunError(f"run {folder.name}: {describe(error)}") from error
    return spare


def _newest_first(folder: Path) -> list[str]:
    """Those that the file `checkpoint` lists, then the others that lie there, by step."""
    lying = _lying_in(folder)
    listed = [kept.name for kept in reversed(_state(folder).kept) if kept.name in lying]
    others = sorted(lying - set(listed), key=step_of, reverse=True)
    return [*listed, *others]


def _lying_in(folder: Path) -> set[str]:
    return {name for file in os.listdir(folder) if (name := name_in(file))}


def _kept(folder: Path, order: list[str], keep: int) -> set[str]:
    """Which stay: all, where fewer than `keep` are whole."""
    whole: list[str] = []
    for name in order:
        if len(whole) < keep and _is_whole(folder / name):
            whole.append(name)
    if len(whole) < keep:
        return set(order)
    # What is newer and damaged is no business of ours: somebody may want to look at it.
    damaged = [name for name in order[: order.index(whole[-1])] if name not in whole]
    named = [kept.name for kept in _state(folder).kept[-1:]]
    return {*whole, *damaged, *named, *_of_best_exports(folder)}


def _is_whole(prefix: Path) -> bool:
    """Whether a checkpoint is there, and its files hold what was written."""
    if not Path(f"{prefix}.index").exists() or not glob.glob(f"{glob.escape(str(prefix))}.data-*"):
        return False
    sums = Path(sums_path(str(prefix)))
    if not sums.exists():  # another program wrote it, and nothing speaks against it
        return True
    try:
        expected = read_json(sums) or {"": -1}
        return all(_sum_of_file(prefix.parent / name) == expected[name] for name in expected)
    except (ValueError, FileNotFoundError, IsADirectoryError):
        return False


def _sum_of_file(path: Path) -> int:
    with path.open("rb") as file:
        return sum_of(file)


def _files_of(prefix: Path) -> list[Path]:
    """The files of a checkpoint that are there, the index first: without it there is none."""
    parts = (str(prefix), input_path(str(prefix)))
    indexes = [f"{part}.index" for part in parts]
    data = [name for part in parts for name in sorted(glob.glob(f"{glob.escape(part)}.data-*"))]
    names = [*indexes, *data, f"{prefix}.meta", sums_path(str(prefix))]
    return [Path(name) for name in names if os.path.lexists(name)]


def _of_best_exports(folder: Path) -> set[str]:
    """The names of the checkpoints that a BestExporter's export was made of."""
    found = set()
    for path in folder.glob("export/*/best_result.json"):
        with contextlib.suppress(OSError, ValueError):
            content = read_json(path) or {}
            found |= {_step_of(content), _step_of(content.get("pending"))}
    return {f"{PREFIX}-{step}" for step in found if step is not None}


def _step_of(best: Any) -> int | None:
    """The step of the evaluation in a part of `best_result.json`."""
    try:
        return int(best["eval_result"]["global_step"])
    except (LookupError, TypeError, ValueError):
        return None


def _state(folder: Path) -> CheckpointState:
    try:
        return state_of((folder / FILE).read_text(errors="replace"))
    except FileNotFoundError:
        return CheckpointState()


def _take_out_of_list(folder: Path, names: set[str]) -> None:
    state = _state(folder)
    there = _lying_in(folder) - names
    kept = tuple(one for one in state.kept if one.name in there or one == state.kept[-1])
    if kept and kept != state.kept:
        write_whole(folder / FILE, text_of(CheckpointState(kept, state.last_preserved)))
