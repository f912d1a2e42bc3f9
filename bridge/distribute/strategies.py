"""Which replicas train, as RunConfig and TF_CONFIG say."""

import logging
from typing import Any

import tensorflow as tf

from kerasrun.bridge.distribute.cluster import join, joined, member_of
from kerasrun.bridge.distribute.replicas import Replicas
from kerasrun.bridge.run_config import RunConfig
from kerasrun.bridge.tf_config import EVALUATOR

_LOGGER = logging.getLogger("tensorflow")
_MIRRORED = (tf.distribute.MirroredStrategy, tf.compat.v1.distribute.MirroredStrategy)
_SEVERAL = (
    tf.distribute.MultiWorkerMirroredStrategy,
    tf.distribute.experimental.MultiWorkerMirroredStrategy,
    tf.compat.v1.distribute.experimental.MultiWorkerMirroredStrategy,
)
_ONE = (tf.distribute.OneDeviceStrategy, tf.compat.v1.distribute.OneDeviceStrategy)

# By devices: two strategies would number their collective operations alike, and fail.
_first: dict[tuple[str, ...], Any] = {}


def replicas_of(config: RunConfig) -> Replicas | None:
    """Returns the replicas that train by this config; None where one device does.

    Raises:
        ValueError: Its strategy cannot train here.
        RuntimeError: The cluster in TF_CONFIG cannot be joined any more.
        WorkerLostError: Another process of it did not come.
    """
    if config.task_type == EVALUATOR:
        return None
    strategy = chosen_strategy(config, "train_distribute")
    if isinstance(strategy, _SEVERAL):
        return _several(Replicas(strategy, member_of(strategy)))
    secs = config.session_creation_timeout_secs
    if member := joined() or join(config.node, **({} if secs is None else {"timeout_secs": secs})):
        if strategy is not None:
            _LOGGER.info("TF_CONFIG names a cluster: %s is not used.", type(strategy).__name__)
        return Replicas(_first_of(member.strategy), member)
    return None if strategy is None else _several(Replicas(strategy))


def evaluating_replicas_of(config: RunConfig) -> Replicas | None:
    """Returns the devices of this process that evaluate; None where one does.

    Raises:
        ValueError: The strategy of `eval_distribute` cannot evaluate here.
    """
    strategy = chosen_strategy(config, "eval_distribute")
    if isinstance(strategy, _SEVERAL):
        raise ValueError(
            "RunConfig: eval_distribute cannot be a MultiWorkerMirroredStrategy: one process "
            "evaluates (the evaluator of TF_CONFIG, or a master). Use a MirroredStrategy for its "
            "devices, or leave eval_distribute out."
        )
    if strategy is not None and joined() is not None:
        _LOGGER.info("TF_CONFIG names a cluster: one device of this process evaluates.")
        return None
    return None if strategy is None else _several(Replicas(strategy))


def chosen_strategy(config: RunConfig, name: str) -> Any:
    """The strategy of `train_distribute` or `eval_distribute`; None without, or with one device.

    Raises:
        ValueError: Replicas of it do not end a step with the same weights.
    """
    strategy = getattr(config, name) or getattr(config.experimental_distribute, name, None)
    if strategy is None or isinstance(strategy, _ONE):
        return None
    if not isinstance(strategy, (*_MIRRORED, *_SEVERAL)):
        raise ValueError(
            f"RunConfig: {name} must be a MirroredStrategy or a MultiWorkerMirroredStrategy of "
            f"tf.distribute; received {type(strategy).__name__}."
        )
    return _first_of(strategy)


def _first_of(strategy: Any) -> Any:
    """The first strategy of this process that has its devices; this one, if it is the first."""
    return _first.setdefault(tuple(strategy.extended.worker_devices), strategy)


def _several(replicas: Replicas) -> Replicas | None:
    return replicas if replicas.count > 1 else None
