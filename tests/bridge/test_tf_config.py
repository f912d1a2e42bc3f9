"""RunConfig in a cluster: what it reads from the environment variable TF_CONFIG."""

import copy
import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

from kerasrun.estimator import RunConfig

WORKERS = {"worker": ["host3:3", "host4:4", "host5:5"]}
PS = {"ps": ["host1:1", "host2:2"]}
MakeConfig = Callable[..., RunConfig]


@pytest.fixture
def config_of(monkeypatch: pytest.MonkeyPatch) -> MakeConfig:
    """Makes a RunConfig under a TF_CONFIG."""

    def make(tf_config: Any, **settings: Any) -> RunConfig:
        monkeypatch.setenv("TF_CONFIG", json.dumps(tf_config))
        return RunConfig(**settings)

    return make


def task(task_type: str, index: Any = 0) -> dict[str, Any]:
    return {"task": {"type": task_type, "index": index}}


def place(config: RunConfig) -> dict[str, Any]:
    """What a RunConfig says of the cluster."""
    return {
        "cluster": config.cluster_spec.as_dict(),
        "task": (config.task_type, config.task_id),
        "masters": (config.master, config.evaluation_master),
        "is_chief": config.is_chief,
        "workers": config.num_worker_replicas,
        "ps": config.num_ps_replicas,
        "global_id": config.global_id_in_cluster,
    }


ALONE = {
    "cluster": {},
    "task": ("worker", 0),
    "masters": ("", ""),
    "is_chief": True,
    "workers": 1,
    "ps": 0,
    "global_id": 0,
}


