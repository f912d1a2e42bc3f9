import math

import pytest

from kerasrun.runs.errors import UsageError
from kerasrun.runs.sweep.pruning import halving_rule, median_rule, rule_named

GOOD = [[(10, 0.5), (20, 0.3), (30, 0.2)]] * 4


def test_what_is_worse_than_the_median_of_the_others_ends() -> None:
    assert median_rule([(10, 0.9)], GOOD) == "worse than the median of 4 others at step 10"
    assert median_rule([(10, 0.5)], GOOD) == ""
    # by its best so far, beside the mean of what the others had by then
    assert median_rule([(10, 0.39), (20, 0.9)], GOOD) == ""
    assert median_rule([(10, 0.41), (20, 0.9)], GOOD) != ""


def test_too_few_others_end_nothing() -> None:
    assert median_rule([(10, 9.0)], GOOD[:3]) == ""
    assert median_rule([(40, 9.0)], GOOD) == ""  # none has come so far
    assert median_rule([], GOOD) == ""


def test_a_loss_that_is_not_finite_is_the_worst() -> None:
    assert median_rule([(10, math.inf)], GOOD) != ""
    assert median_rule([(10, 0.9)], [[(10, math.inf)]] * 4) == ""


def test_a_third_goes_on_at_each_rung() -> None:
    others = [[(10, 0.1), (20, 0.1), (30, 0.1)], [(10, 0.5)]]
    assert halving_rule([(10, 0.3)], others) == "not among the best third of 3 at step 10"
    assert halving_rule([(10, 0.05)], others) == ""
    # between rungs it is judged by the rung that it has passed
    assert halving_rule([(10, 0.05), (20, 0.9)], others) == ""
    # at 30 only one other has come: too few
    assert halving_rule([(10, 0.05), (20, 0.9), (30, 0.9)], others) == ""
    assert halving_rule([(10, 0.3)], others[:1]) == ""
    assert halving_rule([], others) == ""


def test_a_rule_that_there_is_not_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"--prune meadian: expected one of .*'median'\?"):
        rule_named("meadian")
