"""One evaluation: the metrics of a program over a dataset."""

import logging
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np

from kerasrun.bridge.hooks.hook_calls import HookCalls
from kerasrun.bridge.interrupts import Interrupts
from kerasrun.bridge.loop import Running
from kerasrun.bridge.program import Program
from kerasrun.bridge.summaries import SummaryWriter

_LOGGER = logging.getLogger("tensorflow")


def evaluate_program(
    program: Program, running: Running, session: HookCalls, interrupts: Interrupts
) -> dict[str, Any]:
    """Goes over the whole dataset.

    Args:
        program: The model, its variables loaded.
        running: A pass over the evaluation data.
        session: The hooks.
        interrupts: Heard between the calls of the loop.

    Returns:
        `loss` and the metrics in alphabetical order, `global_step` last: numpy scalars, float32
        and int64.

    Raises:
        ValueError: A metric is called `global_step`.
        KeyboardInterrupt: On Ctrl-C.
        SystemExit: On SIGTERM.
    """
    program.reset_metrics()
    _LOGGER.info("Starting evaluation at %s", datetime.now().isoformat(timespec="seconds"))
    begun = time.perf_counter()
    session.begin()
    more, stop = True, False
    while more and not stop:
        interrupts.raise_if_any()
        more, stop = _advance(running, session)
    session.end()
    _LOGGER.info("Inference Time : %.5fs", time.perf_counter() - begun)
    _LOGGER.info("Finished evaluation at %s", datetime.now().isoformat(timespec="seconds"))
    results = program.metric_results()
    if "global_step" in results:
        raise ValueError("Rename the metric 'global_step': the result has an entry of that name.")
    ordered = {name: results[name] for name in sorted(results)}
    return {**ordered, "global_step": np.int64(program.global_step.numpy())}


def _advance(running: Running, session: HookCalls) -> tuple[bool, bool]:
    """One call of the loop; returns whether there may be more data, and whether a hook stops it."""
    watched = session.watches_next
    if watched:
        session.before_run()
    if watched and session.step is not None:
        ran = running.run_one(session.step)
    else:
        ran = running.run_up_to(1 if watched else session.unwatched())
    stop = session.after_run(ran.steps, ran.loss) if ran.steps else False
    return ran.more, stop


def record_evaluation(result: Mapping[str, Any], writer: SummaryWriter, path: str | None) -> None:
    """Writes the results of the checkpoint `path` as summaries, and logs them."""
    step = int(result["global_step"])
    values = {name: value for name, value in result.items() if name != "global_step"}
    writer.scalars(values, step)
    if path:
        writer.text("checkpoint_path", path, step)
    writer.flush()
    listed = ", ".join(f"{name} = {result[name]}" for name in sorted(result))
    _LOGGER.info("Saving dict for global step %d: %s", step, listed)
    if path:
        _LOGGER.info("Saving 'checkpoint_path' summary for global step %d: %s", step, path)
