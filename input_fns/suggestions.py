"""Near misses: what somebody who wrote a wrong name may have meant."""

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Returns a hint that ends an error message about an unknown name.

    >>> did_you_mean("petal_lenght", ["petal_length", "species"])
    "Did you mean 'petal_length'? Known: 'petal_length', 'species'."
    >>> did_you_mean("x", ["petal_length", "species"])
    "Known: 'petal_length', 'species'."
    """
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    shown = ", ".join(repr(other) for other in known[:20]) + (", ..." if len(known) > 20 else "")
    return f"Did you mean {near[0]!r}? Known: {shown}." if near else f"Known: {shown}."
