import enum
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasrun.runs.errors import UsageError
from kerasrun.runs.params import bind, convert, parse_assignments


class Activation(enum.Enum):
    RELU = 1
    GELU = 2


def build_model(units: int = 10, lr: float = 0.01, *, layers: Sequence[int] = (8, 8)) -> None:
    """A user's function."""


@pytest.mark.parametrize(
    ("text", "wanted", "value"),
    [
        ("20", int, 20),
        ("1e3", int, 1000),
        ("-3", int, -3),
        ("0.01", float, 0.01),
        ("1e-4", float, 1e-4),
        ("yes", bool, True),
        ("False", bool, False),
        ("0", bool, False),
        ("a=b", str, "a=b"),
        ("data/x.csv", Path, Path("data/x.csv")),
        ("none", Optional[int], None),  # noqa: UP045 (an older way to write it)
        ("3", int | None, 3),
        ("auto", Literal["auto", 3], "auto"),
        ("3", Literal["auto", 3], 3),
        ("GELU", Activation, Activation.GELU),
        ("64,32", list[int], [64, 32]),
        ("64, 32", tuple[int, ...], (64, 32)),
        ("3,relu", tuple[int, str], (3, "relu")),
        ("", list[int], []),
        ("0.5", int | float | str, 0.5),
        ("abc", int | float | str, "abc"),
        ("7", Annotated[int, "units"], 7),
        ("[1, 2]", Any, [1, 2]),
        ("adam", Any, "adam"),
    ],
)
def test_a_text_becomes_what_is_annotated(text: str, wanted: Any, value: Any) -> None:
    converted = convert(text, wanted)
    assert converted == value
    assert type(converted) is type(value)


@given(st.integers())
def test_every_integer_comes_back(value: int) -> None:
    assert convert(str(value), int) == value


@given(st.floats(allow_nan=False))
def test_every_float_comes_back(value: float) -> None:
    assert convert(repr(value), float) == value


@given(st.lists(st.integers(), max_size=5))
def test_every_list_of_integers_comes_back(values: list[int]) -> None:
    assert convert(",".join(map(str, values)), list[int]) == values


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("units=2.5", "-p units=2.5: expected int, found '2.5'"),
        ("lr=fast", "-p lr=fast: expected float, found 'fast'"),
        ("unit=3", "unknown parameter 'unit': m.py takes layers, lr, units. Did you mean 'units'?"),
        ("zzz=3", "unknown parameter 'zzz': m.py takes layers, lr, units."),
    ],
)
def test_a_wrong_parameter_is_one_clear_line(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        bind({"build_model": build_model}, parse_assignments([text]), "m.py")
    assert str(caught.value) == message


def test_values_and_defaults_are_entered_with_their_origin() -> None:
    binding = bind({"build_model": build_model}, {"units": "20"}, "m.py")
    assert binding.arguments == {"build_model": {"units": 20}}
    assert binding.entries == {
        "units": {"value": 20, "origin": "command line", "text": "20"},
        "lr": {"value": 0.01, "origin": "model file default"},
        "layers": {"value": [8, 8], "origin": "model file default"},
    }


def test_each_function_gets_what_it_names() -> None:
    def train_input_fn(batch_size: int, lr: str = "") -> None:
        """A user's function, for whom `lr` is a text."""

    functions: dict[str, Callable[..., None]] = {
        "build_model": build_model,
        "train_input_fn": train_input_fn,
    }
    binding = bind(functions, {"lr": "0.1", "batch_size": "8"}, "m.py")
    assert binding.arguments == {
        "build_model": {"lr": 0.1},
        "train_input_fn": {"lr": "0.1", "batch_size": 8},
    }


def test_what_an_estimator_gives_is_no_parameter() -> None:
    def input_fn(mode: str, params: Any, config: Any) -> None:
        """In the words of tf.estimator."""

    assert bind({"train_input_fn": input_fn}, {}, "m.py").entries == {}
    with pytest.raises(
        UsageError, match=r"unknown parameter 'mode': m\.py takes none; a parameter"
    ):
        bind({"train_input_fn": input_fn}, {"mode": "train"}, "m.py")


def test_a_parameter_without_a_default_must_be_given() -> None:
    def build(units: int) -> None:
        """A user's function."""

    with pytest.raises(UsageError, match="build_model needs a value for 'units': give -p units="):
        bind({"build_model": build}, {}, "m.py")


def test_without_an_annotation_the_default_tells_the_type() -> None:
    def build(units=10, dropout=None):  # type: ignore[no-untyped-def]
        """A user's function."""

    binding = bind({"build_model": build}, {"units": "20", "dropout": "0.5"}, "m.py")
    assert binding.arguments["build_model"] == {"units": 20, "dropout": 0.5}


def test_a_type_that_cannot_be_typed_in_is_named() -> None:
    def build(callback: Callable[[], None]) -> None:
        """A user's function."""

    with pytest.raises(UsageError, match="cannot be given on the command line"):
        bind({"build_model": build}, {"callback": "x"}, "m.py")


def test_choices_are_listed() -> None:
    def build(size: Literal["small", "large"] = "small") -> None:
        """A user's function."""

    with pytest.raises(UsageError, match=r"one of small, large.*found 'tiny'"):
        bind({"build_model": build}, {"size": "tiny"}, "m.py")


@pytest.mark.parametrize("text", ["units", "=3", "two words=3"])
def test_an_assignment_has_a_name_and_a_value(text: str) -> None:
    with pytest.raises(UsageError, match="expected NAME=VALUE, such as -p units=20"):
        parse_assignments([text])


def test_two_values_for_one_name_are_refused() -> None:
    with pytest.raises(UsageError, match="-p units is given twice: '1' and '2'"):
        parse_assignments(["units=1", "units=2"])
