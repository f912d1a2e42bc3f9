"""`HParams`: hyperparameters as attributes, each with a type that stays."""

import json
import numbers
import types
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from kerasrun.compat.contrib.hparam_texts import parse_values


class HParams:
    """Hyperparameters by name; see `tf.contrib.training.HParams`.

        hparams = HParams(learning_rate=0.1, units=[10, 20])
        hparams.parse("learning_rate=0.01")
        hparams.learning_rate

    A value keeps the type that it was made with: a list stays a list, a number of the same kind.

    Args:
        hparam_def: Not supported: a protocol buffer that was never public.
        model_structure: Kept, and given back by `get_model_structure`.
        **kwargs: The hyperparameters: numbers, truth values, strings, lists of these, or None.

    Raises:
        ValueError: `hparam_def` is given, a name is taken, or a list is empty.
    """

    def __init__(self, hparam_def: Any = None, model_structure: Any = None, **kwargs: Any) -> None:
        if hparam_def is not None:
            raise ValueError("HParams: hparam_def is not supported; give name=value.")
        self._hparam_types: dict[str, tuple[type, bool]] = {}
        self._model_structure = model_structure
        for name, value in kwargs.items():
            self.add_hparam(name, value)

    if TYPE_CHECKING:  # the hyperparameters are attributes

        def __getattr__(self, name: str) -> Any: ...

    def add_hparam(self, name: str, value: Any) -> None:
        """Adds a hyperparameter.

        Raises:
            ValueError: The name is taken, or the value is an empty list.
        """
        if getattr(self, name, None) is not None:
            raise ValueError(f"HParams: the name {name!r} is taken.")
        if isinstance(value, (list, tuple)):
            if not value:
                raise ValueError(
                    f"HParams: the list {name!r} is empty, so that its type is not known."
                )
            self._hparam_types[name] = type(value[0]), True
        else:
            self._hparam_types[name] = type(value), False
        setattr(self, name, value)

    def set_hparam(self, name: str, value: Any) -> None:
        """Gives a hyperparameter another value of its type.

        Raises:
            KeyError: There is none of this name.
            ValueError: The value is of another type.
        """
        kind, is_list = self._kind(name)
        if isinstance(value, list) != is_list:
            wanted = "a list" if is_list else "no list"
            raise ValueError(f"HParams: {name!r} must be {wanted}; received {value!r}.")
        new = [_cast(name, kind, each) for each in value] if is_list else _cast(name, kind, value)
        setattr(self, name, new)

    def del_hparam(self, name: str) -> None:
        """Removes a hyperparameter, if there is one of this name."""
        if name in self._hparam_types:
            delattr(self, name)
            del self._hparam_types[name]

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a hyperparameter, or `default` where there is none.

        Raises:
            ValueError: `default` is of another type than the hyperparameter.
        """
        if key not in self._hparam_types:
            return default
        if default is not None:
            kind, is_list = self._hparam_types[key]
            if isinstance(default, list) != is_list:
                raise ValueError(f"HParams: the default {default!r} is not of the type of {key!r}.")
            for each in default if is_list else [default]:
                _cast(key, kind, each)
        return getattr(self, key)

    def parse(self, values: str) -> Self:
        """Sets hyperparameters of a text such as `learning_rate=0.1,units=[10,20],units[1]=5`.

        Returns:
            The HParams themselves.

        Raises:
            ValueError: The text has another form, a name is unknown, a value is not of its type.
        """
        kinds = {name: kind for name, (kind, _) in self._hparam_types.items()}
        for name, value in parse_values(values, kinds).items():
            if not isinstance(value, dict):
                self.set_hparam(name, value)
                continue
            elements = list(getattr(self, name)) if self._hparam_types[name][1] else []
            for index, element in value.items():
                if index >= len(elements):
                    raise ValueError(f"HParams: {name!r} has no element {index}.")
                elements[index] = element
            self.set_hparam(name, elements)
        return self

    def override_from_dict(self, values_dict: Mapping[str, Any]) -> Self:
        """Sets hyperparameters by name; see `set_hparam`.

        Returns:
            The HParams themselves.
        """
        for name, value in values_dict.items():
            self.set_hparam(name, value)
        return self

    def values(self) -> dict[str, Any]:
        """The hyperparameters by name."""
        return {name: getattr(self, name) for name in self._hparam_types}

    def to_json(
        self,
        indent: int | None = None,
        separators: tuple[str, str] | None = None,
        sort_keys: bool = False,
    ) -> str:
        """The hyperparameters as a JSON object; functions are left out."""
        kept = {name: value for name, value in self.values().items() if not callable(value)}
        return json.dumps(kept, indent=indent, separators=separators, sort_keys=sort_keys)

    def parse_json(self, values_json: str) -> Self:
        """Sets hyperparameters of a JSON object; see `set_hparam`.

        Returns:
            The HParams themselves.
        """
        return self.override_from_dict(json.loads(values_json))

    def get_model_structure(self) -> Any:
        """What `set_model_structure` was given."""
        return self._model_structure

    def set_model_structure(self, model_structure: Any) -> None:
        """Keeps what describes the model."""
        self._model_structure = model_structure

    def __contains__(self, key: object) -> bool:
        return key in self._hparam_types

    def __str__(self) -> str:
        return str(sorted(self.values().items()))

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.values().items())
        return f"HParams({told})"

    def _kind(self, name: str) -> tuple[type, bool]:
        if name not in self._hparam_types:
            raise KeyError(
                f"HParams have no {name!r}; they have {sorted(self._hparam_types)}. "
                "add_hparam adds one."
            )
        return self._hparam_types[name]


def _cast(name: str, kind: type, value: Any) -> Any:
    """The value as one of this type, where nothing is lost by it."""
    if kind is type(None) or value is None:
        return value
    if not _fits(kind, value):
        raise ValueError(f"HParams: {name!r} must be of type {kind.__name__}; received {value!r}.")
    if kind is str and isinstance(value, bytes):
        return value.decode()
    return kind(value) if kind in (bool, int, float, str) else value


def _fits(kind: type, value: Any) -> bool:
    if kind is bool:
        return isinstance(value, bool) or value in (0, 1)
    if kind in (int, float):
        wanted = numbers.Integral if kind is int else numbers.Real
        return isinstance(value, wanted) and not isinstance(value, bool)
    if kind is str:
        return isinstance(value, (str, bytes))
    return callable(value) if issubclass(kind, types.FunctionType) else isinstance(value, kind)
