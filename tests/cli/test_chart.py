import math
import random
import re
import time

import pytest

from kerasrun.cli.chart import Line, chart, plain


def drawn(*lines: Line, width: int = 40, height: int = 5, log: bool = False) -> list[str]:
    return chart(lines, width=width, height=height, log=log)


def test_a_line_goes_from_its_first_point_to_its_last() -> None:
    up = drawn(Line("a", [0, 10], [0, 1]))
    assert up[0].startswith("  1 ┤")
    assert up[0].rstrip()[-1] not in "┤ "
    assert up[4].startswith("  0 ┤⣀")
    assert up[5] == "    └" + "─" * 35
    assert re.fullmatch(r" {5}0 +5 +10", up[6])
    assert up[7] == "a"
    assert all(len(line) <= 40 for line in up)


def test_several_lines_have_letters_where_they_end_and_in_the_legend() -> None:
    text = drawn(Line("one", [0, 10], [0, 1]), Line("two", [0, 5], [1, 0]))
    assert text[0].endswith("A")
    assert "B" in text[4]
    assert text[-2:] == ["A  one", "B  two"]


def test_what_is_not_finite_leaves_a_gap() -> None:
    ys = [1.0, 1.0, math.nan, math.inf, 1.0, 1.0]
    (row,) = [line for line in drawn(Line("a", range(6), ys)) if line.startswith("  1 ")]
    assert re.fullmatch(r"  1 ┤\S+ +\S+ *", row)


@pytest.mark.parametrize("ys", [[], [math.nan], [math.inf, -math.inf]])
def test_without_a_finite_value_it_says_so(ys: list[float]) -> None:
    assert drawn(Line("a", range(len(ys)), ys)) == ["no finite values", "a"]


@pytest.mark.parametrize("y", [0.0, -3.0, 1e-300, 1e308, 5e-324])
@pytest.mark.parametrize("log", [False, True])
def test_one_point_is_drawn(y: float, log: bool) -> None:
    text = drawn(Line("a", [7], [y]), log=log)
    if log and y <= 0:
        assert text[0] == "no finite values above 0"
    else:
        assert sum(not line.isascii() for line in text[:5]) >= 1


def test_the_whole_range_of_numbers_can_be_drawn() -> None:
    text = drawn(Line("a", [0, 1], [-1.7e308, 1.7e308]))
    assert text[0].startswith(" 8e+307 ┤")


def test_a_logarithmic_axis_has_even_steps_for_factors() -> None:
    text = drawn(Line("a", [0, 1, 2], [1, 10, 100]), log=True)
    assert [line.split("┤")[0].strip() for line in text[:5] if "┤" in line] == ["100", "10", "1"]


def test_labels_have_as_many_digits_as_tell_them_apart() -> None:
    text = drawn(Line("a", [0, 1], [0.99991, 0.99993]))
    labels = [line.split("┤")[0].strip() for line in text[:5] if "┤" in line]
    assert labels == ["0.99993", "0.99992", "0.99991"]


def test_colors_are_there_on_demand_only() -> None:
    line = Line("a", [0, 1], [0, 1])
    assert "\x1b[36m" in "".join(chart([line], width=40, height=5, color=True))
    assert "\x1b" not in "".join(chart([line], width=40, height=5))


def test_without_unicode_it_is_ascii() -> None:
    text = "\n".join(drawn(Line("a", [0, 10], [0, 1])))
    assert plain(text).isascii()
    assert "*" in plain(text)


def test_many_points_are_drawn_at_once() -> None:
    noise = random.Random(7)
    line = Line("a", range(100_000), [noise.random() for _ in range(100_000)])
    begun = time.process_time()
    chart([line], width=80, height=15)
    assert time.process_time() - begun < 1.0
