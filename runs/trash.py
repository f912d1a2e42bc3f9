"""The trash of a root, `<root>/.trash`: runs that were removed and can be brought back.

A run lies there under its own id; so the trash is a root itself. Where that id is in the trash
already, as that of a copy can be, the next one goes to `.trash/2`, and so on.
"""

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from kerasrun.runs.at_work import is_at_work
from kerasrun.runs.disk import bytes_in
from kerasrun.runs.errors import AmbiguousRun, NoSuchRun, Refused, RunError, did_you_mean
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.listing import list_runs, run_ids
from kerasrun.runs.lock import FileLock, Locked, already_running
from kerasrun.runs.outcome import describe
from kerasrun.runs.query import find_id
from kerasrun.runs.sweep.find import with_trials

_FOLDER = ".trash"
_DELETED, _LOCK = "deleted", "lock"


class NotInTrash(NoSuchRun):
    """No run in the trash answers to the given id or name."""

    def __init__(self, asked: str, root: Path) -> None:
        known = [folder.name for folder in trashed(root)]
        held = f"it holds {', '.join(known[:5])}" if known else "it is empty"
        more = ", …" if len(known) > 5 else ""
        RunError.__init__(
            self,
            f"no run {asked!r} in the trash {root / _FOLDER}; {held}{more}."
            f"{did_you_mean(asked, known)}",
        )


def folders_of(asked: Sequence[str], root: Path, *, where: str | None = None) -> list[Path]:
    """The folders of the runs that are named, each once, then of those that fulfil a condition.

    A sweep stands for its trials.

    Unlike `kerasrun.runs.query.find_runs` it has those too that are named and cannot be read.

    Raises:
        NoSuchRun, AmbiguousRun: As `kerasrun.runs.query.find_run`.
        UsageError: The condition is wrong.
    """
    ids = [find_id(one, root) for one in with_trials(asked, root)]
    if where is not None:
        ids += [run.id for run in list_runs(root, where=where).runs]
    return [root / run_id for run_id in dict.fromkeys(ids)]


def check_can_be_removed(folders: Sequence[Path]) -> None:
    """Raises if one of these runs is at work.

    Raises:
        Refused: It names them.
        NoSuchRun: One is gone.
    """
    active = [folder.name for folder in folders if _is_at_work(folder)]
    if active:
        raise Refused(
            f"{', '.join(active)}: at work, nothing was removed. First `mlrun stop "
            f"{active[0][-4:]}`, or add --stop"
        )


def move_to_trash(folder: Path) -> Path:
    """Moves a run into the trash of its root, whole or not at all; returns where it lies.

    Raises:
        Refused: It is at work.
        NoSuchRun: It is gone.
        RunError: It cannot be moved.
    """
    trash = folder.parent / _FOLDER
    try:
        with _nobody_begins(folder):
            trash.mkdir(exist_ok=True)
            return _first_free(folder, trash)
    except FileNotFoundError:
        raise NoSuchRun(folder.name, str(folder.parent)) from None
    except OSError as error:
        raise RunError(
            f"run {folder.name} cannot be moved to {trash}: {error.strerror or error}"
        ) from error


def trashed(root: Path) -> list[Path]:
    """The folders of the runs in the trash of `root`, newest runs first."""
    found = [layer / run_id for layer in _layers(root) for run_id in run_ids(layer)]
    return sorted(found, key=lambda folder: folder.name, reverse=True)


def find_trashed(asked: str, root: Path) -> Path:
    """The folder in the trash that `asked` means; of two with one id, the one removed last.

    Args:
        asked: As for `kerasrun.runs.query.find_run`.
        root: Whose trash.

    Raises:
        NotInTrash: Nothing answers to it.
        AmbiguousRun: More than one run does.
    """
    found: dict[str, Path] = {}
    for layer in _layers(root):
        with contextlib.suppress(NoSuchRun):
            folder = layer / find_id(asked, layer)
            same = found.get(folder.name, folder)
            found[folder.name] = max(folder, same, key=lambda one: one.lstat().st_ctime_ns)
    if not found:
        raise NotInTrash(asked, root)
    if len(found) > 1:
        raise AmbiguousRun(asked, list(found))
    return next(iter(found.values()))


