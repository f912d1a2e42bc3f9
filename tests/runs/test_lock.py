import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kerasrun.runs.lock import RunLock, is_locked

HOLD = (
    "import sys; from pathlib import Path; from kerasrun.runs.lock import RunLock\n"
    "lock = RunLock(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
)


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds `tmp_path / "lock"`."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "lock")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_lock_of_another_process_is_seen_and_refused(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    assert is_locked(tmp_path / "lock")
    with pytest.raises(BlockingIOError, match="held by another process"):
        RunLock(tmp_path / "lock", wait_secs=0.1)


def test_probing_does_not_take_the_lock_away(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    assert all(is_locked(tmp_path / "lock") for _ in range(50))


def test_a_kill_frees_the_lock(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait()
    assert not is_locked(tmp_path / "lock")
    RunLock(tmp_path / "lock").release()


def test_the_holder_sees_its_own_lock_and_keeps_it(tmp_path: Path) -> None:
    lock = RunLock(tmp_path / "lock")
    assert is_locked(tmp_path / "lock")
    with pytest.raises(BlockingIOError, match="already locked by this process"):
        RunLock(tmp_path / "lock")
    probe = (
        "import sys; from pathlib import Path; from kerasrun.runs.lock import is_locked\n"
        "print(is_locked(Path(sys.argv[1])))"
    )
    command = [sys.executable, "-c", probe, str(tmp_path / "lock")]
    assert subprocess.check_output(command, text=True) == "True\n"
    lock.release()
    assert not is_locked(tmp_path / "lock")


def test_a_file_that_is_not_there_is_not_locked(tmp_path: Path) -> None:
    assert not is_locked(tmp_path / "lock")
