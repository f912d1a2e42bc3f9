"""A disk that is full, read-only or not ours: what becomes of the run, and what is said."""

import contextlib
import os
import subprocess
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kerasrun.cli.main import app
from kerasrun.runs.errors import UsageError
from kerasrun.runs.launch import TrainOrder, launch
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.run import read_run
from kerasrun.runs.supervisor import Silent, supervise
from tests.runs.conftest import new_run, worker_command

SIZE = 256 * 1024
NOBODY = 65534

# Within a job: takes all the room that is left, or gives it back.
FILL = """
ballast = Path(sys.argv[1]).parent / "ballast"
def fill():
    import resource
    if os.path.ismount(ballast.parent):
        with ballast.open("wb", buffering=0) as file:
            for size in (4096, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    pass
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
def free():
    import resource
    ballast.unlink(missing_ok=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
"""

Mount = Callable[..., Path]
Supervise = Callable[..., Any]


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Puts a small real disk somewhere below `tmp_path`."""
    mounted: list[Path] = []

    def at(name: str, options: str = f"size={SIZE}") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("no disk can be mounted here")
        mounted.append(folder)
        return folder

    yield at
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def disk(mount: Mount, tmp_path: Path) -> Path:
    """A small disk; where none can be mounted, a folder in which no file can grow when told so."""
    try:
        return mount("disk")
    except pytest.skip.Exception:
        return tmp_path / "disk"


def fill(disk: Path) -> Path:
    """Takes all the room that is left there."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    return ballast


@pytest.fixture
def work(tmp_path: Path) -> Supervise:
    """Does a job in a real worker, to its end."""

    def do(files: RunFiles, code: str) -> Any:
        command = worker_command(tmp_path / "job.py", files, FILL + textwrap.dedent(code))
        return supervise(files.folder, command=command)

    return do


PRINTS = """
import logging
fill()
task.began = True
for number in range(300):
    print("x" * 100)
    print("y" * 100, file=sys.stderr)
    logging.getLogger().warning("z" * 100)
    sys.stdout.buffer.write(b"b" * 100)
    sys.stdout.flush()
"""


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("", "completed"),
        ("raise RuntimeError('no such column')", "failed (RuntimeError: no such column)"),
    ],
)
def test_a_print_onto_a_full_disk_does_not_end_the_job(
    disk: Path, work: Supervise, code: str, status: str
) -> None:
    files = new_run(disk)
    ended = work(files, PRINTS + code)
    assert files.output_log.stat().st_size < 100 * 300, "the disk was never full"
    assert str(read_run(files.folder).status) == status
    assert ended.outcome.code == (1 if code else 0)


def test_what_had_no_room_comes_with_the_next_write(disk: Path, work: Supervise) -> None:
    files = new_run(disk)
    work(
        files,
        """
        task.metrics.evaluated(None, 1, {"loss": 3.0})
        kept = task.files.metrics_json.read_bytes()
        fill()
        for step in range(2, 300):
            task.metrics.evaluated(f"long name {step}" * 10, step, {"loss": 2.0})
        assert task.files.metrics_json.read_bytes() != b""
        assert b'"last_step": 299' not in task.files.metrics_json.read_bytes()
        free()
        task.metrics.evaluated(None, 300, {"loss": 1.0})
        """,
    )
    run = read_run(files.folder)
    assert str(run.status) == "completed"
    loss = run.metrics["metrics"]["eval"]["loss"]
    assert (loss["first"], loss["last"], loss["n"]) == (3.0, 1.0, 2)
    assert len(run.metrics["metrics"]) == 299
    assert not list(files.folder.glob(".*.tmp"))


def test_an_attempt_that_has_no_room_leaves_the_run_as_it_was(
    mount: Mount, work: Supervise
) -> None:
    disk = mount("disk")
    files = new_run(disk)
    work(files, "sys.exit(3)")
    before = {path.name: path.read_bytes() for path in files.folder.iterdir() if path.is_file()}
    ballast = fill(disk)
    with pytest.raises(UsageError) as error:
        work(files, "pass")
    assert str(error.value) == (
        f"the worker could not begin: No space left on device: {files.run_json}"
    )
    for name in ("run.json", "exit.json"):
        assert (files.folder / name).read_bytes() == before[name]
    assert not list(files.folder.glob(".*.tmp"))
    ballast.unlink()
    work(files, "pass")
    run = read_run(files.folder)
    assert str(run.status) == "completed"
    assert run.attempts[0]["outcome"]["reason"] == "sys.exit(3)"


