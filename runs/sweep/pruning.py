"""Which trial need not go on: judged by its evaluations beside those of the others.

Both rules are pure functions of the curves, so that a sweep that is resumed judges as before.
"""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence

from kerasrun.runs.errors import UsageError, did_you_mean

Curve = Sequence[tuple[int, float]]  # step and cost, by ascending steps; less is better
Rule = Callable[[Curve, Sequence[Curve]], str]

_LEAST_OTHERS = 4
_REDUCTION = 3


def rule_named(name: str) -> Rule:
    """The rule of `--prune`.

    Raises:
        UsageError: There is none of this name.
    """
    if name not in _RULES:
        near = did_you_mean(name, _RULES)
        raise UsageError(f"--prune {name}: expected one of {', '.join(_RULES)}.{near}")
    return _RULES[name]


def median_rule(curve: Curve, others: Sequence[Curve]) -> str:
    """The median stopping rule: worse at its best than the median of the others at its last step.

    Four others must have come as far. The others count by the mean of what they had reached by
    then (Golovin et al., 2017, Google Vizier, 3.2.2).

    Args:
        curve: Of the trial.
        others: Of the other trials.

    Returns:
        Why it need not go on; empty where it shall.
    """
    if not curve:
        return ""
    step, best = curve[-1][0], min(cost for _, cost in curve)
    means = [
        statistics.fmean(cost for at, cost in other if at <= step)
        for other in others
        if other and other[-1][0] >= step and other[0][0] <= step
    ]
    means = [mean for mean in means if not math.isnan(mean)]
    if len(means) < _LEAST_OTHERS or best <= statistics.median(means):
        return ""
    return f"worse than the median of {len(means)} others at step {step:,}"


def halving_rule(curve: Curve, others: Sequence[Curve]) -> str:
    """Successive halving without waiting (ASHA; Li et al., 2020): a third goes on at each rung.

    The rungs are the first evaluation, three times its step, nine times, and so on. At a rung a
    trial is among the best third of those that have come there, or ends.

    Args:
        curve: Of the trial.
        others: Of the other trials.

    Returns:
        Why it need not go on; empty where it shall.
    """
    if not curve or len(others) < _REDUCTION - 1:
        return ""
    first, step = min(one[0][0] for one in (curve, *others) if one), curve[-1][0]
    rung = max(1, first)
    while rung * _REDUCTION <= step:
        rung *= _REDUCTION
    mine = _at(curve, rung)
    theirs = [cost for other in others if (cost := _at(other, rung)) is not None]
    if mine is None or len(theirs) + 1 < _REDUCTION:
        return ""
    better = sum(cost < mine for cost in theirs)
    if better < max(1, (len(theirs) + 1) // _REDUCTION):
        return ""
    return f"not among the best third of {len(theirs) + 1} at step {rung:,}"


def _at(curve: Curve, rung: int) -> float | None:
    """The cost at the first evaluation from the rung on."""
    return next((cost for step, cost in curve if step >= rung), None)


_RULES: Mapping[str, Rule] = {"median": median_rule, "halving": halving_rule}
RULES = tuple(_RULES)