def to_restore(asked: Sequence[str] | None, root: Path) -> list[Path]:
    """The folders in the trash of the runs that are named, each once; None: of all.

    Of two with one id it is the one removed last.

    Raises:
        NotInTrash, AmbiguousRun: As `find_trashed`; nothing is restored then.
    """
    names = asked or [folder.name for folder in trashed(root)]
    return list(dict.fromkeys(find_trashed(name, root) for name in names))


def restore(folder: Path, root: Path) -> Path:
    """Brings a run back from the trash; returns where it lies now.

    Raises:
        Refused: There is a run of this id again.
        NotInTrash: It is gone.
        RunError: It cannot be moved.
    """
    target = root / folder.name
    try:
        _move(folder, target)
    except FileExistsError:
        raise Refused(
            f"run {folder.name} is not restored: {target} exists. Move it away, or "
            f"`mlrun rm {folder.name}`, which keeps both"
        ) from None
    except FileNotFoundError:
        raise NotInTrash(folder.name, root) from None
    except OSError as error:
        raise RunError(
            f"run {folder.name} cannot be restored: {error.strerror or error}"
        ) from error
    return target


def delete_trashed(root: Path, folders: Iterable[Path]) -> int:
    """Deletes runs in the trash for good; returns how many bytes that has freed.

    Each is renamed first: a run of which a kill leaves a part can no more be restored, and that
    part is deleted the next time.

    Raises:
        Refused: Another process is doing it.
        RunError: Something cannot be deleted.
    """
    trash = root / _FOLDER
    doomed = trash / _DELETED
    if not trash.is_dir():
        return 0
    try:
        with FileLock(trash / _LOCK, wait_secs=0.2):
            doomed.mkdir(exist_ok=True)
            for folder in folders:
                with contextlib.suppress(FileNotFoundError):  # restored meanwhile
                    _first_free(folder, doomed)
            size = bytes_in(doomed)
            shutil.rmtree(doomed)
    except Locked as error:
        raise Refused(f"the trash is being emptied: {error}") from None
    except OSError as error:
        raise RunError(f"the trash cannot be emptied: {describe(error)}") from error
    return size


def _is_at_work(folder: Path) -> bool:
    try:
        return is_at_work(folder)
    except FileNotFoundError:
        raise NoSuchRun(folder.name, str(folder.parent)) from None


def _layers(root: Path) -> list[Path]:
    """The trash, and the folders in it for runs whose id was there already, newest last."""
    trash = root / _FOLDER
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        numbers = sorted(int(name) for name in os.listdir(trash) if name.isdecimal())
        return [trash, *(trash / str(number) for number in numbers)]
    return []


def _first_free(folder: Path, into: Path) -> Path:
    number = 1
    while True:
        layer = into if number == 1 else into / str(number)
        layer.mkdir(exist_ok=True)
        with contextlib.suppress(FileExistsError):
            _move(folder, layer / folder.name)
            return layer / folder.name
        number += 1


def _move(source: Path, target: Path) -> None:
    """Renames; never over what is there.

    Raises:
        FileExistsError: `target` is there.
    """
    if source.is_symlink():
        if os.path.lexists(target):
            raise FileExistsError(target)
        source.rename(target)
        return
    source.stat()
    target.mkdir()  # claims the name; a rename replaces a folder that is empty
    try:
        source.rename(target)
    except BaseException:
        target.rmdir()
        raise


@contextmanager
def _nobody_begins(folder: Path) -> Iterator[None]:
    """Keeps a worker from beginning; a run that has no lock file has never had one."""
    lock = RunFiles(folder).lock
    if not lock.exists():
        yield
        return
    try:
        held = FileLock(lock, wait_secs=0.2)
    except Locked:
        raise already_running(RunFiles(folder)) from None
    with held:
        yield
