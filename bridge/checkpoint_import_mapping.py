"""Pairs of names that a person decides: `dense/kernel=dnn/hiddenlayer_0/kernel`."""

import re
from collections.abc import Iterable, Mapping

from kerasrun.bridge.checkpoint_import_kinds import Shape
from kerasrun.bridge.suggest import did_you_mean

NONE = "-"  # in place of an old name: the weight keeps its initial value


class MappingError(ValueError):
    """A pair names what is not there, or two variables of unequal shape."""


def mapped_by_hand(
    mapping: Mapping[str, str], new: Mapping[str, Shape], old: Mapping[str, Shape]
) -> dict[str, str]:
    """Resolves pairs of names, in which each `*` stands for the same text on both sides.

    A pair with `*` means those weights for which the checkpoint has the variable.

    Args:
        mapping: Names of weights to names of variables in the checkpoint, or to `-`, for none.
        new: The weights' shapes.
        old: The shapes of the variables in the checkpoint.

    Returns:
        For weights their variables, or `-`.

    Raises:
        MappingError: A name is not there, the numbers of `*` differ, a weight is mapped twice, or
            the shapes of a pair differ.
    """
    found: dict[str, str] = {}
    for new_name, old_name in mapping.items():
        for one, other in _resolved(new_name, old_name, new, old).items():
            if found.setdefault(one, other) != other:
                raise MappingError(f"{one} is mapped twice: to {found[one]} and to {other}")
            if other != NONE and new[one] != old[other]:
                raise MappingError(
                    f"{one} is {list(new[one])} in the model and {other} is {list(old[other])} in "
                    "the checkpoint: a pair must be of one shape"
                )
    return found


def _resolved(
    new_name: str, old_name: str, new: Iterable[str], old: Iterable[str]
) -> dict[str, str]:
    if "*" not in new_name:
        _check_there("the model has no weight", new_name, new)
        _check_old(old_name, old)
        return {new_name: old_name}
    if old_name != NONE and new_name.count("*") != old_name.count("*"):
        raise MappingError(f"{new_name}={old_name}: expected as many * on the right as on the left")
    matches = [found for name in new if (found := _pattern(new_name).fullmatch(name))]
    if not matches:
        raise MappingError(f"{new_name}={old_name}: the model has no weight like {new_name}")
    pairs = {found[0]: _filled(old_name, found.groups()) for found in matches}
    there = {one: other for one, other in pairs.items() if other == NONE or other in old}
    if not there:
        _check_old(next(iter(pairs.values())), old)
    return there


def _check_old(name: str, old: Iterable[str]) -> None:
    if name != NONE:
        _check_there("the checkpoint holds no variable", name, old)


def _check_there(what: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        raise MappingError(f"{what} {name!r}.{did_you_mean(name, known)}")


def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile("(.*?)".join(map(re.escape, glob.split("*"))))


def _filled(glob: str, texts: Iterable[str]) -> str:
    parts, given = glob.split("*"), iter(texts)
    return parts[0] + "".join(next(given) + part for part in parts[1:])
