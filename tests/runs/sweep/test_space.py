import math
import random

import pytest

from kerasrun.runs.errors import UsageError
from kerasrun.runs.sweep.space import (
    Choices,
    Range,
    combinations,
    grid,
    parse_space,
    random_draws,
)


def test_values_are_separated_by_commas_or_by_bars_where_they_hold_commas() -> None:
    texts = ["lr=0.001, 0.01", "hidden=64,32|128", "one=64,32|", "data=../a..b.csv"]
    assert parse_space(texts) == {
        "lr": Choices(("0.001", "0.01")),
        "hidden": Choices(("64,32", "128")),
        "one": Choices(("64,32",)),
        "data": Choices(("../a..b.csv",)),
    }


def test_ranges() -> None:
    assert parse_space(["a=0..1", "b=int:8..64", "c=log:1e-4..1e-1", "d=int:log:1..1024"]) == {
        "a": Range(0.0, 1.0),
        "b": Range(8.0, 64.0, whole=True),
        "c": Range(1e-4, 1e-1, log=True),
        "d": Range(1.0, 1024.0, whole=True, log=True),
    }
    assert parse_space(["a=int:20261121220..20261121221/1"]) == {
        "a": Choices(("20261121220", "20261121221"))
    }
    assert parse_space(["a=0..1/0.25", "b=int:8..20/8", "c=-0.1..0.2/0.1"]) == {
        "a": Choices(("0", "0.25", "0.5", "0.75", "1")),
        "b": Choices(("8", "16")),
        "c": Choices(("-0.1", "0", "0.1", "0.2")),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lr", "-p lr: expected NAME=VALUE"),
        ("l r=1", "-p l r=1: expected NAME=VALUE"),
        ("lr=", "-p lr=: a value is empty"),
        ("lr=1,,2", "a value is empty"),
        ("lr=1,1", "a value comes twice; --repeats N repeats trials"),
        ("lr=2..1", "expected LOW..HIGH with LOW less than HIGH"),
        ("lr=log:0..1", "expected numbers above 0 after log:"),
        ("lr=int:0.5..2", "expected whole numbers after int:"),
        ("lr=log:1e-4", "expected LOW..HIGH, such as lr=log:1e-4..1e-1"),
        ("lr=log:1..10/2", "expected a step above 0"),
        ("lr=0..1/0", "expected a step above 0"),
        ("lr=1..1e999", "LOW less than HIGH"),
        ("lr=0..1/1e-9", "at most 100,000 values"),
    ],
)
def test_what_is_no_space_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_space([text])
    assert message in str(caught.value)


def test_a_name_that_comes_twice_is_refused() -> None:
    with pytest.raises(UsageError, match=r"-p lr is given twice"):
        parse_space(["lr=1", "lr=2"])


def test_a_grid_is_every_combination() -> None:
    assert grid(parse_space(["lr=1,2", "units=8,16"])) == [
        {"lr": "1", "units": "8"},
        {"lr": "1", "units": "16"},
        {"lr": "2", "units": "8"},
        {"lr": "2", "units": "16"},
    ]
    with pytest.raises(UsageError, match=r"-p lr is a range: a grid needs values. Give --random N"):
        grid(parse_space(["lr=0..1"]))
    huge = [f"p{i}=0..9/1" for i in range(6)]
    with pytest.raises(UsageError, match=r"1,000,000 combinations, at most 100,000"):
        grid(parse_space(huge))


def test_random_draws_are_different_and_the_same_for_the_same_seed() -> None:
    space = parse_space(["lr=log:1e-4..1e-1", "units=int:1..3", "act=relu,tanh"])
    drawn = random_draws(space, 50, seed=7)
    assert drawn == random_draws(space, 50, seed=7)
    assert drawn != random_draws(space, 50, seed=8)
    assert len({tuple(one.items()) for one in drawn}) == 50
    assert {one["units"] for one in drawn} == {"1", "2", "3"}
    assert all(1e-4 <= float(one["lr"]) <= 1e-1 for one in drawn)
    below = sum(float(one["lr"]) < 10**-2.5 for one in drawn)
    assert 12 <= below <= 38  # of the logarithms, half


def test_all_of_a_small_space_can_be_drawn_and_no_more() -> None:
    space = parse_space(["units=int:1..4", "act=relu,tanh"])
    assert combinations(space) == 8
    assert len(random_draws(space, 8, seed=1)) == 8
    with pytest.raises(UsageError, match=r"--random 9: there are only 8 combinations"):
        random_draws(space, 9, seed=1)
    assert combinations(parse_space(["a=0..1"])) == math.inf


def test_both_ends_of_whole_numbers_are_as_likely_as_the_others() -> None:
    chance, domain = random.Random(7), Range(1, 4, whole=True, log=True)
    counts = [0] * 5
    for _ in range(2000):
        counts[int(domain.draw(chance))] += 1
    assert counts[0] == 0
    assert counts[1] > counts[2] > counts[3] > counts[4] > 150
