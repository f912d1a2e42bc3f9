"""What cannot be is refused at the door, by name and with what was received."""

from collections.abc import Callable
from typing import Any

import pytest

from kerasrun import estimator as tf_estimator
from kerasrun.estimator import LatestExporter

# What is wrong on purpose here is no business of the type checker.
EvalSpec: Any = tf_estimator.EvalSpec
RunConfig: Any = tf_estimator.RunConfig
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
        (lambda: RunConfig(model_dir=""), ValueError, "model_dir .* not an empty string"),
        (lambda: RunConfig(tf_random_seed=1.5), ValueError, "tf_random_seed .* received 1.5"),
        (lambda: RunConfig(save_summary_steps=-1), ValueError, "save_summary_steps .* >= 0"),
        (lambda: RunConfig(keep_checkpoint_max=-1), ValueError, "keep_checkpoint_max .* >= 0"),
        (lambda: RunConfig(log_step_count_steps=0), ValueError, "log_step_count_steps .* > 0"),
        (
            lambda: RunConfig(keep_checkpoint_every_n_hours=0),
            ValueError,
            "keep_checkpoint_every_n_hours .* > 0; received 0",
        ),
        (
            lambda: RunConfig(save_checkpoints_steps=1, save_checkpoints_secs=1),
            ValueError,
            "save_checkpoints_steps or save_checkpoints_secs, not both",
        ),
        (
            lambda: RunConfig().replace(save_checkpoint_steps=1),
            ValueError,
            "no field 'save_checkpoint_steps' .* Did you mean 'save_checkpoints_steps'",
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
    assert EvalSpec(input_fn) == (input_fn, 100, None, (), (), 120, 600)
    exporter = LatestExporter("a")
    assert EvalSpec(input_fn, exporters=exporter).exporters == (exporter,)


def test_the_defaults_of_a_config() -> None:
    config = RunConfig()
    assert (config.save_checkpoints_steps, config.save_checkpoints_secs) == (None, 600)
    assert (config.save_summary_steps, config.log_step_count_steps) == (100, 100)
    assert (config.keep_checkpoint_max, config.keep_checkpoint_every_n_hours) == (5, 10_000)
    assert config.saves_checkpoints


def test_one_cadence_clears_the_other() -> None:
    by_steps = RunConfig(save_checkpoints_steps=5)
    assert (by_steps.save_checkpoints_steps, by_steps.save_checkpoints_secs) == (5, None)
    by_secs = by_steps.replace(save_checkpoints_secs=7)
    assert (by_secs.save_checkpoints_steps, by_secs.save_checkpoints_secs) == (None, 7)
    assert not RunConfig(save_checkpoints_steps=None, save_checkpoints_secs=None).saves_checkpoints
    assert not RunConfig(save_checkpoints_secs=None).saves_checkpoints


def test_a_config_cannot_be_changed_but_copied() -> None:
    config = RunConfig(tf_random_seed=1)
    with pytest.raises(AttributeError):
        config.tf_random_seed = 2
    assert config.replace(tf_random_seed=2).tf_random_seed == 2
    assert config.tf_random_seed == 1


def test_the_modes_are_the_originals() -> None:
    keys = tf_estimator.ModeKeys
    assert (keys.TRAIN, keys.EVAL, keys.PREDICT) == ("train", "eval", "infer")
