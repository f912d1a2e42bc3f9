"""Runs the benchmarks: `python -m benchmarks [--quick] [--only NAME]... [--json FILE]`."""

import argparse
import json
import os
import platform
import signal
import sys
from importlib.metadata import version
from pathlib import Path

from benchmarks import (
    checkpoint_stall,
    csv_rows,
    embedding_columns,
    end_to_end,
    evaluation,
    runs_listing,
    scalars,
    serving,
    start_up,
    trackers,
    training,
    workers,
)
from benchmarks.verdicts import Verdict

_BENCHMARKS = {
    "start_up": start_up,
    "runs": runs_listing,
    "scalars": scalars,
    "trackers": trackers,
    "training": training,
    "columns": embedding_columns,
    "checkpoint": checkpoint_stall,
    "evaluation": evaluation,
    "csv": csv_rows,
    "serving": serving,
    "workers": workers,
    "end_to_end": end_to_end,
}
_NOT_IN_QUICK = {"evaluation", "csv", "trackers"}


def main() -> None:
    """Runs them in turn, and lists what they found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer of them, as CI runs them")
    parser.add_argument("--only", action="append", choices=_BENCHMARKS, help="may be repeated")
    parser.add_argument("--json", type=Path, help="a file for the ratios")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # ends servers, too
    names = given.only or [n for n in _BENCHMARKS if not (given.quick and n in _NOT_IN_QUICK)]
    print(_machine(), flush=True)
    verdicts: list[Verdict] = []
    for name in names:
        verdicts += _BENCHMARKS[name].measure(given.quick)
    print("\nmedians of the ratios, and their range")
    for verdict in verdicts:
        print(verdict)
    if given.json:
        found = [{**one._asdict(), "median": one.median, "met": one.met} for one in verdicts]
        content = {"machine": _machine(), "ratios": found}
        given.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _machine() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras"))
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {packages}"


if __name__ == "__main__":
    main()
