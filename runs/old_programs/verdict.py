"""What is said of a name that an old program uses."""

from typing import NamedTuple

WORKS = "works"
DIFFERS = "works with a difference"
EDIT = "needs this edit"
UNSUPPORTED = "not supported"
KINDS = (WORKS, DIFFERS, EDIT, UNSUPPORTED)
READY = (WORKS, DIFFERS)


class Verdict(NamedTuple):
    """One verdict.

    Attributes:
        kind: One of `KINDS`.
        text: The difference, what to write instead, or why not and what to do; may be empty
            where the name works.
    """

    kind: str
    text: str = ""


def works(names: str) -> dict[str, Verdict]:
    """Verdicts on names, with blanks between them, that work."""
    return dict.fromkeys(names.split(), Verdict(WORKS))


def differs(text: str) -> Verdict:
    """It works, with a difference."""
    return Verdict(DIFFERS, text)


def edit(new: str) -> Verdict:
    """It works once `new` is written instead."""
    return Verdict(EDIT, new)


def unsupported(why: str) -> Verdict:
    """It does not work, and no edit of this one place helps."""
    return Verdict(UNSUPPORTED, why)
