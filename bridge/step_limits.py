"""How many steps: what `train`, `evaluate` and the specs are told about where to end."""

import math


def whole(what: str, value: float | None) -> int | None:
    """Returns a number of steps, rounded up as `tf.estimator` did; None stays None.

    Args:
        what: How the error calls it, such as `evaluate: steps`.
        value: The number.

    Raises:
        ValueError: It is not above 0.
    """
    if value is None:
        return None
    if not value > 0 or math.isinf(value):
        raise ValueError(f"{what} must be above 0, or None; received {value!r}.")
    return math.ceil(value)


def checked_limits(steps: float | None, max_steps: float | None) -> tuple[int | None, int | None]:
    """Returns the two limits of `train` as whole numbers.

    Raises:
        ValueError: Both are given, or one is not above 0.
    """
    if steps is not None and max_steps is not None:
        raise ValueError(
            "train takes steps (how many more) or max_steps (in total), not both; received "
            f"steps={steps!r} and max_steps={max_steps!r}."
        )
    return whole("train: steps", steps), whole("train: max_steps", max_steps)
