"""One evaluation: the metrics of a program over a dataset."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasrun.bridge.interrupts import Interrupts
from kerasrun.bridge.loop import Running
from kerasrun.bridge.program import Program

_ALL = 2**62


def evaluate_program(program: Program, running: Running, interrupts: Interrupts) -> dict[str, Any]:
    """Goes over the whole dataset.

    Args:
        program: The model, its variables loaded.
        running: A pass over the evaluation data.
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
    while running.run_up_to(_ALL).more:
        interrupts.raise_if_any()
    results = program.metric_results()
    if "global_step" in results:
        raise ValueError("Rename the metric 'global_step': the result has an entry of that name.")
    ordered = {name: results[name] for name in sorted(results)}
    return {**ordered, "global_step": np.int64(program.global_step.numpy())}


def readable(result: Mapping[str, Any]) -> str:
    """`accuracy = 0.9, loss = 0.5`, as the log line has it."""
    return ", ".join(f"{name} = {result[name]}" for name in sorted(result))
