"""Draws the ratios of a run of the benchmarks, and the goals.

Usage: python -m benchmarks.plot RESULTS.json PICTURE.svg
"""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("agg")

from matplotlib import pyplot as plt


def main() -> None:
    """Reads what `python -m benchmarks --json` wrote, and writes the picture."""
    results, picture = map(Path, sys.argv[1:])
    content = json.loads(results.read_text(encoding="utf-8"))
    faster = [one for one in content["ratios"] if "times faster than" in one["what"]]
    mpl.rcParams["svg.hashsalt"] = "the same bytes each time"
    figure, axes = plt.subplots(figsize=(9, 0.45 * len(faster) + 1.2))
    for place, one in enumerate(reversed(faster)):
        _bar(axes, place, one)
    axes.set_yticks(range(len(faster)), [one["what"] for one in reversed(faster)])
    axes.set_xscale("log")
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xlabel("times faster; the line is the goal")
    axes.set_title(content["machine"], fontsize=9)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(picture, metadata={"Date": None})


def _bar(axes: Any, place: int, one: dict[str, Any]) -> None:
    color = {True: "#2e7d32", False: "#c77700", None: "#607d8b"}[one["met"]]
    low, high = min(one["ratios"]), max(one["ratios"])
    axes.barh(place, one["median"] - 1, left=1, color=color, height=0.6)
    axes.plot([low, high], [place, place], color="black", linewidth=1.5)
    if one["goal"] is not None:
        axes.plot([one["goal"]] * 2, [place - 0.42, place + 0.42], color="black", linewidth=2)
    axes.text(max(high, 1) * 1.05, place, f"{one['median']:.1f}", va="center", fontsize=9)


if __name__ == "__main__":
    main()
