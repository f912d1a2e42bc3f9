"""Joining the cluster that TF_CONFIG describes: its processes train one model together.

TensorFlow can join one only before it has made its first tensor. So importing
`kerasrun.estimator` joins it, where TF_CONFIG names several processes that train.
"""

import logging
import os
import signal
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
from tensorflow.python.eager import context

from kerasrun.bridge.distribute.rendezvous import meet
from kerasrun.bridge.tf_config import (
    CHIEF,
    EVALUATOR,
    MASTER,
    PS,
    WORKER,
    Node,
    node_of,
    read_tf_config,
)

_LOGGER = logging.getLogger("tensorflow")
TIMEOUT_VARIABLE = "KERASRUN_WORKER_TIMEOUT_SECS"
_TIMEOUT_SECS = 7200.0  # as long as tf.estimator's workers wait for their chief
_REGISTER_SECS = 120
_HEARTBEAT_SECS = 10


@dataclass(frozen=True)
class Member:
    """This process among those that train.

    Attributes:
        strategy: The `tf.distribute.MultiWorkerMirroredStrategy` of all.
        addresses: `host:port` of each, by its name (`chief`, `worker 0`), the chief first.
        rank: Its place among them; 0 is the chief.
    """

    strategy: Any
    addresses: Mapping[str, str]
    rank: int

    def name_of(self, job: str, index: int) -> str | None:
        """The name of a process by its place in TensorFlow's cluster; None if there is none."""
        name = _name(job, index)
        chief = self.names[0] if job == CHIEF else None
        return name if name in self.addresses else chief

    @property
    def names(self) -> list[str]:
        """All processes that train, the chief first."""
        return list(self.addresses)


_member: Member | None = None


def joined() -> Member | None:
    """This process's place in the cluster that it has joined; None if it has not."""
    return _member


def join_by_environment(environ: Mapping[str, str] = os.environ) -> None:
    """Joins the cluster in TF_CONFIG, if there is one and this process trains in it.

    A TF_CONFIG that is wrong is left to whoever makes a RunConfig.

    Raises:
        WorkerLostError: The others did not come within `KERASRUN_WORKER_TIMEOUT_SECS` (7,200).
        ValueError: That is no number.
    """
    try:
        node = node_of(read_tf_config(environ))
    except (TypeError, ValueError):
        return
    if node.task_type in _training_types(node) and not _count(node, PS):
        join(node, timeout_secs=_timeout_secs(environ))


def _timeout_secs(environ: Mapping[str, str]) -> float:
    given = environ.get(TIMEOUT_VARIABLE, "").strip()
    try:
        return float(given or _TIMEOUT_SECS)
    except ValueError:
        raise ValueError(
            f"The environment variable {TIMEOUT_VARIABLE} must be a number of seconds; received "
            f"{given!r}."
        ) from None


def join(node: Node, *, timeout_secs: float = _TIMEOUT_SECS) -> Member | None:
    """Joins the cluster that `node` is of; once only.

    Returns:
        None where no other process trains.

    Raises:
        WorkerLostError: The others did not come in time.
        RuntimeError: TensorFlow has been at work already.
    """
    global _member
    addresses = training_addresses(node)
    if _member is not None or len(addresses) < 2:
        return _member
    if context.context()._context_handle is not None:
        raise RuntimeError(
            "TF_CONFIG names several processes that train, but TensorFlow has been at work in "
            "this one before it could join them. Import kerasrun.estimator, which joins them, "
            "before the model is built (and set TF_CONFIG before that)."
        )
    rank = list(addresses).index(_name(node.task_type, node.task_id))
    listed = list(addresses.values())
    _LOGGER.info("Joining the cluster as process %d of %s.", rank, addresses)
    others = {name: a for i, (name, a) in enumerate(addresses.items()) if i != rank}
    meet(listed[rank], others, timeout_secs)
    context.context().configure_coordination_service(
        "standalone",
        service_leader=f"/job:{_job(_training_types(node)[0])}/replica:0/task:0",
        heartbeat_timeout_in_ms=1000 * _HEARTBEAT_SECS,
        cluster_register_timeout_in_ms=1000 * _REGISTER_SECS,
    )
    # As a strategy that the program makes itself would: TensorFlow takes no other cluster then.
    jobs = {_job(job): node.cluster_spec.job_tasks(job) for job in _training_types(node)}
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec(jobs),
        task_type=_job(node.task_type),
        task_id=node.task_id,
        rpc_layer="grpc",
    )
    strategy = tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver)
    _hear_sigterm_again()
    _member = Member(strategy, addresses, rank)
    return _member


def member_of(strategy: Any) -> Member:
    """The place of this process in the cluster of a strategy that the program has made itself."""
    if _member is not None and strategy is _member.strategy:
        return _member
    resolver = strategy.cluster_resolver
    spec = resolver.cluster_spec()
    tasks = [
        (job, i) for job in (CHIEF, WORKER) if job in spec.jobs for i in spec.task_indices(job)
    ]
    addresses = {_name(job, i): spec.task_address(job, i) for job, i in tasks}
    rank = tasks.index((resolver.task_type, resolver.task_id)) if tasks else 0
    _hear_sigterm_again()
    return Member(strategy, addresses or {CHIEF: ""}, rank)


def training_addresses(node: Node) -> dict[str, str]:
    """`host:port` of each process that trains, by its name; the chief first."""
    spec = node.cluster_spec
    return {
        _name(job, i): spec.task_address(job, i)
        for job in _training_types(node)
        for i in spec.task_indices(job)
    }


def _training_types(node: Node) -> list[str]:
    return [job for job in (CHIEF, MASTER, WORKER) if job in node.cluster_spec.jobs]


def _job(job: str) -> str:
    """As tf.distribute calls it, which knows no master."""
    return CHIEF if job == MASTER else job


def _count(node: Node, job: str) -> int:
    return int(node.cluster_spec.num_tasks(job)) if job in node.cluster_spec.jobs else 0


def _name(job: str, index: int) -> str:
    return f"{job} {index}" if job in (WORKER, EVALUATOR) else job


def _hear_sigterm_again() -> None:
    """The strategy has put a handler of its own below Python's, which does not end the process."""
    if threading.current_thread() is threading.main_thread():
        handler = signal.getsignal(signal.SIGTERM)
        signal.signal(signal.SIGTERM, handler if handler is not None else signal.SIG_DFL)
