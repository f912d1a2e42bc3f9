"""Runs the benchmarks: `python -m benchmarks [--quick]`."""

import argparse

from benchmarks import start_up


def main() -> None:
    """Runs them all, in turn."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, as CI runs them")
    start_up.measure(parser.parse_args().quick)


if __name__ == "__main__":
    main()
