"""Hyperparameters: `-p units=20` becomes the keyword argument `units: int` of a user's function."""

import ast
import enum
import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasrun.runs.errors import UsageError, did_you_mean

# What an Estimator itself hands to an input_fn that asks for it.
ESTIMATOR_ARGUMENTS = frozenset({"mode", "params", "config", "input_context"})

_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")


@dataclass(frozen=True)
class Binding:
    """What each function is called with.

    Attributes:
        arguments: By function name, the keyword arguments.
        entries: By parameter name, `value` and `origin` for `run.json`; `text` where one was given.
    """

    arguments: dict[str, dict[str, Any]]
    entries: dict[str, dict[str, Any]]


def parse_assignments(texts: Iterable[str]) -> dict[str, str]:
    """`["units=20"]` to `{"units": "20"}`.

    Raises:
        UsageError: One has no `=`, no name, or comes twice with another value.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.isidentifier():
            raise UsageError(f"-p {text}: expected NAME=VALUE, such as -p units=20")
        if found.setdefault(name, value) != value:
            raise UsageError(f"-p {name} is given twice: {found[name]!r} and {value!r}")
    return found


def bind(
    functions: Mapping[str, Callable[..., Any]], texts: Mapping[str, str], where: str
) -> Binding:
    """Finds for each text the functions that take it, and converts it to what they ask for.

    Args:
        functions: The user's functions by name.
        texts: What was given, by parameter name.
        where: The model file's name, for messages.

    Raises:
        UsageError: No function takes a parameter, a value cannot be converted, or a parameter
            without a default is not given.
    """
    parameters = {name: keyword_parameters(function) for name, function in functions.items()}
    _refuse_unknown(parameters, texts, where)
    binding = Binding({name: {} for name in functions}, {})
    for function_name, known in parameters.items():
        for name, parameter in known.items():
            _bind_one(binding, function_name, parameter, texts.get(name))
    return binding


def keyword_parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The parameters that can be given by name, without those that an Estimator gives."""
    try:
        signature = inspect.signature(function, eval_str=True)
    except NameError:  # an annotation that only type checkers can see
        signature = inspect.signature(function)
    by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {
        name: parameter
        for name, parameter in signature.parameters.items()
        if parameter.kind in by_name and name not in ESTIMATOR_ARGUMENTS
    }


def convert(text: str, wanted: Any) -> Any:
    """The value that `text` stands for, of the type `wanted`.

    Args:
        text: As the user typed it.
        wanted: `int`, `float`, `bool`, `str`, `pathlib.Path`, an Enum (by member name), a Literal,
            `None`, a union of these, or a list, tuple or Sequence of them (separated by commas).

    Raises:
        ValueError: `text` is none of that.
        TypeError: `wanted` cannot be given on a command line.

    >>> convert("1e3", int), convert("none", int | None), convert("64,32", list[int])
    (1000, None, [64, 32])
    """
    origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
    if origin is typing.Annotated:
        return convert(text, arguments[0])
    if origin in (typing.Union, types.UnionType):
        return _first_that_fits(text, arguments)
    if origin is typing.Literal:
        return _by_text(text, {str(value): value for value in arguments})
    if wanted in (list, tuple) or origin in (list, tuple, Sequence):
        return _convert_items(text, origin or wanted, arguments)
    if isinstance(wanted, type) and issubclass(wanted, enum.Enum):
        return _by_text(text, dict(wanted.__members__))
    return _convert_scalar(text, wanted)


def _convert_scalar(text: str, wanted: Any) -> Any:
    if wanted is bool:
        return _to_bool(text)
    if wanted is int:
        return _to_int(text)
    if wanted is float:
        return float(text)
    if wanted is str:
        return text
    if wanted is Path:
        return Path(text)
    if wanted in (None, type(None)):
        return _by_text(text.lower(), {"none": None})
    if wanted is Any or wanted is object:
        return _literal(text)
    raise TypeError(f"a parameter of type {_type_name(wanted)} cannot be given on the command line")


def _refuse_unknown(
    parameters: Mapping[str, Mapping[str, Any]], texts: Mapping[str, str], where: str
) -> None:
    known = sorted({name for names in parameters.values() for name in names})
    for name in texts:
        if name in known:
            continue
        if known:
            has = f"{where} takes {', '.join(known)}."
        else:
            has = (
                f"{where} takes none; a parameter is an argument of its build_model or of its "
                "input functions."
            )
        raise UsageError(f"unknown parameter {name!r}: {has}{did_you_mean(name, known)}")


def _bind_one(
    binding: Binding, function_name: str, parameter: inspect.Parameter, text: str | None
) -> None:
    name = parameter.name
    if text is not None:
        value = _convert_named(name, text, _wanted_type(parameter))
        binding.arguments[function_name][name] = value
        entry = {"value": plain(value), "origin": "command line", "text": text}
        binding.entries.setdefault(name, entry)
    elif parameter.default is inspect.Parameter.empty:
        raise UsageError(f"{function_name} needs a value for {name!r}: give -p {name}=VALUE")
    else:
        entry = {"value": plain(parameter.default), "origin": "model file default"}
        binding.entries.setdefault(name, entry)


def _convert_named(name: str, text: str, wanted: Any) -> Any:
    try:
        return convert(text, wanted)
    except TypeError as error:
        raise UsageError(f"-p {name}: {error}") from error
    except ValueError as error:
        detail = f" ({error})" if str(error).startswith("one of") else ""
        raise UsageError(
            f"-p {name}={text}: expected {_type_name(wanted)}{detail}, found {text!r}"
        ) from error


def _wanted_type(parameter: inspect.Parameter) -> Any:
    if parameter.annotation is not inspect.Parameter.empty:
        return parameter.annotation
    default = parameter.default
    if default is inspect.Parameter.empty or default is None:
        return Any
    return type(default)


def _first_that_fits(text: str, kinds: Sequence[Any]) -> Any:
    # None first: "none" must not become a string; strings last: everything is one.
    ordered = sorted(kinds, key=lambda kind: (kind is not type(None), kind is str))
    for kind in ordered:
        try:
            return convert(text, kind)
        except ValueError:
            continue
    raise ValueError(f"{text!r} fits none of them")


def _convert_items(text: str, kind: Any, arguments: Sequence[Any]) -> Any:
    texts = [part.strip() for part in text.split(",")] if text.strip() else []
    if kind is tuple and arguments and arguments[-1] is not Ellipsis:
        if len(texts) != len(arguments):
            raise ValueError(f"{len(arguments)} values expected")
        return tuple(convert(part, item) for part, item in zip(texts, arguments, strict=True))
    item = arguments[0] if arguments else Any
    values = [convert(part, item) for part in texts]
    return tuple(values) if kind is tuple else values


def _by_text(text: str, values: Mapping[str, Any]) -> Any:
    if text not in values:
        raise ValueError(f"one of {', '.join(values)}")
    return values[text]


def _to_bool(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError("one of true, false")


def _to_int(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        value = float(text)  # 1e3
        if not value.is_integer():
            raise ValueError(f"{text!r} is not a whole number") from None
        return int(value)


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def plain(value: Any) -> Any:
    """`value` as JSON can hold it; other objects as their text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.name if isinstance(value, enum.Enum) else str(value)


def _type_name(wanted: Any) -> str:
    return wanted.__name__ if isinstance(wanted, type) else str(wanted).replace("typing.", "")
