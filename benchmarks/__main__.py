"""Runs the benchmarks: `python -m benchmarks [--quick]`."""

import argparse

from benchmarks import checkpoint_stall, start_up, training


def main() -> None:
    """Runs them all, in turn."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, as CI runs them")
    quick = parser.parse_args().quick
    for benchmark in (start_up, training, checkpoint_stall):
        benchmark.measure(quick)


if __name__ == "__main__":
    main()
