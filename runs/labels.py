"""What people say about a run afterwards: tags and a note, in `labels.json`.

`run.json` belongs to the process that runs; this file to whoever labels, one after the other.
"""

from collections.abc import Collection
from typing import NamedTuple

from kerasrun.runs.errors import UsageError
from kerasrun.runs.json_file import read_json, write_json
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.lock import FileLock
from kerasrun.runs.shape import check

SCHEMA = 1
_SHAPE = {"tags?": [str], "note?": str}


class Labels(NamedTuple):
    """What is said about a run.

    Attributes:
        tags: Words, in the order in which they were given.
        note: Free text; empty where there is none.
    """

    tags: tuple[str, ...] = ()
    note: str = ""


def read_labels(files: RunFiles) -> Labels:
    """What `labels.json` says; nothing where it is missing or damaged."""
    try:
        content = read_json(files.labels_json)
        check(content or {}, _SHAPE)
    except (OSError, ValueError):
        return Labels()
    found = content or {}
    return Labels(tuple(found.get("tags", ())), found.get("note", ""))


def change_labels(
    files: RunFiles,
    *,
    add: Collection[str] = (),
    remove: Collection[str] = (),
    note: str | None = None,
) -> Labels:
    """Adds and removes tags, and replaces the note unless it is None; returns what stands now.

    Raises:
        UsageError: A tag is not a word, or the note no text; or the folder cannot be written.
    """
    check_labels(add, note)
    try:
        with FileLock(files.labels_lock):
            known = read_labels(files)
            tags = [tag for tag in dict.fromkeys([*known.tags, *add]) if tag not in remove]
            changed = Labels(tuple(tags), known.note if note is None else note)
            if changed != known:
                content = {"schema": SCHEMA, "tags": tags, "note": changed.note}
                write_json(files.labels_json, content)
    except OSError as error:
        raise UsageError(
            f"run {files.folder.name} cannot be labelled: {error.strerror or error}"
        ) from error
    return changed


def check_tag(tag: str) -> None:
    """Raises unless `tag` can be named on a command line without quotes.

    Raises:
        UsageError: It cannot.
    """
    allowed = tag.replace("-", "").replace("_", "").replace(".", "").replace("/", "")
    if not allowed.isalnum() or tag[0] in "-+":
        raise UsageError(
            f"tag {tag!r}: expected a word of letters, digits, '-', '_', '.' and '/', "
            "beginning with a letter or digit"
        )


def check_labels(tags: Collection[str], note: str | None) -> None:
    """Raises unless each tag is one, and the note is text: a command line may hold any bytes.

    Raises:
        UsageError: It is not so.
    """
    for tag in tags:
        check_tag(tag)
    try:
        (note or "").encode()
    except UnicodeEncodeError:
        raise UsageError(f"note {note!r}: expected text in UTF-8") from None
