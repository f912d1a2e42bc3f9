"""What cannot be is refused at the door, by name and with what was received."""

from collections.abc import Callable
from typing import Any

import pytest

from kerasrun import estimator as tf_estimator
from kerasrun.estimator import LatestExporter

# What is wrong on purpose here is no business of the type checker.
EvalSpec: Any = tf_estimator.EvalSpec
TrainSpec: Any = tf_estimator.TrainSpec


def input_fn() -> None:
    return None


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: TrainSpec("data"), TypeError, "TrainSpec: input_fn .* received 'data'"),
        (lambda: TrainSpec(input_fn, 0), ValueError, "max_steps must be above 0, .* received 0"),
        (lambda: TrainSpec(input_fn, saving_listeners=[3]), TypeError, "Listeners .* received 3"),
        (lambda: EvalSpec(None), TypeError, "EvalSpec: input_fn .* received None"),
        (lambda: EvalSpec(input_fn, steps=-1), ValueError, "steps must be above 0, .* received -1"),
        (lambda: EvalSpec(input_fn, name=3), TypeError, "name must be a string; received 3"),
        (lambda: EvalSpec(input_fn, throttle_secs=-1), ValueError, "throttle_secs .* received -1"),
        (lambda: EvalSpec(input_fn, start_delay_secs=-1), ValueError, "start_delay_secs .* -1"),
        (lambda: EvalSpec(input_fn, exporters="x"), TypeError, "exporters .* received 'x'"),
        (
            lambda: EvalSpec(input_fn, exporters=[LatestExporter("a"), LatestExporter("a")]),
            ValueError,
            "a name of its own; 'a' is used twice",
        ),
    ],
)
def test_what_cannot_be_is_refused(
    make: Callable[[], Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        make()


def test_specs_are_tuples_with_the_originals_defaults() -> None:
    assert TrainSpec(input_fn) == (input_fn, None, (), ())
    assert EvalSpec(input_fn) == (input_fn, 100, None, (), (), 120, 600, None)
    exporter = LatestExporter("a")
    assert EvalSpec(input_fn, exporters=exporter).exporters == (exporter,)


def test_the_modes_are_the_originals() -> None:
    keys = tf_estimator.ModeKeys
    assert (keys.TRAIN, keys.EVAL, keys.PREDICT) == ("train", "eval", "infer")
