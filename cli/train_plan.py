"""`mlrun train` that does not wait for the run: `--dry-run`, `--needed` and `--background`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerasrun.runs.launch import TrainOrder


def only_planned(order: "TrainOrder", root: Path, *, dry_run: bool, json: bool) -> bool:
    """Prints the record of what would be run, or the run that has done it already.

    Args:
        order: What is to be trained.
        root: Where the runs live.
        dry_run: Whether nothing is to be run in any case.
        json: Whether a run that has done it is printed as JSON.

    Returns:
        Whether that is all.
    """
    from kerasrun.cli.json_shape import run_json, to_text
    from kerasrun.runs.needed import done_already

    record = _planned(order)
    if dry_run:
        print(to_text(record))
        return True
    done = done_already(record, root)
    if done is None:
        return False
    if json:
        print(to_text(run_json(done)))
    print(f"run {done.id} has done this already: nothing to do", file=sys.stderr)
    return True


def start_and_leave(order: "TrainOrder", root: Path, *, json: bool) -> None:
    """Starts the run in the background, and says how to follow and stop it."""
    from kerasrun.cli.json_shape import run_json, to_text
    from kerasrun.cli.lines import run_line
    from kerasrun.runs.background import start_in_background
    from kerasrun.runs.launch import prepare
    from kerasrun.runs.run import read_run

    files, record = prepare(order, root)
    start_in_background(files.folder)
    if json:
        print(to_text(run_json(read_run(files.folder))))
        return
    short = files.folder.name[-4:]
    print(run_line(files.folder, record))
    print(f"started in the background   mlrun logs -f {short} · mlrun stop {short}")


def _planned(order: "TrainOrder") -> dict[str, Any]:
    """What `run.json` would be, made in a folder that is removed."""
    import tempfile

    from kerasrun.runs.launch import prepare

    with tempfile.TemporaryDirectory() as folder:
        _, record = prepare(order, Path(folder))
    return record
