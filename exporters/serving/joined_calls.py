"""Several calls of a model as one, and its answer as theirs."""

import contextlib
import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasrun.exporters.serving.servable import Call, Servable

Answer = dict[str, NDArray[Any]]


def answers(servable: Servable, calls: list[Call]) -> list[Answer | Exception]:
    """Returns the answer to each call, or why there is none."""
    if len(calls) > 1:
        # Whatever fails here belongs to one of them: which one, shows when each is run alone.
        with contextlib.suppress(Exception):
            together = _split(servable.execute(_joined(calls)), calls)
            if together is not None:
                return together
    return [_alone(servable, call) for call in calls]


def _alone(servable: Servable, call: Call) -> Answer | Exception:
    try:
        return servable.execute(call)
    except Exception as error:
        return error


def _joined(calls: list[Call]) -> Call:
    first = calls[0]
    inputs = {name: np.concatenate([each.inputs[name] for each in calls]) for name in first.inputs}
    return first._replace(inputs=inputs)


def _split(answer: Answer, calls: list[Call]) -> list[Answer | Exception] | None:
    """Returns each call's part; None if the model did not answer row by row."""
    ends = list(itertools.accumulate([len(next(iter(each.inputs.values()))) for each in calls]))
    if any(each.ndim == 0 or len(each) != ends[-1] for each in answer.values()):
        return None
    return [
        {name: each[start:end] for name, each in answer.items()}
        for start, end in zip([0, *ends], ends, strict=False)
    ]
