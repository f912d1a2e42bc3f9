"""Which node of a cluster this process is, as the environment variable TF_CONFIG says.

    TF_CONFIG='{"cluster": {"chief": ["host0:2222"], "worker": ["host1:2222"]},
                "task": {"type": "worker", "index": 0}}'

Beside `cluster` and `task` it may hold `model_dir`, `service`, `session_master` and
`eval_session_master`.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import tensorflow as tf

from kerasrun.bridge.suggest import did_you_mean

CHIEF, MASTER, WORKER, PS, EVALUATOR = "chief", "master", "worker", "ps", "evaluator"


@dataclass(frozen=True)
class Node:
    """This process's place in a cluster; the defaults are those of a process of its own.

    Attributes:
        cluster_spec: The nodes that train; empty where there is no cluster, and for an evaluator.
        task_type: `worker` unless TF_CONFIG says otherwise.
        task_id: Its number among the nodes of its type.
        master: Where its session would be: `grpc://host:port`, or "" for this process.
        evaluation_master: The same, for evaluations.
        is_chief: Whether it writes checkpoints and summaries.
        num_ps_replicas: How many parameter servers there are.
        num_worker_replicas: How many nodes train, the chief among them.
        global_id_in_cluster: Its number among all nodes; None for an evaluator.
        service: What the platform says of itself.
    """

    cluster_spec: tf.train.ClusterSpec = field(default_factory=lambda: tf.train.ClusterSpec({}))
    task_type: str = WORKER
    task_id: int = 0
    master: str = ""
    evaluation_master: str = ""
    is_chief: bool = True
    num_ps_replicas: int = 0
    num_worker_replicas: int = 1
    global_id_in_cluster: int | None = 0
    service: dict[str, Any] | None = None


def read_tf_config(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Returns what TF_CONFIG holds; nothing where it is absent or blank.

    Raises:
        json.JSONDecodeError: It is no JSON.
        TypeError: It is JSON, but no object.
    """
    text = environ.get("TF_CONFIG", "").strip() or "{}"
    try:
        tf_config = json.loads(text)
    except json.JSONDecodeError as error:
        message = f"The environment variable TF_CONFIG is no JSON: {error.msg}"
        raise json.JSONDecodeError(message, error.doc, error.pos) from None
    return _object("TF_CONFIG", tf_config)


def model_dir_of(tf_config: Mapping[str, Any], model_dir: str | None) -> str | None:
    """Returns the folder that is given, or TF_CONFIG's.

    Raises:
        ValueError: TF_CONFIG's is empty, or both are given and differ.
    """
    there = tf_config.get("model_dir")
    if there is None:
        return model_dir
    if not isinstance(there, str) or not there:
        raise ValueError(
            f"model_dir in TF_CONFIG must be a folder's path, not empty; received {there!r}."
        )
    if model_dir is not None and model_dir != there:
        raise ValueError(
            f"model_dir is {model_dir!r} but TF_CONFIG's is {there!r}; give one, or the same twice."
        )
    return there


def node_of(tf_config: Mapping[str, Any]) -> Node:
    """Returns the node that TF_CONFIG describes.

    Args:
        tf_config: What `read_tf_config` returned.

    Raises:
        TypeError: `service`, `cluster` or `task` is not what its name says.
        ValueError: The cluster has several chiefs (or masters), or nobody who trains, or the task
            is not in it.
    """
    service = tf_config.get("service")
    if service is not None:
        _object("service in TF_CONFIG", service)
    task = _object("task in TF_CONFIG", _given(tf_config, "task"))
    try:
        cluster = tf.train.ClusterSpec(_given(tf_config, "cluster"))
    except TypeError as error:
        raise TypeError(f"cluster in TF_CONFIG: {error}") from None
    if not cluster:
        return _node_alone(task, tf_config, service)
    chief_type = _chief_type(cluster)
    task_type, task_id = _task_in(cluster, task, chief_type)
    if task_type == EVALUATOR:
        return _evaluator(task_id, tf_config, service)
    return Node(
        cluster,
        task_type,
        task_id,
        master=tf_config.get("session_master", _address(cluster, task_type, task_id)),
        is_chief=task_type == chief_type and (chief_type != WORKER or task_id == 0),
        num_ps_replicas=_count(cluster, PS),
        num_worker_replicas=sum(_count(cluster, job) for job in {WORKER, chief_type}),
        global_id_in_cluster=_global_id(cluster, task_type, task_id, chief_type),
        service=service,
    )


