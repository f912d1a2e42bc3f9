"""Files that travel with an export, under `assets.extra/`."""

import os
import posixpath
from collections.abc import Mapping

import tensorflow as tf


def checked_assets_extra(assets_extra: Mapping[str, str] | None) -> dict[str, str]:
    """Returns `{relative destination: source path}`, the destinations in plain form.

    Raises:
        ValueError: A destination is absolute or leads out of `assets.extra/`, two are the same, or
            a source is no file.
    """
    checked: dict[str, str] = {}
    for destination, source in (assets_extra or {}).items():
        plain = posixpath.normpath(destination)
        if plain in (".", "..") or plain.startswith(("../", "/")) or "://" in destination:
            raise ValueError(
                f"assets_extra: the destination {destination!r} does not lie in assets.extra/. "
                "Expected a relative path to a file, without leading '..'."
            )
        if plain in checked:
            raise ValueError(f"assets_extra: two files have the destination {plain!r}.")
        if not tf.io.gfile.exists(source) or tf.io.gfile.isdir(source):
            raise ValueError(
                f"assets_extra: no file {source!r} for the destination {destination!r}. Expected "
                "{relative destination: path of an existing file}."
            )
        checked[plain] = source
    return checked


def copy_assets_extra(assets_extra: Mapping[str, str], folder: str) -> None:
    """Copies the files into `<folder>/assets.extra/`."""
    for destination, source in assets_extra.items():
        target = os.path.join(folder, "assets.extra", destination)
        tf.io.gfile.makedirs(os.path.dirname(target))
        tf.io.gfile.copy(source, target)
