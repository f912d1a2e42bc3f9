"""What a process does in a cluster, and what it can do already."""

from kerasrun.bridge.run_config import RunConfig
from kerasrun.bridge.tf_config import CHIEF, EVALUATOR, MASTER, PS, WORKER

LOCAL = "local"
_ROLES = (CHIEF, EVALUATOR, MASTER, PS, WORKER)


def role_of(config: RunConfig) -> str:
    """Returns what `train_and_evaluate` does in this process.

    Returns:
        `local`: trains, evaluates, exports and returns the results. `chief`: trains. `master`: does
        as `local`, but returns None. `worker`, `ps`, `evaluator`: what their names say.

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
        ValueError: It is an evaluator or a parameter server.
        NotImplementedError: Other nodes of its cluster would train the same model.
    """
    if config.task_type in (EVALUATOR, PS):
        raise ValueError(
            f"This process is {_article(config.task_type)} by TF_CONFIG, which does not train. "
            "Call train_and_evaluate, which does in each process what it is there for."
        )
    _refuse_several(config)


def check_may_train_and_evaluate(config: RunConfig) -> str:
    """Checks that `train_and_evaluate` may be called in this process, and returns its role.

    Returns:
        `local`, `chief`, `master` or `evaluator`: see `role_of`.

    Raises:
        ValueError: As `role_of`.
        NotImplementedError: Other nodes of its cluster would train the same model.
    """
    role = role_of(config)
    if role != EVALUATOR:
        _refuse_several(config)
    return role


def _refuse_several(config: RunConfig) -> None:
    """Several nodes would each train alone, and overwrite each other's checkpoints."""
    cluster = config.cluster_spec
    nodes = sum(cluster.num_tasks(job) for job in cluster.jobs if job != EVALUATOR)
    if nodes > 1:
        raise NotImplementedError(
            f"The cluster in TF_CONFIG has {nodes} nodes beside an evaluator, which cannot work "
            "together yet. Name one chief alone, or leave TF_CONFIG out."
        )


def _article(task_type: str) -> str:
    return "an evaluator" if task_type == EVALUATOR else "a parameter server (ps)"
