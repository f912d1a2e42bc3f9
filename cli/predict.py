"""`mlrun predict`: a run's model answers each row of a table."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from kerasrun.cli.options import Root, RunName, Traceback

if TYPE_CHECKING:
    from kerasrun.runs.table_output import TableWriter


def predict(
    run: RunName,
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA",
            help="A table *.csv, *.jsonl or *.parquet with the features as columns.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="Write the predictions there, *.csv, *.jsonl or *.parquet. Default: print CSV.",
            show_default=False,
        ),
    ] = None,
    features: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[KEY=]COLUMN,...",
            help="Which columns make which feature, as in `mlrun train`. Default: as it was "
            "trained, else the columns of the features' own names.",
            show_default=False,
        ),
    ] = None,
    checkpoint: Annotated[
        int | None,
        typer.Option(
            metavar="STEP",
            min=0,
            help="Ask this checkpoint. Default: the newest export, else the newest checkpoint.",
            show_default=False,
        ),
    ] = None,
    batch_size: Annotated[
        int, typer.Option(metavar="N", min=1, help="Rows that are read and asked at a time.")
    ] = 1024,
    root: Root = None,
    json: Annotated[
        bool,
        typer.Option("--json", help="Print JSON lines instead; with --out what was done, as JSON."),
    ] = False,
    traceback: Traceback = False,
) -> None:
    """Predict each row of a table with the newest export of a run."""
    from kerasrun.cli.errors import interruptible, readable_errors
    from kerasrun.cli.features import feature_columns
    from kerasrun.cli.json_shape import SCHEMA, to_text
    from kerasrun.runs.predict import PredictOrder, predict_run
    from kerasrun.runs.query import find_run
    from kerasrun.runs.root import runs_root

    screen = sys.stdout  # what the model file prints goes elsewhere meanwhile
    with interruptible("predicted in part only"), readable_errors(traceback=traceback):
        found = find_run(run, runs_root(root))
        order = PredictOrder(data, feature_columns(features or []) or {}, checkpoint, batch_size)
        with _writer(out, data, screen, json=json) as writer:
            done = predict_run(found, order, writer.write)
        if out is None:
            return
        if json:
            print(
                to_text(
                    {
                        "schema": SCHEMA,
                        "run": found.id,
                        "model": str(done.model),
                        "rows": done.rows,
                        "out": str(out),
                    }
                )
            )
        else:
            print(f"{done.rows:,} rows predicted by {_short(done.model, found.folder)}: {out}")


@contextlib.contextmanager
def _writer(
    out: Path | None, data: Path, screen: IO[str], *, json: bool
) -> "Iterator[TableWriter]":
    from kerasrun.cli.whole_file import written_whole
    from kerasrun.runs.errors import UsageError
    from kerasrun.runs.table_output import CsvWriter, JsonLinesWriter, ParquetWriter
    from kerasrun.runs.tables import kind_of

    if out is None:
        with JsonLinesWriter(screen) if json else CsvWriter(screen) as writer:
            yield writer
        return
    kind = kind_of(out, "--out ")
    if out.exists() and data.exists() and out.samefile(data):
        raise UsageError(f"--out {out} is the table itself: give another file")
    with written_whole(out) as aside:
        if kind == ".parquet":
            with ParquetWriter(aside) as parquet:
                yield parquet
            return
        with (
            aside.open("w", encoding="utf-8", newline="") as file,
            CsvWriter(file) if kind == ".csv" else JsonLinesWriter(file) as text,
        ):
            yield text


def _short(model: Path, folder: Path) -> Path:
    return model.relative_to(folder) if model.is_relative_to(folder) else model
