"""`mlrun note`: what is to be remembered about a run."""

import sys
from typing import Annotated

import typer

from kerasrun.cli.options import Json, Root, RunName


def note(
    run: RunName,
    text: Annotated[
        str | None,
        typer.Argument(metavar="[TEXT]", help="The new note; none: print it.", show_default=False),
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Remove the note.")] = False,
    root: Root = None,
    json: Json = False,
) -> None:
    """Write a note on a run, in place of the one before; or print it."""
    from kerasrun.cli.errors import readable_errors
    from kerasrun.cli.json_shape import labels_json, to_text
    from kerasrun.runs.errors import UsageError
    from kerasrun.runs.labels import change_labels
    from kerasrun.runs.layout import RunFiles
    from kerasrun.runs.query import find_run
    from kerasrun.runs.root import runs_root

    with readable_errors():
        if clear and text is not None:
            raise UsageError("--clear takes no text: it removes the note")
        if text is not None and not text.strip():
            raise UsageError("the note is empty: --clear removes the one that is there")
        found = find_run(run, runs_root(root))
        labels = found.labels
        if clear or text is not None:
            labels = change_labels(RunFiles(found.folder), note=text or "")
        if json:
            print(to_text(labels_json({found.id: labels})))
        elif text is None and not clear:
            if labels.note:
                print(labels.note)
            else:
                print(f"run {found.id} has no note", file=sys.stderr)
