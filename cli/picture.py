"""Curves as a picture, drawn by matplotlib."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerasrun.runs.curves import RunCurve

_DOTS_PER_INCH = 100


def draw(
    path: Path,
    kind: str,
    curves: "Mapping[str, list[RunCurve]]",
    *,
    x: str,
    smooth: float,
    log: bool,
    size: tuple[int, int],
) -> None:
    """Writes a picture with one plot a metric, one below the other.

    Args:
        path: Where.
        kind: `png` or `svg`.
        curves: By metric.
        x: `step` or `time`.
        smooth: How much the points before one count; then the points themselves are drawn pale.
        log: Whether the vertical axis is logarithmic.
        size: Width and height of each plot in pixels.

    Raises:
        UsageError: matplotlib is not installed.
    """
    from kerasrun.runs.errors import UsageError

    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError(
            f"a picture needs matplotlib ({error}): pip install 'kerasrun[plot]'"
        ) from error
    width, height = (pixels / _DOTS_PER_INCH for pixels in size)
    with mpl.rc_context({"svg.hashsalt": "the same bytes each time", "text.parse_math": False}):
        figure = Figure(figsize=(width, height * len(curves)), layout="constrained")
        for place, (metric, some) in enumerate(curves.items()):
            axes = figure.add_subplot(len(curves), 1, place + 1)
            _plot(axes, some, x, smooth)
            axes.set(title=metric, xlabel="seconds" if x == "time" else "step")
            if log:
                axes.set_yscale("log", nonpositive="mask")
        metadata = {"Date": None} if kind == "svg" else {}
        figure.savefig(path, format=kind, dpi=_DOTS_PER_INCH, metadata=metadata)


def _plot(axes: Any, curves: "Sequence[RunCurve]", x: str, smooth: float) -> None:
    from kerasrun.cli.plot import xs_of
    from kerasrun.runs.curves import smoothed

    for number, one in enumerate(curves):
        xs, values = xs_of(one, x), one.curve.points.values.tolist()
        look = {"color": f"C{number % 10}", "marker": "o" if len(values) < 20 else ""}
        if smooth:
            axes.plot(xs, values, **look, alpha=0.25)
        name = one.run.name or one.run.id
        label = f"{name} · {one.curve.group}"
        # A leading underscore would keep it out of the legend.
        axes.plot(xs, smoothed(values, smooth) if smooth else values, **look, label=f" {label}")
    axes.grid(visible=True, alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    if len(curves) <= 20:
        axes.legend(fontsize="small", frameon=False)
