"""Times as they stand in a run's files: UTC, ISO 8601, milliseconds."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """`2026-11-21T22:30:15.000Z`."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """The moment that `to_text` wrote.

    >>> to_text(from_text("2026-11-21T22:30:15.000Z"))
    '2026-11-21T22:30:15.000Z'

    Raises:
        ValueError: It is no time, or has no time zone.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return moment
