"""What a process may do in a cluster, by the role that TF_CONFIG gives it."""

import json
from collections.abc import Callable
from typing import Any

import keras
import pytest

from kerasrun.bridge.roles import check_may_train, check_may_train_and_evaluate, role_of
from kerasrun.estimator import Estimator, RunConfig

WORKERS = {"worker": ["host1:1"]}
CLUSTER = {"chief": ["host0:0"], **WORKERS, "ps": ["host2:2"]}


@pytest.fixture
def config_of(monkeypatch: pytest.MonkeyPatch) -> Callable[..., RunConfig]:
    """Makes the RunConfig of one node of a cluster."""

    def make(cluster: Any, task_type: str, index: int = 0) -> RunConfig:
        tf_config = {"cluster": cluster, "task": {"type": task_type, "index": index}}
        monkeypatch.setenv("TF_CONFIG", json.dumps(tf_config))
        return RunConfig()

    return make


@pytest.mark.parametrize(
    ("cluster", "task_type", "role"),
    [
        ({}, "worker", "local"),
        ({"chief": ["host0:0"]}, "chief", "chief"),
        (CLUSTER, "chief", "chief"),
        (CLUSTER, "worker", "worker"),
        (CLUSTER, "ps", "ps"),
        (CLUSTER, "evaluator", "evaluator"),
        ({"master": ["host0:0"], **WORKERS}, "master", "master"),
    ],
)
def test_the_role_follows_from_the_task(
    cluster: Any, task_type: str, role: str, config_of: Callable[..., RunConfig]
) -> None:
    assert role_of(config_of(cluster, task_type)) == role


@pytest.mark.parametrize(
    ("cluster", "task_type", "index", "message"),
    [
        (CLUSTER, "evaluator", 1, "one evaluator only, .* must be 0; received 1"),
        ({**CLUSTER, "local": ["host3:3"]}, "local", 0, "no task type 'local'; .* chief, evaluat"),
        ({**CLUSTER, "other": ["host3:3"]}, "other", 0, "one of chief, evaluator, master, ps, wo"),
    ],
)
def test_a_task_that_is_no_role_is_refused(
    cluster: Any, task_type: str, index: int, message: str, config_of: Callable[..., RunConfig]
) -> None:
    config = config_of(cluster, task_type, index)
    for check in (role_of, check_may_train_and_evaluate):
        with pytest.raises(ValueError, match=message):
            check(config)


def test_an_evaluator_does_not_train(config_of: Callable[..., RunConfig]) -> None:
    config = config_of({"chief": ["host0:0"], **WORKERS}, "evaluator")
    with pytest.raises(ValueError, match=r"is an evaluator by TF_CONFIG.* Call train_and_evaluate"):
        check_may_train(config)


@pytest.mark.parametrize("task_type", ["chief", "worker", "ps"])
@pytest.mark.parametrize("check", [check_may_train, check_may_train_and_evaluate])
def test_parameter_servers_are_refused_with_what_to_use(
    task_type: str, check: Callable[[RunConfig], Any], config_of: Callable[..., RunConfig]
) -> None:
    with pytest.raises(ValueError, match=r"parameter servers \(ps\).* a chief and workers only"):
        check(config_of(CLUSTER, task_type))


@pytest.mark.parametrize("head", ["chief", "master"])
@pytest.mark.parametrize("beside", [{}, {"evaluator": ["host9:9"]}])
def test_a_node_that_trains_alone_may(
    head: str, beside: Any, config_of: Callable[..., RunConfig]
) -> None:
    config = config_of({head: ["host0:0"], **beside}, head)
    check_may_train(config)
    assert check_may_train_and_evaluate(config) == head


def test_without_a_cluster_all_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)
    check_may_train(RunConfig())
    assert check_may_train_and_evaluate(RunConfig()) == "local"


@pytest.mark.parametrize("task_type", ["chief", "worker"])
def test_nodes_that_train_together_may(task_type: str, config_of: Callable[..., RunConfig]) -> None:
    config = config_of({"chief": ["host0:0"], "worker": ["host1:1", "host2:2"]}, task_type)
    check_may_train(config)
    assert check_may_train_and_evaluate(config) == task_type


def test_who_comes_too_late_to_join_a_cluster_is_told_what_to_do(
    model: keras.Model,
    config_of: Callable[..., RunConfig],
    make_estimator: Callable[..., Estimator],
) -> None:
    config_of({"chief": ["host0:0"], **WORKERS}, "chief")
    with pytest.raises(RuntimeError, match=r"Import kerasrun.estimator, which joins them, before"):
        make_estimator(model).train(lambda: None, steps=1)


@pytest.mark.parametrize("task_type", ["master", "worker", "ps"])
def test_a_model_is_converted_in_any_role(
    task_type: str,
    model: keras.Model,
    config_of: Callable[..., RunConfig],
    make_estimator: Callable[..., Estimator],
) -> None:
    config_of({"master": ["host0:0"], **WORKERS, "ps": ["host2:2"]}, task_type)
    estimator = make_estimator(model)
    assert estimator.config.task_type == task_type
    assert estimator.config.is_chief == (task_type == "master")
