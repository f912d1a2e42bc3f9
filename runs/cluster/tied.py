"""Runs a command that ends with its parent: `python -m kerasrun.runs.cluster.tied PID COMMAND...`.

PID is the parent's. When that dies, the system sends SIGTERM, at which a training saves a
checkpoint. A SIGINT that the parent has blocked, as Ray does, is let through again. It becomes the
command: there is no process between the two.
"""

import ctypes
import os
import signal
import sys

_SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG


def main() -> None:
    """Becomes the command that the command line names."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, int(signal.SIGTERM))
    if os.getppid() != parent:  # it died before the system was asked
        sys.exit(128 + signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
