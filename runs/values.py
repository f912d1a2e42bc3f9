"""Values as people write them in a condition, and how they compare with what a run holds."""

import contextlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from kerasrun.runs import clock

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_TIME = re.compile(r"([-+]?\d+(?:\.\d+)?)([smhdw])")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?Z?)?")


@dataclass(frozen=True)
class Value:
    """What was written, and all that it may mean.

    Attributes:
        text: As it was written, without quotes.
        number: The number, or the seconds of a time; None where it is neither.
        moment: The date, or so long before now; None where it is neither.
    """

    text: str
    number: float | None = None
    moment: datetime | None = None

    @property
    def has_order(self) -> bool:
        """Whether anything can be less or greater."""
        return self.number is not None or self.moment is not None


def value(text: str) -> Value:
    """Reads a value.

    >>> value("1e-3").number, value("10m").number, value("adam").number
    (0.001, 600.0, None)
    >>> value("2026-11-21").moment.isoformat()
    '2026-11-21T00:00:00+00:00'
    """
    if time := _TIME.fullmatch(text):
        secs = float(time[1]) * _SECONDS[time[2]]
        with contextlib.suppress(OverflowError):
            return Value(text, secs, clock.now() + timedelta(seconds=secs))
        return Value(text, secs)
    if _DATE.fullmatch(text):
        with contextlib.suppress(ValueError):
            moment = datetime.fromisoformat(text)
            return Value(text, moment=moment.replace(tzinfo=moment.tzinfo or UTC))
    with contextlib.suppress(ValueError):
        return Value(text, float(text))
    return Value(text)


def equal(found: Any, given: Value) -> bool:
    """Whether a run's value is the given one."""
    if isinstance(found, bool):
        return given.text.lower() == str(found).lower()
    if isinstance(found, int | float):
        return given.number is not None and found == given.number
    if isinstance(found, datetime):
        return found == given.moment
    if isinstance(found, list):
        return ",".join(map(str, found)) == given.text
    return str(found) == given.text


def is_before(found: Any, given: Value, below: bool, *, or_equal: bool) -> bool:
    """Whether a run's value is less than the given one, or greater; False where neither is.

    Args:
        found: Of the run.
        given: What it is compared with.
        below: Whether less is asked for; else greater.
        or_equal: Whether equal is enough.
    """
    one: Any = found
    other: Any = given.number
    if isinstance(found, datetime):
        other = given.moment
    elif isinstance(found, bool) or not isinstance(found, int | float):
        return False
    if other is None:
        return False
    return (one == other and or_equal) or bool(one < other if below else one > other)


def contains(found: Any, given: Value) -> bool:
    """Whether a list has the given member, or a text the given part."""
    if isinstance(found, list):
        return any(equal(member, given) for member in found)
    return given.text in str(found)


def matches(found: Any, pattern: re.Pattern[str]) -> bool:
    """Whether the pattern is found in the text of the value, or of a member of a list."""
    members = found if isinstance(found, list) else [found]
    return any(pattern.search(str(member)) for member in members)
