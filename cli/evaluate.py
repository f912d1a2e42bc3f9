"""`mlrun evaluate`: evaluates a run's checkpoints, apart from its training."""

import sys
from typing import IO, Annotated, Any

import typer

from kerasrun.cli.options import Root, RunName, Traceback

_INTERRUPTED = 130


def evaluate(
    run: RunName,
    watch: Annotated[
        bool,
        typer.Option("--watch", help="Evaluate each new checkpoint until the run is over."),
    ] = False,
    name: Annotated[
        str,
        typer.Option(metavar="NAME", help="The results are written to eval_NAME in the run."),
    ] = "separate",
    steps: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Batches in an evaluation. Default: the run's own."),
    ] = None,
    checkpoint: Annotated[
        int | None,
        typer.Option(metavar="STEP", min=0, help="Which checkpoint. Default: the newest."),
    ] = None,
    root: Root = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print a line of JSON for each evaluation instead.")
    ] = False,
    traceback: Traceback = False,
) -> None:
    """Evaluate the newest checkpoint of a run, or each new one, beside its training."""
    from kerasrun.cli.errors import readable_errors
    from kerasrun.runs.job_evaluate import EvaluateOrder, evaluate_run
    from kerasrun.runs.query import find_run
    from kerasrun.runs.root import runs_root

    order = EvaluateOrder(name, steps, checkpoint, watch)
    out = sys.stdout  # what the model file prints goes elsewhere meanwhile
    with readable_errors(traceback=traceback):
        found = find_run(run, runs_root(root))
        try:
            evaluate_run(found, order, lambda result: _show(result, found.id, out, json=json))
        except KeyboardInterrupt:
            print("interrupted: the training, if there is one, goes on", file=sys.stderr)
            raise typer.Exit(_INTERRUPTED) from None


def _show(result: Any, run_id: str, out: IO[str], *, json: bool) -> None:
    from kerasrun.cli.json_shape import evaluation_line
    from kerasrun.cli.lines import eval_line

    print(evaluation_line(result, run_id) if json else eval_line(result), file=out, flush=True)
