"""Which of two evaluation results is better."""

import difflib
import math
from typing import Any, Literal


class BetterMetric:
    """Compares one metric; an equal value is not better, and NaN never is.

    Args:
        metric: The key in the evaluation result.
        mode: `min` if smaller is better, `max` if larger is.

    Raises:
        ValueError: `mode` is neither.

    Example:
        >>> better = BetterMetric("accuracy", "max")
        >>> better(best_eval_result={"accuracy": 0.8}, current_eval_result={"accuracy": 0.9})
        True
    """

    def __init__(self, metric: str, mode: Literal["min", "max"]) -> None:
        if mode not in ("min", "max"):
            raise ValueError(f"BestExporter: mode must be 'min' or 'max'; received {mode!r}.")
        self.metric, self.mode = metric, mode

    def __call__(
        self, *, best_eval_result: dict[str, Any], current_eval_result: dict[str, Any]
    ) -> bool:
        """Returns whether the current value beats the best."""
        best, current = self.value(best_eval_result), self.value(current_eval_result)
        if math.isnan(best) or math.isnan(current):
            return not math.isnan(current)
        return current < best if self.mode == "min" else current > best

    def check(self, eval_result: dict[str, Any]) -> None:
        """Raises a ValueError if the metric is not in `eval_result`."""
        if self.metric in eval_result:
            return
        known = sorted(eval_result)
        near = difflib.get_close_matches(self.metric, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"BestExporter: the evaluation result has no {self.metric!r}, it has "
            f"{', '.join(map(repr, known)) or 'nothing'}.{hint}"
        )

    def value(self, eval_result: dict[str, Any]) -> float:
        """Returns the metric's value.

        Raises:
            ValueError: It is not in `eval_result`.
        """
        self.check(eval_result)
        return float(eval_result[self.metric])


_smaller_loss = BetterMetric("loss", "min")


def loss_smaller(*, best_eval_result: dict[str, Any], current_eval_result: dict[str, Any]) -> bool:
    """Whether `loss` has become smaller: how `BestExporter` compares if it is not told otherwise.

    Raises:
        ValueError: One of the results has no `loss`.
    """
    return _smaller_loss(best_eval_result=best_eval_result, current_eval_result=current_eval_result)
