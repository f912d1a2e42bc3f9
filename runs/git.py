"""The state of the git working tree around a model file; everything works without git."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

_TIMEOUT_SECS = 10
_MAX_DIFF_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True)
class GitState:
    """Where the code stood.

    Attributes:
        commit: The full hash of HEAD.
        branch: Its branch, or None when detached.
        dirty: Whether tracked files differ from HEAD.
        diff: `git diff HEAD` in binary form, cut at 10 MiB.
    """

    commit: str
    branch: str | None
    dirty: bool
    diff: bytes


def git_state(folder: Path) -> GitState | None:
    """The state of the working tree that holds `folder`; None outside one or without git."""
    commit = _git(folder, "rev-parse", "--verify", "HEAD")
    if commit is None:
        return None
    branch = _git(folder, "symbolic-ref", "--short", "-q", "HEAD")
    diff = _git(folder, "diff", "HEAD", "--binary", "--no-color", "--no-ext-diff") or b""
    return GitState(
        commit=commit.decode().strip(),
        branch=branch.decode().strip() if branch else None,
        dirty=bool(diff),
        diff=diff[:_MAX_DIFF_BYTES],
    )


def _git(folder: Path, *arguments: str) -> bytes | None:
    # Without optional locks a status can never get in the way of the user's own git.
    command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT_SECS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