def _node_alone(
    task: dict[str, Any], tf_config: Mapping[str, Any], service: dict[str, Any] | None
) -> Node:
    task_type, task_id = task.get("type", WORKER), _index(task.get("index", 0))
    if (task_type, task_id) != (WORKER, 0):
        raise ValueError(
            f"TF_CONFIG has no cluster, so its task must be worker 0; received {task_type!r} "
            f"{task_id}. Name the cluster's nodes, or leave the task out."
        )
    return Node(
        master=tf_config.get("session_master", ""),
        evaluation_master=tf_config.get("eval_session_master", ""),
        service=service,
    )


def _evaluator(task_id: int, tf_config: Mapping[str, Any], service: dict[str, Any] | None) -> Node:
    """An evaluator is beside the cluster, not in it."""
    return Node(
        task_type=EVALUATOR,
        task_id=task_id,
        evaluation_master=tf_config.get("eval_session_master", ""),
        is_chief=False,
        num_worker_replicas=0,
        global_id_in_cluster=None,
        service=service,
    )


def _chief_type(cluster: tf.train.ClusterSpec) -> str:
    """Which of `chief` and `master` the cluster has; `worker`, whose first leads, where neither.

    `tf.estimator` asked for a chief; what starts today's clusters (TFJob, Ray) names workers only.
    """
    chief_type = MASTER if MASTER in cluster.jobs else CHIEF
    if chief_type == MASTER and CHIEF in cluster.jobs:
        raise ValueError("The cluster in TF_CONFIG has a chief and a master; keep one.")
    if chief_type not in cluster.jobs and _count(cluster, WORKER):
        return WORKER
    if (count := _count(cluster, chief_type)) != 1:
        raise ValueError(
            f"The cluster in TF_CONFIG must have exactly one {chief_type} node; received {count}: "
            f"{cluster.as_dict()}."
        )
    return chief_type


def _task_in(
    cluster: tf.train.ClusterSpec, task: dict[str, Any], chief_type: str
) -> tuple[str, int]:
    """The task's type and index, once they are known to be in the cluster, or an evaluator's."""
    for key in ("type", "index"):
        if task.get(key) in (None, ""):
            raise ValueError(
                f"TF_CONFIG has a cluster, so its task must have a type and an index; the {key} is "
                f"missing: {task!r}."
            )
    task_type, task_id = str(task["type"]), _index(task["index"])
    if task_type == EVALUATOR:
        if chief_type == MASTER:
            raise ValueError(
                "The cluster in TF_CONFIG has a master, which evaluates by itself; an evaluator "
                "goes with a chief."
            )
        return task_type, task_id
    if task_type not in cluster.jobs:
        raise ValueError(
            f"The task type {task_type!r} of TF_CONFIG is not in its cluster."
            f"{did_you_mean(task_type, cluster.jobs)} There are {', '.join(cluster.jobs)}."
        )
    if task_id >= (count := _count(cluster, task_type)):
        raise ValueError(
            f"The task index of TF_CONFIG must be below {count}, the number of {task_type} nodes "
            f"in its cluster; received {task_id}."
        )
    return task_type, task_id


def _address(cluster: tf.train.ClusterSpec, task_type: str, task_id: int) -> str:
    """Where the node's server would be; nowhere if it is the only one."""
    if sum(_count(cluster, job) for job in cluster.jobs) == 1:
        return ""
    return f"grpc://{cluster.job_tasks(task_type)[task_id]}"


def _global_id(cluster: tf.train.ClusterSpec, task_type: str, task_id: int, chief_type: str) -> int:
    """Nodes are numbered from the chief, other types by name, parameter servers last."""
    jobs = sorted(cluster.jobs, key=lambda job: (job != chief_type, job == PS, job))
    return task_id + sum(_count(cluster, job) for job in jobs[: jobs.index(task_type)])


def _count(cluster: tf.train.ClusterSpec, job: str) -> int:
    return int(cluster.num_tasks(job)) if job in cluster.jobs else 0


def _index(value: Any) -> int:
    try:
        index = int(value)
    except (TypeError, ValueError):
        index = -1
    if index < 0:
        raise ValueError(
            f"The task index of TF_CONFIG must be a whole number, not negative; received {value!r}."
        )
    return index


def _given(tf_config: Mapping[str, Any], key: str) -> Any:
    value = tf_config.get(key)
    return {} if value is None else value


def _object(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{name} must be an object, {{...}}; received {value!r}.")
    return value
