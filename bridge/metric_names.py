"""Other names for metrics, as `metric_names_map` gives them."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from kerasrun.bridge.suggest import did_you_mean

_Value = TypeVar("_Value")
_TAKEN = ("loss", "global_step")


class MetricNames:
    """Renames metrics; what is not among them keeps its name.

    Args:
        renamed: The model's name of each metric to the one wanted; None: all keep theirs.

    Raises:
        TypeError: It is no dict of strings.
        ValueError: Two metrics would get one name, or one that a result has anyway.
    """

    def __init__(self, renamed: Mapping[str, str] | None = None) -> None:
        if renamed is not None and not (
            isinstance(renamed, Mapping)
            and all(isinstance(name, str) for pair in renamed.items() for name in pair)
        ):
            raise TypeError(
                "metric_names_map must be a dict of the model's metric name to the name wanted; "
                f"received {renamed!r}."
            )
        self._renamed = dict(renamed or {})
        wanted = list(self._renamed.values())
        for name in wanted:
            if wanted.count(name) > 1 or name in _TAKEN:
                raise ValueError(
                    f"metric_names_map gives the name {name!r}, which another entry of the results "
                    "has: give each metric a name of its own."
                )

    @property
    def given(self) -> bool:
        """Whether there is a map at all."""
        return bool(self._renamed)

    def check(self, required: Iterable[str], others: Iterable[str] = ()) -> None:
        """Compares the map with the model's metrics; a model without any is not asked.

        Args:
            required: The names that the map must have, if it has any.
            others: Names that it may have beside.

        Raises:
            ValueError: A metric is missing in the map, or it names one that is not there.
        """
        names = list(required)
        if not self.given or not names:
            return
        known = {*names, *others}
        for name in self._renamed:
            if name not in known:
                raise ValueError(
                    f"metric_names_map: the model has no metric {name!r}; it has {sorted(known)}."
                    f"{did_you_mean(name, known)}"
                )
        missing = [name for name in names if name not in self._renamed]
        if missing:
            raise ValueError(
                f"metric_names_map must name every metric; it lacks {missing}. Map a metric to "
                "its own name to keep that."
            )

    def renamed(self, results: Mapping[str, _Value]) -> dict[str, _Value]:
        """Returns the results by the names wanted."""
        return {self._renamed.get(name, name): value for name, value in results.items()}
