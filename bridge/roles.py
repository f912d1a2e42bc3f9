"""What a process does in a cluster."""

from kerasrun.bridge.run_config import RunConfig
from kerasrun.bridge.tf_config import CHIEF, EVALUATOR, MASTER, PS, WORKER

LOCAL = "local"
_ROLES = (CHIEF, EVALUATOR, MASTER, PS, WORKER)


def role_of(config: RunConfig) -> str:
    """Returns what `train_and_evaluate` does in this process.

    Returns:
        `local`: trains, evaluates, exports and returns the results. `chief`, `worker`: train.
        `master`: does as `local`, but returns None. `evaluator`, `ps`: what their names say.

    Raises:
        ValueError: The task type is none of these, or the evaluator's index is above 0.

    Source: `tf.estimator.train_and_evaluate`.
    """
    if config.task_type == EVALUATOR and config.task_id > 0:
        raise ValueError(
            "There can be one evaluator only, so its task index in TF_CONFIG must be 0; received "
            f"{config.task_id}."
        )
    if not config.cluster_spec and config.task_type != EVALUATOR:
        return LOCAL
    if config.task_type not in _ROLES:
        raise ValueError(
            f"train_and_evaluate knows no task type {config.task_type!r}; the task type in "
            f"TF_CONFIG must be one of {', '.join(_ROLES)}."
        )
    return config.task_type


def check_may_train(config: RunConfig) -> None:
    """Checks that `train` may be called in this process.

    Raises:
        ValueError: It is an evaluator, or its cluster has parameter servers.
    """
    _refuse_parameter_servers(config)
    if config.task_type == EVALUATOR:
        raise ValueError(
            "This process is an evaluator by TF_CONFIG, which does not train. Call "
            "train_and_evaluate, which does in each process what it is there for."
        )


def check_may_train_and_evaluate(config: RunConfig) -> str:
    """Checks that `train_and_evaluate` may be called in this process, and returns its role.

    Returns:
        `local`, `chief`, `worker`, `master` or `evaluator`: see `role_of`.

    Raises:
        ValueError: As `role_of`; or the cluster has parameter servers.
    """
    role = role_of(config)
    _refuse_parameter_servers(config)
    return role


def _refuse_parameter_servers(config: RunConfig) -> None:
    if config.task_type == PS or PS in config.cluster_spec.jobs:
        raise ValueError(
            "The cluster in TF_CONFIG has parameter servers (ps), which train asynchronously: "
            "updates are lost, and steps cannot be counted. Name a chief and workers only: they "
            "train together, as one (tf.distribute.MultiWorkerMirroredStrategy)."
        )
