"""This machine and this process: who ran it, where, on which start of the machine."""

import getpass
import os
import platform
import socket
from pathlib import Path
from typing import Any


def describe_host() -> dict[str, Any]:
    """`name`, `user`, `boot_id`, `platform` and `python` of here and now."""
    return {
        "name": socket.gethostname(),
        "user": _user(),
        "boot_id": boot_id(),
        "platform": platform.platform(),
        "python": platform.python_version(),
    }


def boot_id() -> str | None:
    """A value that changes when the machine is started anew; None where there is none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None


def oom_kills() -> int:
    """How many processes of this control group the kernel has killed for lack of memory."""
    try:
        groups = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return 0
    return max((_group_oom_kills(line) for line in groups), default=0)


def _group_oom_kills(line: str) -> int:
    _, controllers, path = line.split(":", 2)
    if controllers == "memory":
        file = Path("/sys/fs/cgroup/memory") / path.lstrip("/") / "memory.oom_control"
    elif controllers == "":
        file = Path("/sys/fs/cgroup") / path.lstrip("/") / "memory.events"
    else:
        return 0
    try:
        words = [line.split() for line in file.read_text().splitlines()]
    except OSError:
        return 0
    return next((int(word[1]) for word in words if word[0] == "oom_kill"), 0)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return str(os.getuid())