@pytest.mark.parametrize("text", [None, "", " ", "{}", '{"cluster": null, "task": null}'])
def test_without_a_cluster_a_process_is_its_own_chief(
    text: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if text is not None:
        monkeypatch.setenv("TF_CONFIG", text)
    assert place(RunConfig()) == ALONE


def test_worker_0_without_a_cluster_is_local(config_of: MakeConfig) -> None:
    config = config_of(task("worker"))
    assert place(config) == ALONE
    assert config.session_config is None


@pytest.mark.parametrize(
    ("tf_config", "masters"),
    [
        ({"session_master": "mine"}, ("mine", "")),
        ({"eval_session_master": "mine"}, ("", "mine")),
    ],
)
def test_masters_of_a_local_process(
    tf_config: Any, masters: tuple[str, str], config_of: MakeConfig
) -> None:
    assert place(config_of(tf_config)) == {**ALONE, "masters": masters}


@pytest.mark.parametrize("head", ["chief", "master"])
@pytest.mark.parametrize(
    ("role", "index", "master", "global_id"),
    [
        ("head", 0, "grpc://host0:0", 0),
        ("worker", 1, "grpc://host4:4", 2),
        ("worker", "2", "grpc://host5:5", 3),
        ("ps", 0, "grpc://host1:1", 4),
        ("ps", 1, "grpc://host2:2", 5),
    ],
)
def test_each_node_of_a_cluster_knows_its_place(
    head: str, role: str, index: Any, master: str, global_id: int, config_of: MakeConfig
) -> None:
    cluster = {head: ["host0:0"], **PS, **WORKERS}
    role = head if role == "head" else role
    assert place(config_of({"cluster": cluster, **task(role, index)})) == {
        "cluster": cluster,
        "task": (role, int(index)),
        "masters": (master, ""),
        "is_chief": role == head,
        "workers": 4,
        "ps": 2,
        "global_id": global_id,
    }


@pytest.mark.parametrize("head", ["chief", "master"])
def test_other_types_are_numbered_by_name_between_the_chief_and_ps(
    head: str, config_of: MakeConfig
) -> None:
    cluster = {head: ["host0:0"], **WORKERS, "other_type": ["host6:1", "host7:2"], **PS}
    config = config_of({"cluster": cluster, **task("other_type", 1)})
    assert config.global_id_in_cluster == 2
    assert not config.is_chief


@pytest.mark.parametrize("head", ["chief", "master"])
def test_one_node_needs_no_server(head: str, config_of: MakeConfig) -> None:
    cluster = {head: ["host0:0"]}
    expected = {**ALONE, "cluster": cluster, "task": (head, 0)}
    assert place(config_of({"cluster": cluster, **task(head)})) == expected


@pytest.mark.parametrize("head", ["chief", "master"])
@pytest.mark.parametrize("others", [{}, PS])
def test_a_session_master_wins(head: str, others: Any, config_of: MakeConfig) -> None:
    cluster = {head: ["host0:0"], **others}
    config = config_of({"cluster": cluster, **task(head), "session_master": "mine"})
    assert config.master == "mine"


def test_an_evaluator_is_beside_the_cluster(config_of: MakeConfig) -> None:
    cluster = {"chief": ["host0:0"], **PS, **WORKERS}
    tf_config = {"cluster": cluster, **task("evaluator", 12)}
    expected = {
        "cluster": {},
        "task": ("evaluator", 12),
        "masters": ("", ""),
        "is_chief": False,
        "workers": 0,
        "ps": 0,
        "global_id": None,
    }
    assert place(config_of(tf_config)) == expected
    config = config_of({**tf_config, "eval_session_master": "grpc://123"})
    assert config.evaluation_master == "grpc://123"


@pytest.mark.parametrize("role", ["chief", "worker"])
def test_only_evaluators_have_an_evaluation_master(role: str, config_of: MakeConfig) -> None:
    cluster = {"chief": ["host0:0"], **WORKERS}
    config = config_of({"cluster": cluster, **task(role), "eval_session_master": "mine"})
    assert config.evaluation_master == ""


def test_of_workers_alone_the_first_is_the_chief(config_of: MakeConfig) -> None:
    first, second = (config_of({"cluster": WORKERS, **task("worker", i)}) for i in (0, 1))
    assert (first.is_chief, second.is_chief) == (True, False)
    assert (first.num_worker_replicas, second.global_id_in_cluster) == (3, 1)


ONE_CHIEF = {"cluster": {"chief": ["host3:3"]}}
ONE_MASTER = {"cluster": {"master": ["host3:3"]}}


@pytest.mark.parametrize(
    ("tf_config", "message"),
    [
        (task("chief"), "no cluster, so its task must be worker 0; received 'chief' 0"),
        (task("master"), "no cluster, so its task must be worker 0; received 'master' 0"),
        (task("worker", 1), "no cluster, so its task must be worker 0; received 'worker' 1"),
        ({"cluster": PS}, "must have exactly one chief node; received 0: .*host"),
        ({"cluster": {"chief": ["a:1", "b:2"]}}, "must have exactly one chief node; received 2"),
        ({"cluster": {"master": ["a:1", "b:2"]}}, "must have exactly one master node; received 2"),
        ({"cluster": {"chief": []}, **task("chief")}, "exactly one chief node; received 0"),
        (ONE_CHIEF, "must have a type and an index; the type is missing: {}"),
        (ONE_MASTER, "must have a type and an index; the type is missing: {}"),
        ({**ONE_CHIEF, **task("")}, "the type is missing"),
        ({**ONE_CHIEF, "task": {"type": "chief"}}, "the index is missing"),
        ({**ONE_MASTER, "task": {"type": "master"}}, "the index is missing"),
        ({**ONE_CHIEF, **task("chief", 1)}, "must be below 1, the number of chief nodes .* 1"),
        ({**ONE_MASTER, **task("master", 1)}, "must be below 1, the number of master nodes"),
        ({**ONE_CHIEF, **task("chief", -1)}, "a whole number, not negative; received -1"),
        ({**ONE_MASTER, **task("master", -1)}, "a whole number, not negative; received -1"),
        ({**ONE_CHIEF, **task("evaluator", -1)}, "a whole number, not negative; received -1"),
        ({**ONE_CHIEF, **task("chief", "first")}, "a whole number, not .* received 'first'"),
        ({**ONE_CHIEF, **task("worker")}, "task type 'worker' .* not in its cluster.*are chief"),
        ({**ONE_MASTER, **task("worker")}, "task type 'worker' .* not in its cluster.*master"),
        ({**ONE_CHIEF, **task("chef")}, "Did you mean 'chief'"),
        ({**ONE_MASTER, **task("evaluator")}, "has a master, which evaluates by itself"),
        (
            {"cluster": {"master": ["a:1"], "chief": ["b:2"], **PS}, **task("ps", 1)},
            "has a chief and a master; keep one",
        ),
    ],
)
def test_a_cluster_that_cannot_be_is_refused(
    tf_config: Any, message: str, config_of: MakeConfig
) -> None:
    with pytest.raises(ValueError, match=message):
        config_of(tf_config)


@pytest.mark.parametrize(
    ("tf_config", "message"),
    [
        ({"service": 789}, "service in TF_CONFIG must be an object, .* received 789"),
        ({"task": ["chief", 0]}, "task in TF_CONFIG must be an object"),
        ({"cluster": ["chief"]}, "cluster in TF_CONFIG: .*dictionary"),
        ({"cluster": {"chief": "host0:0"}}, "cluster in TF_CONFIG: .*'chief' must be a list"),
        (["cluster"], r"TF_CONFIG must be an object, \{...\}; received \['cluster'\]"),
    ],
)
def test_a_part_of_another_type_is_refused(
    tf_config: Any, message: str, config_of: MakeConfig
) -> None:
    with pytest.raises(TypeError, match=message):
        config_of(tf_config)


def test_what_is_no_json_is_refused_by_the_variables_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TF_CONFIG", "{'cluster': {}}")
    with pytest.raises(json.JSONDecodeError, match=r"TF_CONFIG is no JSON: .* column 2"):
        RunConfig()


def test_the_platforms_service_is_kept(config_of: MakeConfig) -> None:
    service = {"key1": [1, 2], "key2": {"a": 3, "b": 4}, "key3": 789}
    assert config_of({"service": service}).service == service
    assert config_of({"model_dir": "/there"}).service is None


def test_the_model_dir_of_the_cluster_is_used(config_of: MakeConfig) -> None:
    assert config_of({"model_dir": "/there"}).model_dir == "/there"
    assert config_of({"model_dir": "/there"}, model_dir="/there").model_dir == "/there"
    assert config_of({}, model_dir="/here").model_dir == "/here"


@pytest.mark.parametrize(
    ("there", "here", "message"),
    [
        ("/there", "/here", "model_dir is '/here' but TF_CONFIG's is '/there'"),
        ("", None, "model_dir in TF_CONFIG must be a folder's path, not empty; received ''"),
        ("/there", "", "model_dir must be a folder's path, not an empty string"),
    ],
)
def test_two_model_dirs_must_agree(
    there: str, here: str | None, message: str, config_of: MakeConfig
) -> None:
    with pytest.raises(ValueError, match=message):
        config_of({"model_dir": there}, model_dir=here)


def test_a_copy_stays_in_its_place(config_of: MakeConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    config = config_of({"cluster": {"chief": ["a:1"], **PS}, **task("ps", 1), "service": {"k": 1}})
    monkeypatch.delenv("TF_CONFIG")
    assert place(config.replace(tf_random_seed=1)) == place(config)
    copied = copy.deepcopy(config)
    assert copied == config
    assert copied.service is not config.service


def test_tf_config_is_logged(config_of: MakeConfig, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="tensorflow"):
        config_of({"model_dir": "/there"})
    assert "TF_CONFIG environment variable: {'model_dir': '/there'}" in caplog.text


def test_the_cluster_is_tensorflows_own_type(config_of: MakeConfig) -> None:
    cluster = {"chief": ["host0:0"], **WORKERS}
    config = config_of({"cluster": cluster, **task("chief")})
    assert config.cluster_spec == tf.train.ClusterSpec(cluster)
