"""What a benchmark says in the end: a ratio, its range, and whether a goal is met."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple


class Verdict(NamedTuple):
    """A ratio against a peer measured in the same run.

    Attributes:
        what: The benchmark, and what is compared.
        ratios: Round by round.
        goal: What the median should be, at least or at most; None: there is no goal.
        at_most: Whether smaller is better.
    """

    what: str
    ratios: Sequence[float]
    goal: float | None
    at_most: bool = False

    @property
    def median(self) -> float:
        """The ratio that counts."""
        return statistics.median(self.ratios)

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        if self.goal is None:
            return None
        return self.median <= self.goal if self.at_most else self.median >= self.goal

    def __str__(self) -> str:
        """`iris against fit   21.3 (20.9 to 21.7)   goal >= 20: met`."""
        spread = f"{min(self.ratios):.2f} to {max(self.ratios):.2f}"
        text = f"{self.what:52} {self.median:7.2f} ({spread})"
        if self.goal is None:
            return text
        sign = "<=" if self.at_most else ">="
        return f"{text:86} goal {sign} {self.goal:g}: {'met' if self.met else 'NOT MET'}"
