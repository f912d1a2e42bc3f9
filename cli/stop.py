"""`mlrun stop`: ends a run that is at work."""

import sys
from typing import Annotated

import typer

from kerasrun.cli.options import Json, Root, RunName


def stop(
    run: RunName,
    grace: Annotated[
        float,
        typer.Option(
            min=0, metavar="SECS", help="How long it may take to save a checkpoint and end."
        ),
    ] = 60.0,
    root: Root = None,
    json: Json = False,
) -> None:
    """Stop a run or sweep at work: it saves a checkpoint and ends, or is killed if it does not."""
    from kerasrun.cli.errors import readable_errors
    from kerasrun.cli.json_shape import run_json, to_text
    from kerasrun.runs.latest_step import latest_step
    from kerasrun.runs.query import find_run
    from kerasrun.runs.records import TRACKED
    from kerasrun.runs.root import runs_root
    from kerasrun.runs.stop import stop as stop_run
    from kerasrun.runs.sweep.find import sweep_meant
    from kerasrun.runs.sweep.stop import stop_sweep

    with readable_errors():
        folder = runs_root(root)
        if sweep := sweep_meant(run, folder):
            from kerasrun.cli.show_sweep import show_sweep

            stop_sweep(sweep, grace_secs=grace, notice=_say)
            if sweep.sweep_json.exists():
                show_sweep(sweep, json=json, other=False)
            return
        found = find_run(run, folder)
        try:
            ended = stop_run(found, grace_secs=grace, notice=_say)
        except KeyboardInterrupt:
            _say(f"interrupted: `mlrun show {found.id[-4:]}` tells what has become of it")
            raise typer.Exit(130) from None
        if json:
            print(to_text(run_json(ended)))
            return
        step = latest_step(ended.folder)
        kept = "no checkpoint" if step is None else f"a checkpoint of step {step:,}"
        goes_on = ended.status.state != "completed" and ended.record.get("kind") != TRACKED
        again = f".   mlrun resume {ended.id[-4:]}" if goes_on else ""
        print(f"{ended.id} {ended.status}, with {kept}{again}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
