"""RunConfig: its fields, what they may be, and copies with changes."""

import copy
import logging
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator

# What is wrong on purpose here is no business of the type checker.
RunConfig: Any = tf_estimator.RunConfig

DEFAULTS = {
    "model_dir": None,
    "tf_random_seed": None,
    "save_summary_steps": 100,
    "save_checkpoints_steps": None,
    "save_checkpoints_secs": 600,
    "session_config": None,
    "keep_checkpoint_max": 5,
    "keep_checkpoint_every_n_hours": 10_000,
    "log_step_count_steps": 100,
    "train_distribute": None,
    "device_fn": None,
    "protocol": None,
    "eval_distribute": None,
    "experimental_distribute": None,
    "experimental_max_worker_delay_secs": None,
    "session_creation_timeout_secs": 7200,
    "checkpoint_save_graph_def": True,
    "save_input_position": True,
    "input_resume": "replay",
    "steps_per_loop": "auto",
    "jit_compile": "auto",
    "deterministic": False,
}
Distribute = namedtuple("Distribute", "train_distribute eval_distribute")


def on_cpu(op: Any) -> str:
    return "/cpu:0"


def given_values() -> dict[str, Any]:
    """One value for each field, none of them the default."""
    return {
        "model_dir": "here",
        "tf_random_seed": 11,
        "save_summary_steps": 12,
        "save_checkpoints_secs": 14,
        "session_config": tf.compat.v1.ConfigProto(allow_soft_placement=True),
        "keep_checkpoint_max": 16,
        "keep_checkpoint_every_n_hours": 17,
        "log_step_count_steps": 18,
        "train_distribute": tf.distribute.OneDeviceStrategy("cpu"),
        "device_fn": on_cpu,
        "protocol": "grpc+verbs",
        "save_input_position": False,
        "input_resume": "restart",
        "steps_per_loop": 50,
        "jit_compile": False,
        "deterministic": True,
        "eval_distribute": tf.distribute.OneDeviceStrategy("cpu"),
        "experimental_distribute": Distribute(None, None),
        "experimental_max_worker_delay_secs": 10,
        "session_creation_timeout_secs": 19,
        "checkpoint_save_graph_def": False,
    }


@pytest.fixture(autouse=True)
def _no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)


@pytest.mark.parametrize(("name", "value"), DEFAULTS.items())
def test_the_defaults(name: str, value: Any) -> None:
    assert getattr(RunConfig(), name) == value


def test_fields_come_in_the_originals_order_and_ours_last() -> None:
    assert list(RunConfig().settings()) == list(DEFAULTS)
    assert RunConfig("here", 7, 50).settings() == {
        **DEFAULTS,
        "model_dir": "here",
        "tf_random_seed": 7,
        "save_summary_steps": 50,
    }


def test_every_field_is_kept_as_given() -> None:
    values = given_values()
    for config in (RunConfig(**values), RunConfig().replace(**values)):
        for name, value in values.items():
            assert getattr(config, name) == value, name


def test_every_field_takes_none() -> None:
    nothing = dict.fromkeys(DEFAULTS)
    assert RunConfig(**nothing).settings() == nothing
    assert RunConfig().replace(**nothing).settings() == nothing


def test_numbers_may_be_numpys() -> None:
    config = RunConfig(save_checkpoints_steps=np.int64(5), keep_checkpoint_max=np.float32(2))
    assert (config.save_checkpoints_steps, config.keep_checkpoint_max) == (5, 2)


def two_arguments(op: Any, more: Any) -> str:
    return "/cpu:0"


def parameter_servers() -> Any:
    # Made without its constructor, which would look for the cluster's servers.
    return object.__new__(tf.distribute.ParameterServerStrategy)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("model_dir", "", "a folder's path, not an empty string"),
        ("tf_random_seed", 1.0, "an integer"),
        ("tf_random_seed", True, "an integer"),
        ("save_summary_steps", -1, "a whole number >= 0"),
        ("save_summary_steps", 0.5, "a whole number >= 0"),
        ("save_checkpoints_steps", -1, "a whole number >= 0"),
        ("save_checkpoints_steps", float("inf"), "a whole number >= 0"),
        ("save_checkpoints_secs", -1, "a number >= 0"),
        ("save_checkpoints_secs", "600", "a number >= 0"),
        ("session_config", {}, "a tf.compat.v1.ConfigProto"),
        ("keep_checkpoint_max", -1, "a whole number >= 0"),
        ("keep_checkpoint_every_n_hours", 0, "a number > 0"),
        ("log_step_count_steps", 0, "a whole number > 0"),
        ("train_distribute", "mirrored", "a tf.distribute.Strategy"),
        ("eval_distribute", 2, "a tf.distribute.Strategy"),
        ("device_fn", "/cpu:0", "a function of exactly one argument, op"),
        ("device_fn", two_arguments, "a function of exactly one argument, op"),
        ("device_fn", lambda x: "/cpu:0", "a function of exactly one argument, op"),
        ("device_fn", print, "a function of exactly one argument, op"),
        ("protocol", "http", "'grpc' or 'grpc+verbs'"),
        ("experimental_max_worker_delay_secs", "5", "an integer >= 0"),
        ("session_creation_timeout_secs", 0, "a number > 0"),
        ("save_input_position", 1, "True or False"),
        ("input_resume", "rewind", "'replay' or 'restart'"),
        ("steps_per_loop", 0, "'auto' or an integer > 0"),
        ("steps_per_loop", 2.5, "'auto' or an integer > 0"),
        ("jit_compile", "on", "'auto', True or False"),
        ("deterministic", 1, "True or False"),
    ],
)
def test_a_value_that_cannot_be_is_refused(name: str, value: Any, expected: str) -> None:
    for make in (RunConfig, RunConfig().replace):
        with pytest.raises(ValueError, match=r"^RunConfig: ") as caught:
            make(**{name: value})
        assert f"{name} must be {expected}; received {value!r}." in str(caught.value)


