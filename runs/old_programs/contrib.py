"""The verdict on one name of `tf.contrib`."""

from collections.abc import Iterator

from kerasrun.runs.old_programs.contrib_here import HERE
from kerasrun.runs.old_programs.contrib_names import CONTRIB, MOVED
from kerasrun.runs.old_programs.estimator_names import ESTIMATOR
from kerasrun.runs.old_programs.installed import Installed
from kerasrun.runs.old_programs.verdict import EDIT, READY, Verdict, edit

_AS_IT_IS = "mlrun exec runs it as it is"
_LEAVE_OUT = edit("leave it out: what is used of it is told by itself")


def contrib_verdict(name: str, installed: Installed | None) -> Verdict:
    """What to write instead of a name that begins with `contrib`, or why there is nothing.

    Args:
        name: The name below `tf`; it may go through the `python` of its module.
        installed: What is installed; None if that is not known.
    """
    module = ".".join(name.split(".")[:2])
    if name in (module, "contrib"):
        return _of_module(name)
    spellings = list(_spellings(name))
    found = (_listed(spelling) or _moved(spelling, installed) for spelling in spellings)
    verdict = next(filter(None, found), CONTRIB.get(module, CONTRIB["contrib"]))
    if not any(".".join(spelling.split(".")[:3]) in HERE for spelling in spellings):
        return verdict
    return edit(f"{verdict.text}; {_AS_IT_IS}" if verdict.kind == EDIT else _AS_IT_IS)


def _of_module(name: str) -> Verdict:
    if any(key.startswith(f"{name}.") and CONTRIB[key].kind == EDIT for key in CONTRIB):
        known = CONTRIB.get(name)
        return known if known and known.kind == EDIT else _LEAVE_OUT
    return CONTRIB.get(name, CONTRIB["contrib"])


def _spellings(name: str) -> Iterator[str]:
    """The name as it is, and as if it were public where it goes through `python`.

    >>> list(_spellings("contrib.learn.python.learn.learn_runner.run"))[1:3]
    ['contrib.learn.learn.learn_runner.run', 'contrib.learn.learn_runner.run']
    """
    yield name
    public, _, private = name.partition(".python.")
    parts = private.split(".") if private else []
    for start in range(len(parts)):
        yield ".".join([public, *parts[start:]])


def _listed(name: str) -> Verdict | None:
    """The longest beginning of the name that has a verdict of its own."""
    parts = name.split(".")
    for length in range(len(parts), 2, -1):
        key = ".".join(parts[:length])
        if key in CONTRIB or key in ESTIMATOR:
            return CONTRIB.get(key) or ESTIMATOR[key]
    module = CONTRIB.get(".".join(parts[:2]))
    return module if module and module.kind == EDIT else None


def _moved(name: str, installed: Installed | None) -> Verdict | None:
    """Where a module as a whole has gone elsewhere, the name there."""
    _, module, rest = name.split(".", 2)
    for target in MOVED.get(module, ()):
        there = f"{target}.{rest}".lstrip(".")
        if there in ESTIMATOR and ESTIMATOR[there].kind in READY:
            return edit(f"tf.{there}")
        if installed and (new := installed.v2_symbol(there)):
            return edit(f"tf.{new}")
        if installed and (old := installed.v1_symbol(there)):
            return edit(f"tf.compat.v1.{old}")
    return None
