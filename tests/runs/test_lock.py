import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kerasrun.bridge.file_lock import FileLock, Locked, holder_of, is_locked

HOLD = (
    "import sys; from kerasrun.bridge.file_lock import FileLock\n"
    "lock = FileLock(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


@pytest.fixture
def other(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_refusal_names_the_process_that_holds_the_lock(
    path: Path, other: subprocess.Popen[str]
) -> None:
    assert is_locked(path)
    with pytest.raises(Locked) as refused:
        FileLock(path, wait_secs=0.1)
    holder = refused.value.holder
    assert holder is not None
    assert (holder.pid, holder.host) == (other.pid, socket.gethostname())
    age = datetime.now(UTC) - datetime.fromisoformat(holder.since)
    assert 0 <= age.total_seconds() < 60
    assert str(refused.value) == (
        f"{path} is held by process {other.pid} on host {socket.gethostname()}, "
        f"since {holder.since}"
    )


def test_probing_and_reading_do_not_take_the_lock_away(
    path: Path, other: subprocess.Popen[str]
) -> None:
    for _ in range(50):
        assert is_locked(path)
        assert holder_of(path)


def test_a_kill_frees_the_lock_for_a_holder_of_another_name(
    path: Path, other: subprocess.Popen[str]
) -> None:
    path.write_text(path.read_text().rstrip("\n") + " " * 200 + "\n")
    other.kill()
    other.wait()
    assert not is_locked(path)
    with FileLock(path):
        assert json.loads(path.read_text())["pid"] == os.getpid()
        assert len(path.read_text()) < 200, "nothing is left of the longer line before"
    assert not is_locked(path)


def seen_by_another_process(path: Path) -> bool:
    probe = (
        "import sys; from kerasrun.bridge.file_lock import is_locked; print(is_locked(sys.argv[1]))"
    )
    command = [sys.executable, "-c", probe, str(path)]
    return subprocess.check_output(command, text=True) == "True\n"


def test_the_holder_sees_its_own_lock_and_keeps_it(path: Path) -> None:
    lock = FileLock(path)
    assert is_locked(path)
    with pytest.raises(Locked, match=f"held by process {os.getpid()} on host"):
        FileLock(str(path))
    holder = holder_of(path)
    assert holder is not None
    assert holder.pid == os.getpid()
    assert seen_by_another_process(path)
    lock.release()
    lock.release()
    assert not is_locked(path)
    FileLock(path).release()


def test_of_many_threads_one_gets_the_lock_and_keeps_it(path: Path) -> None:
    start, locks, refusals = threading.Barrier(8), [], []

    def take() -> None:
        start.wait()
        for _ in range(50):
            is_locked(path)
        try:
            locks.append(FileLock(path))
        except Locked as error:
            refusals.append(error)
        for _ in range(50):
            is_locked(path)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(locks), len(refusals)) == (1, 7)
    assert seen_by_another_process(path)
    locks[0].release()


@pytest.mark.parametrize(
    "damage",
    [b"", b"\xff\xfe", b"{", b"[1]", b'{"pid": 1}', b'{"pid": "x", "host": "y", "since": ""}'],
)
def test_a_holder_that_cannot_be_read_is_another_process(
    path: Path, other: subprocess.Popen[str], damage: bytes
) -> None:
    path.write_bytes(damage)
    with pytest.raises(Locked, match=r"lock is held by another process$") as refused:
        FileLock(path, wait_secs=0)
    assert refused.value.holder is None


def test_what_is_not_there_is_not_locked_and_cannot_be_taken(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "lock"
    assert not is_locked(path)
    with pytest.raises(FileNotFoundError) as error:
        FileLock(path)
    assert error.value.filename == str(path)


def test_the_lock_needs_no_tensorflow() -> None:
    code = "import sys, kerasrun.bridge.file_lock, kerasrun.runs.lock; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert not {"tensorflow", "keras", "numpy"} & set(loaded)
