"""Run ids: the UTC time and four hex digits, claimed by making the folder.

`mkdir` is atomic, on network disks too, so two runs can never share a folder; and because the
time comes first, sorting by name sorts by age.
"""

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from kerasrun.runs.errors import UsageError

_PATTERN = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4}")
_TRIES = 1000


def is_run_id(name: str) -> bool:
    """Whether `name` has the shape of a run id.

    >>> is_run_id("20261121-223015-a3f1"), is_run_id("a3f1")
    (True, False)
    """
    if _PATTERN.fullmatch(name) is None:
        return False
    try:
        started_at(name)
    except ValueError:  # such as a 31st of February
        return False
    return True


def short_id(run_id: str) -> str:
    """The four hex digits, which are nearly always enough to name a run."""
    return run_id[-4:]


def started_at(run_id: str) -> datetime:
    """When the id was given out, in UTC, to the second."""
    year, month, day = int(run_id[:4]), int(run_id[4:6]), int(run_id[6:8])
    hour, minute, second = int(run_id[9:11]), int(run_id[11:13]), int(run_id[13:15])
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def new_id(now: datetime, random_hex: str) -> str:
    """The id of a run that starts at `now` (any time zone)."""
    return f"{now.astimezone(UTC):%Y%m%d-%H%M%S}-{random_hex}"


def claim(
    root: Path,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    random_hex: Callable[[], str] = lambda: secrets.token_hex(2),
) -> Path:
    """Makes a new run folder under `root` and returns it.

    Args:
        root: Where runs live; made when missing.
        now: The clock.
        random_hex: Gives four hex digits.

    Raises:
        UsageError: `root` cannot be written.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        for _ in range(_TRIES):
            folder = root / new_id(now(), random_hex())
            try:
                folder.mkdir()
            except FileExistsError:
                continue
            return folder
    except OSError as error:
        raise cannot_make_a_run(root, error) from error
    raise UsageError(f"no free run id under {root} after {_TRIES} tries")


def cannot_make_a_run(root: Path, error: OSError) -> UsageError:
    """What to raise where the disk of `root` is full, read-only or not ours."""
    return UsageError(
        f"cannot make a run under {root}: {error.strerror or error}. "
        "Choose another place with --root or KERASRUN_ROOT."
    )