def test_a_new_run_that_no_worker_can_begin_leaves_no_folder(mount: Mount, tmp_path: Path) -> None:
    disk = mount("disk")
    (tmp_path / "net.py").write_text("")
    order = TrainOrder(model="net.py", argv=["mlrun", "train"], cwd=tmp_path)

    def filled(folder: Path, record: dict[str, Any]) -> Silent:
        assert folder.parent == disk
        fill(disk)
        return Silent()

    with pytest.raises(UsageError, match=r"No space left on device: .*/run\.json$"):
        launch(order, disk, listener_for=filled)
    assert [path.name for path in disk.iterdir()] == ["ballast"]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder with a model file where everybody may look."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "net.py").write_text("")
        yield folder


@contextlib.contextmanager
def powerless() -> Iterator[None]:
    """Permissions hold for root, too: it is nobody meanwhile."""
    with tempfile.TemporaryDirectory() as name:  # imports what nobody may not read, perhaps
        new_run(Path(name))
        CliRunner().invoke(app, ["runs", "--root", name])
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.mark.parametrize("room", [0, 1, 2, 3])
def test_training_into_a_full_disk_is_one_line(mount: Mount, open_folder: Path, room: int) -> None:
    """With room for some of the run's files, too: up to three blocks the worker cannot begin."""
    root = mount("disk")
    ballast = fill(root)
    os.truncate(ballast, ballast.stat().st_size - 4096 * room)
    code, out, err = train(open_folder, root)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("error: ")
    assert "No space left on device" in err
    assert str(root) in err
    assert [path.name for path in root.iterdir()] == ["ballast"]


def test_training_into_a_read_only_disk_is_one_line(mount: Mount, open_folder: Path) -> None:
    root = mount("disk", "size=64k,ro")
    assert train(open_folder, root) == refusal(root, "Read-only file system")


@pytest.mark.parametrize("below", [".", "new/runs"])
def test_training_into_a_folder_of_others_is_one_line(open_folder: Path, below: str) -> None:
    theirs = open_folder / "theirs"
    theirs.mkdir(mode=0o555)
    with powerless():
        answer = train(open_folder, theirs / below)
    assert answer == refusal(theirs / below, "Permission denied")
    assert list(theirs.iterdir()) == []


def test_a_root_of_others_cannot_be_listed_and_says_so(open_folder: Path) -> None:
    theirs = open_folder / "theirs"
    theirs.mkdir(mode=0o700)
    os.chmod(theirs, 0o000)
    with powerless():
        result = CliRunner().invoke(app, ["runs", "--root", str(theirs)])
    assert result.exit_code == 2
    assert result.stderr == f"error: cannot list the runs: Permission denied: {theirs}\n"


def test_a_run_of_others_is_unreadable_and_hides_no_other(open_folder: Path) -> None:
    root = open_folder / "runs"
    theirs = new_run(root, "20261121-223015-a3f1")
    new_run(root, "20261121-223015-77d0")
    theirs.lock.touch(mode=0o600)
    theirs.lock.chmod(0o000)
    with powerless():
        result = CliRunner().invoke(app, ["runs", "--root", str(root)])
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1].startswith("20261121-223015-77d0")
    assert result.stderr == (
        f"warning: run {theirs.folder.name} cannot be read: Permission denied: {theirs.lock}\n"
    )


def train(folder: Path, root: Path) -> tuple[int, str, str]:
    model = str(folder / "net.py")
    result = CliRunner().invoke(app, ["train", "--model", model, "--root", str(root)])
    return result.exit_code, result.stdout, result.stderr


def refusal(root: Path, why: str) -> tuple[int, str, str]:
    hint = "Choose another place with --root or KERASRUN_ROOT."
    return 2, "", f"error: cannot make a run under {root}: {why}. {hint}\n"
