"""`mlrun tag`: adds tags to runs and takes them away."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from kerasrun.cli.options import Json, Root, Where

# So that `-baseline` is no option; what begins with two is refused by hand.
CONTEXT = {"ignore_unknown_options": True}
_OPTIONS = ("--where", "--root", "--json", "--help")


def tag(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN]... [+TAG]... [-TAG]...",
            help="Which runs (see also --where), the tags to add and those to take away.",
            show_default=False,
        ),
    ] = None,
    where: Where = None,
    root: Root = None,
    json: Json = False,
) -> None:
    """Add tags to runs (+TAG) and take tags away (-TAG); without either, print them."""
    from kerasrun.cli.errors import readable_errors, warn_of
    from kerasrun.cli.json_shape import labels_json, to_text
    from kerasrun.runs.labels import change_labels, check_tag
    from kerasrun.runs.layout import RunFiles
    from kerasrun.runs.query import find_runs
    from kerasrun.runs.root import runs_root

    with readable_errors():
        names, add, remove = _parted(words or [])
        for one in add:
            check_tag(one)
        if not names and where is None:
            raise _missing()
        found = find_runs(names, runs_root(root), where=where, unreadable=warn_of)
        labels = {
            run.id: change_labels(RunFiles(run.folder), add=add, remove=remove)
            if add or remove
            else run.labels
            for run in found
        }
        if json:
            print(to_text(labels_json(labels)))
        else:
            for run_id, said in labels.items():
                print("  ".join([run_id, " ".join(said.tags)]).rstrip())
        if not found:
            print(f"no run fulfils --where {where!r}", file=sys.stderr)
        had = {one for run in found for one in run.labels.tags}
        for one in remove if found else []:
            if one not in had:
                print(f"note: none of them had the tag {one!r}", file=sys.stderr)


def _parted(words: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """The runs, the tags to add and those to take away."""
    from kerasrun.runs.errors import UsageError, did_you_mean

    for word in words:
        if word.startswith("--"):
            option = word.partition("=")[0]
            raise UsageError(f"there is no option {option}.{did_you_mean(option, _OPTIONS)}")
        if word in ("+", "-"):
            raise UsageError(f"{word!r} has no tag after it: expected {word}TAG")
    add = [word[1:] for word in words if word.startswith("+")]
    remove = [word[1:] for word in words if word.startswith("-")]
    if both := set(add) & set(remove):
        raise UsageError(f"tag {min(both)!r} is both added and taken away")
    return [word for word in words if word[0:1] not in ("+", "-")], add, remove


def _missing() -> Exception:
    from kerasrun.runs.errors import UsageError

    return UsageError("which runs? Name them, or give --where: mlrun tag RUN +TAG")
