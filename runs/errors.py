"""What the user of the command can meet, each with its exit code.

    RunError                1
    ├── UsageError          2   an option, a file or a value is wrong
    │   └── ModelFileError  2   the model file cannot be used
    ├── NoSuchRun           3
    ├── AmbiguousRun        3
    ├── UnreadableRun       1
    └── Refused             4   not in this state

Mistakes of a programmer who calls the library are `ValueError`, `TypeError` and `KeyError`.
"""

import difflib
from collections.abc import Iterable, Sequence


class RunError(Exception):
    """Base class.

    Attributes:
        exit_code: What the command exits with.
        detail: More for those who ask, such as a traceback; empty when there is none.
    """

    exit_code = 1

    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail


class UsageError(RunError):
    """An option, a file or a value is wrong; nothing was begun."""

    exit_code = 2


class ModelFileError(UsageError):
    """The model file cannot be read, raises, or lacks what is asked of it."""


class NoSuchRun(RunError):
    """No run answers to the given id or name."""

    exit_code = 3

    def __init__(self, asked: str, root: str, known: Iterable[str] = ()) -> None:
        near = nearest(asked, known)
        hint = f"did you mean {near!r}?" if near else "`mlrun runs` lists them."
        super().__init__(f"no run {asked!r} under {root}; {hint}")


class AmbiguousRun(RunError):
    """Several runs answer to the given id or name."""

    exit_code = 3

    def __init__(self, asked: str, matches: Sequence[str]) -> None:
        shown = ", ".join(matches[:5]) + (", …" if len(matches) > 5 else "")
        super().__init__(f"{asked!r} is {len(matches)} runs: {shown}. Give more of the id.")


class UnreadableRun(RunError):
    """A run's record is damaged or of a later format."""

    def __init__(self, run_id: str, why: str) -> None:
        super().__init__(f"run {run_id} cannot be read: {why}")


class Refused(RunError):
    """The run is in a state that does not allow this."""

    exit_code = 4


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The one of `known` that `word` was probably meant to be, or None.

    >>> nearest("unitz", ["units", "lr"])
    'units'
    """
    return next(iter(difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)), None)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean 'units'?`, or an empty string where nothing is near."""
    near = nearest(word, known)
    return f" Did you mean {near!r}?" if near else ""
