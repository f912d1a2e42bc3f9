"""A process that ends with its parent."""

import signal
import subprocess
import sys

import pytest

_PARENT = """
import os, signal, subprocess, sys, time
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # as Ray does
child = subprocess.Popen(
    [sys.executable, "-m", "kerasrun.runs.cluster.tied", str(os.getpid()), sys.executable, "-c",
     "import signal, time; print(signal.SIGINT in signal.pthread_sigmask(0, []), flush=True); "
     "time.sleep(60)"]
)
time.sleep(60)
"""
_TIED = [sys.executable, "-m", "kerasrun.runs.cluster.tied"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of a parent's death")
def test_a_process_is_ended_when_its_parent_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout as out:
        assert out.readline() == "False\n"  # SIGINT is let through again
        parent.kill()
        parent.wait()
        assert out.read() == ""  # the end comes once the child, too, is gone


def test_a_process_whose_parent_has_died_already_is_not_begun() -> None:
    done = subprocess.run([*_TIED, "1", sys.executable, "-c", "print(1)"], capture_output=True)
    assert (done.returncode, done.stdout) == (128 + signal.SIGTERM, b"")
