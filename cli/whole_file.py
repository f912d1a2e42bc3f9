"""Files for people, whole or absent: written aside and renamed."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Gives a file beside `path` to write to, which takes its place at the end.

    Raises:
        UsageError: It cannot be written; the message says why.
    """
    from kerasrun.runs.errors import UsageError

    aside: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        os.close(handle)
        aside = Path(name)
        yield aside
        aside.chmod(0o666 & ~_umask())
        aside.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        if aside is not None:
            with contextlib.suppress(OSError):
                aside.unlink()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
