"""Which exports stay: the newest few."""

import os
import re

import tensorflow as tf

_VERSION = re.compile(r"\d{10}")


def checked_exports_to_keep(exporter: str, exports_to_keep: int | None) -> int | None:
    """Returns `exports_to_keep`.

    Raises:
        ValueError: It is neither None nor above 0.
    """
    if exports_to_keep is not None and exports_to_keep <= 0:
        raise ValueError(
            f"{exporter}: exports_to_keep must be a positive number, or None to keep all; "
            f"received {exports_to_keep!r}."
        )
    return exports_to_keep


def versions(export_path: str) -> list[str]:
    """Returns the exports in a folder, oldest first: the names made of exactly ten digits."""
    if not tf.io.gfile.isdir(export_path):
        return []
    names = (name.rstrip("/") for name in tf.io.gfile.listdir(export_path))  # gs:// ends them in /
    return sorted(name for name in names if _VERSION.fullmatch(name))


def newest_version(export_path: str) -> str | None:
    """Returns the newest export in a folder, a name of ten digits; None if there is none."""
    return next(reversed(versions(export_path)), None)


def newer_than(export_path: str, version: str | None) -> str | None:
    """Returns the path of the newest export, if it is newer than `version`; None if it is not."""
    newest = newest_version(export_path)
    if newest is None or (version is not None and newest <= version):
        return None
    return os.path.join(export_path, newest)


def remove_old_exports(export_path: str, exports_to_keep: int | None) -> None:
    """Removes all but the newest exports, and nothing else that lies in the folder.

    Args:
        export_path: The folder of one exporter.
        exports_to_keep: How many stay; None: all.
    """
    if exports_to_keep is None:
        return
    for name in versions(export_path)[:-exports_to_keep]:
        tf.io.gfile.rmtree(os.path.join(export_path, name))
