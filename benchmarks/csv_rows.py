"""Rows a second out of a CSV file: `csv_input_fn` against one `decode_csv` a row, as of 2018.

Usage: python -m benchmarks.csv_rows SYSTEM FILE (a process of its own; prints JSON), or by
`python -m benchmarks`.
"""

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import answer
from benchmarks.verdicts import Verdict

GOAL = 10.0
_COLUMNS, _BATCH = 40, 256
_SYSTEMS = ("read as it is needed", "held in memory", "decode_csv a row")


def measure(quick: bool) -> Iterator[Verdict]:
    """Prints rows a second, in the first epoch; yields the ratios."""
    rows = 100_000 if quick else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.csv"
        _write(file, rows)
        rounds = [{s: _one(s, file, rows) for s in _SYSTEMS} for _ in range(2 if quick else 3)]
    for system in _SYSTEMS:
        rate = statistics.median(r[system] for r in rounds)
        print(f"csv        {rows:,} rows x {_COLUMNS}, {system:22} {rate:12,.0f} rows/s")
    for system in _SYSTEMS[:2]:
        ratios = [r[system] / r[_SYSTEMS[2]] for r in rounds]
        yield Verdict(f"csv {system}: times faster than decode_csv", ratios, GOAL)


def _write(file: Path, rows: int) -> None:
    chance = random.Random(1)
    names = [f"n{i}" for i in range(_COLUMNS - 1)] + ["label"]
    numbers = [f"{chance.random():.4f}" for _ in range(997)]
    with file.open("w") as out:
        out.write(",".join(names) + "\n")
        for row in range(rows):
            start = row * 31 % 950
            out.write(",".join(numbers[start : start + _COLUMNS - 1]) + f",{row % 3}\n")


def _one(system: str, file: Path, rows: int) -> float:
    found = answer([sys.executable, "-m", "benchmarks.csv_rows", system, str(file)])
    assert found["rows"] == rows, found
    return float(found["rows"] / found["secs"])


def main() -> None:
    """Reads the file once with the system that the command line names."""
    import tensorflow as tf

    from kerasrun.input_fns import csv_input_fn

    system, file = sys.argv[1:]

    def row_by_row() -> tf.data.Dataset:
        defaults = [[0.0]] * (_COLUMNS - 1) + [[0]]

        def decode(line: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
            *features, label = tf.io.decode_csv(line, defaults)
            return {f"n{i}": value for i, value in enumerate(features)}, label

        return tf.data.TextLineDataset(file).skip(1).map(decode).batch(_BATCH).prefetch(1)

    in_memory = 0 if system == _SYSTEMS[0] else 2**40
    ours = csv_input_fn(
        file, label="label", batch_size=_BATCH, shuffle=False, max_bytes_in_memory=in_memory
    )
    input_fn = row_by_row if system == _SYSTEMS[2] else ours
    begun = time.perf_counter()
    rows = input_fn().reduce(0, lambda count, batch: count + tf.size(batch[1]))
    count = int(rows)
    print(json.dumps({"rows": count, "secs": time.perf_counter() - begun}))


if __name__ == "__main__":
    main()