@pytest.mark.parametrize("name", ["train_distribute", "eval_distribute"])
def test_parameter_servers_are_refused_as_a_strategy(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} cannot be a ParameterServerStrategy"):
        RunConfig(**{name: parameter_servers()})


@pytest.mark.parametrize("name", ["train_distribute", "eval_distribute"])
def test_a_strategy_is_given_in_one_place(name: str) -> None:
    strategy = tf.distribute.OneDeviceStrategy("cpu")
    both = {name: strategy, "experimental_distribute": Distribute(strategy, strategy)}
    with pytest.raises(ValueError, match=f"{name} or experimental_distribute.{name}, not both"):
        RunConfig(**both)


def test_an_unknown_argument_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="save_checkpoint_steps"):
        RunConfig(save_checkpoint_steps=1)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("save_checkpoint_steps", "'save_checkpoint_steps' .* Did you mean 'save_checkpoints_s"),
        ("some_undefined_property", "no such field. Its fields: model_dir, tf_random_seed"),
        ("master", "Replacing 'master' is not supported: it follows from TF_CONFIG"),
        ("task_id", "Replacing 'task_id' is not supported: it follows from TF_CONFIG"),
    ],
)
def test_only_fields_can_be_replaced(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RunConfig().replace(**{name: 123})


@pytest.mark.parametrize("name", [*DEFAULTS, "master", "cluster_spec", "is_chief", "service"])
def test_nothing_can_be_assigned(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(RunConfig(), name, None)


def test_replace_leaves_the_original_alone() -> None:
    config = RunConfig(tf_random_seed=1)
    assert config.replace(tf_random_seed=2).tf_random_seed == 2
    assert config.tf_random_seed == 1
    assert config.replace() == config


def test_a_subclass_stays_one_when_replaced() -> None:
    class WithMore(tf_estimator.RunConfig):
        more = 3

    assert type(WithMore().replace(tf_random_seed=1)) is WithMore


def test_a_path_becomes_a_string() -> None:
    assert RunConfig(model_dir=Path("a") / "b").model_dir == "a/b"
    assert RunConfig().replace(model_dir=Path("c")).model_dir == "c"
    with pytest.raises(TypeError, match="model_dir must be a folder's path; received 3"):
        RunConfig(model_dir=3)


def test_one_cadence_clears_the_other() -> None:
    by_steps = RunConfig().replace(save_checkpoints_steps=100)
    assert (by_steps.save_checkpoints_steps, by_steps.save_checkpoints_secs) == (100, None)
    assert RunConfig(save_checkpoints_steps=100) == by_steps
    by_secs = by_steps.replace(save_checkpoints_secs=200)
    assert (by_secs.save_checkpoints_steps, by_secs.save_checkpoints_secs) == (None, 200)


@pytest.mark.parametrize(
    "make",
    [
        lambda: RunConfig(save_checkpoints_steps=None, save_checkpoints_secs=None),
        lambda: RunConfig(save_checkpoints_secs=None),
        lambda: RunConfig(save_checkpoints_steps=None),
        lambda: RunConfig().replace(save_checkpoints_steps=None, save_checkpoints_secs=None),
        lambda: RunConfig().replace(save_checkpoints_secs=None),
        lambda: RunConfig(save_checkpoints_steps=100).replace(save_checkpoints_steps=None),
        lambda: RunConfig(save_checkpoints_steps=0),
    ],
)
def test_checkpoints_can_be_turned_off(make: Callable[[], Any]) -> None:
    assert not make().saves_checkpoints


def test_taking_one_cadence_away_leaves_the_other() -> None:
    assert RunConfig().replace(save_checkpoints_steps=None).save_checkpoints_secs == 600


@pytest.mark.parametrize("make", [RunConfig, RunConfig().replace])
def test_both_cadences_are_refused(make: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match=r"or save_checkpoints_secs, not both; .*=100 .*=200"):
        make(save_checkpoints_steps=100, save_checkpoints_secs=200)


def test_a_copy_shares_strategies_and_nothing_else_that_can_change() -> None:
    config = RunConfig(**given_values())
    copied = copy.deepcopy(config)
    assert copied == config
    assert hash(copied) == hash(config)
    assert copied.train_distribute is config.train_distribute
    assert copied.session_config == config.session_config
    assert copied.session_config is not config.session_config


def test_an_estimators_config_is_a_copy_each_time(
    model: keras.Model, make_estimator: Callable[..., tf_estimator.Estimator]
) -> None:
    estimator = make_estimator(model, session_config=tf.compat.v1.ConfigProto())
    assert estimator.config is not estimator.config
    estimator.config.session_config.log_device_placement = True
    assert not estimator.config.session_config.log_device_placement


def test_what_has_no_effect_is_told_in_one_line(
    model: keras.Model,
    make_estimator: Callable[..., tf_estimator.Estimator],
    caplog: pytest.LogCaptureFixture,
) -> None:
    make_estimator(model)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    make_estimator(model, "second", **{"device_fn": on_cpu, "train_distribute": None})
    (line,) = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert line.startswith("RunConfig: kept, but without effect: device_fn (")
    assert "train_distribute" not in line


def test_the_config_is_logged(
    model: keras.Model,
    make_estimator: Callable[..., tf_estimator.Estimator],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, logger="tensorflow"):
        estimator = make_estimator(model, tf_random_seed=5)
    assert f"Using config: {{'_model_dir': {estimator.model_dir!r}" in caplog.text
    assert "'_tf_random_seed': 5" in caplog.text
