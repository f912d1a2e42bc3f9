"""Whether what was read from a JSON file is of the expected shape, before anybody relies on it.

A shape is one of

    a type                                          what `isinstance` says; True is no int
    a function of the value                         raises ValueError when it is not as expected
    a list of one shape                             a list whose items are all of it
    a dict of shapes by key                         an object; a key with `?` at its end may lack
    `Each(shape)`                                   an object whose values are all of it
    `Maybe(shape)`                                  that, or None

Keys that are not in the shape are of a later version: they may hold anything.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kerasrun.runs import clock

_MOST = 2**63
_Test = Callable[[Any], bool]


@dataclass(frozen=True)
class Each:
    """An object whose values are all of one shape.

    Attributes:
        shape: Of the values.
    """

    shape: Any


@dataclass(frozen=True)
class Maybe:
    """None, or what has the shape.

    Attributes:
        shape: Of what is there.
    """

    shape: Any


def check(value: Any, shape: Any, where: str = "") -> None:
    """Raises unless `value` is of `shape`.

    >>> check({"n": 3, "new": True}, {"n": int, "min?": float})
    >>> check({"tags": {"loss": {}}}, {"tags": Each({"n": int})})
    Traceback (most recent call last):
    ...
    ValueError: tags.loss lacks 'n'

    Raises:
        ValueError: It says where it is not.
    """
    if not where and _test_of(shape)(value):
        return
    if isinstance(shape, dict):
        _check_object(value, shape, where)
    elif isinstance(shape, Each):
        _expect(isinstance(value, dict), value, "an object", where)
        for key, item in value.items():
            check(item, shape.shape, _below(where, key))
    elif isinstance(shape, Maybe):
        if value is not None:
            check(value, shape.shape, where)
    elif isinstance(shape, list):
        _expect(isinstance(value, list), value, "a list", where)
        for number, item in enumerate(value):
            check(item, shape[0], f"{where}[{number}]")
    elif isinstance(shape, type):
        is_bool = isinstance(value, bool) and shape is int
        _expect(isinstance(value, shape) and not is_bool, value, shape.__name__, where)
    else:
        _expect(_is_so(shape, value), value, f"a {shape.__name__}", where)


def number(value: Any) -> None:
    """A value of a metric: a float, or an int that a float can hold."""
    if not isinstance(value, float) and not (_is_int(value) and abs(value) <= _MOST):
        raise ValueError


def count(value: Any) -> None:
    """How many: of steps, points or attempts."""
    if not (_is_int(value) and 0 <= value < _MOST):
        raise ValueError


def duration(value: Any) -> None:
    """Seconds, as many as a clock can measure."""
    number(value)
    if not 0 <= value < 1e10:  # NaN is not, either
        raise ValueError


def time(value: Any) -> None:
    """A moment as `clock.to_text` writes it."""
    if not isinstance(value, str):
        raise ValueError
    clock.from_text(value)


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_tests: dict[int, tuple[Any, _Test]] = {}  # a shape is kept, so that its id stays its own


def _test_of(shape: Any) -> _Test:
    """Whether a value is of a shape, fast: thousands of runs are read at once."""
    known = _tests.get(id(shape))
    if known is None:
        known = _tests[id(shape)] = (shape, _new_test(shape))
    return known[1]


def _new_test(shape: Any) -> _Test:
    if isinstance(shape, dict):
        return _object_test(shape)
    if isinstance(shape, Each):
        each = _new_test(shape.shape)
        return lambda value: isinstance(value, dict) and all(map(each, value.values()))
    if isinstance(shape, Maybe):
        inner = _new_test(shape.shape)
        return lambda value: value is None or inner(value)
    if isinstance(shape, list):
        item = _new_test(shape[0])
        return lambda value: isinstance(value, list) and all(map(item, value))
    if shape is int:
        return _is_int
    if isinstance(shape, type):
        return lambda value: isinstance(value, shape)
    return lambda value: _is_so(shape, value)


def _object_test(shape: dict[str, Any]) -> _Test:
    tests = [
        (name.removesuffix("?"), name.endswith("?"), _new_test(inner))
        for name, inner in shape.items()
    ]

    def test(value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        for key, may_lack, inner in tests:
            if key in value:
                if not inner(value[key]):
                    return False
            elif not may_lack:
                return False
        return True

    return test


def _check_object(value: Any, shape: dict[str, Any], where: str) -> None:
    _expect(isinstance(value, dict), value, "an object", where)
    for name, inner in shape.items():
        key = name.removesuffix("?")
        if key in value:
            check(value[key], inner, _below(where, key))
        elif key == name:
            raise ValueError(f"{where or 'it'} lacks {key!r}")


def _is_so(test: Any, value: Any) -> bool:
    try:
        test(value)
    except ValueError:
        return False
    return True


def _expect(so: bool, value: Any, wanted: str, where: str) -> None:
    if not so:
        found = repr(value)
        found = found if len(found) <= 40 else f"{found[:39]}…"
        raise ValueError(f"{where or 'it'} is {found}, expected {wanted}")


def _below(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key
