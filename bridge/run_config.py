"""How an Estimator runs: where it saves, how often, how much it keeps, and in which cluster."""

import copy
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import tensorflow as tf

from kerasrun.bridge.run_config_rules import check_fields
from kerasrun.bridge.suggest import did_you_mean
from kerasrun.bridge.tf_config import Node, model_dir_of, node_of, read_tf_config

_LOGGER = logging.getLogger("tensorflow")


class _Default:
    """Tells "not given" from None, which has a meaning of its own here."""

    def __repr__(self) -> str:
        return "<default>"


_DEFAULT: Any = _Default()
_DEFAULT_SAVE_CHECKPOINTS_SECS = 600
_SHARED = {"train_distribute", "eval_distribute", "experimental_distribute", "device_fn"}
Strategy = Any  # a tf.distribute.Strategy; TensorFlow has no types


@dataclass(frozen=True, init=False)
class RunConfig:
    """Settings of an Estimator's runs, and the place of this process in a cluster.

    Instances cannot be changed: `replace` makes a changed copy. Every field takes None. The
    environment variable TF_CONFIG is read once, when the RunConfig is made; see `cluster_spec` and
    the properties after it.

    Args:
        model_dir: Folder of checkpoints, event files and exports. None: TF_CONFIG's, if any.
        tf_random_seed: Seed of `tf.random.set_seed`, set anew by each `train`; None leaves the
            global seed alone.
        save_summary_steps: Training summaries are written at steps 1, 1+N, 1+2N...; 0 or None
            turns them off.
        save_checkpoints_steps: Save every so many steps. Excludes `save_checkpoints_secs`.
        save_checkpoints_secs: Save every so many seconds; 600 unless either is given. Both None:
            no checkpoints at all.
        session_config: A `tf.compat.v1.ConfigProto`. No effect: there are no sessions.
        keep_checkpoint_max: How many recent checkpoints are kept; 0 or None keeps all.
        keep_checkpoint_every_n_hours: One checkpoint in so many hours is kept for good.
        log_step_count_steps: `global_step/sec` is written at 1+N, 1+2N...; None turns it off.
        train_distribute: A `tf.distribute.MirroredStrategy` (several devices of this process) or
            `MultiWorkerMirroredStrategy` (several processes, by TF_CONFIG; it need not be given).
        device_fn: A function of `op` that returns a device. No effect.
        protocol: `grpc` or `grpc+verbs`. No effect: no servers are started.
        eval_distribute: A `tf.distribute.MirroredStrategy`: evaluations use its devices.
        experimental_distribute: Holds `train_distribute` and `eval_distribute`.
        experimental_max_worker_delay_secs: How long a worker may wait before it begins. No effect:
            they train together, so none does.
        session_creation_timeout_secs: How long the processes of a cluster wait for each other,
            where they are not joined before: see `kerasrun.bridge.distribute.cluster`.
        checkpoint_save_graph_def: Whether `graph.pbtxt` and `.meta` files are written. No effect:
            they are not.

        save_input_position: Whether a checkpoint holds where the training input stands (shuffle
            buffers included), so that an interrupted training goes on with the next batch.
        input_resume: What such a training does where the position was not saved, or cannot be:
            `replay` reads over the batches that were trained on, `restart` begins the data anew.
        steps_per_loop: Most training steps in one call of the compiled loop, which ends earlier
            where something must happen; "auto": as many as last a fifth of a second.
        jit_compile: Whether XLA compiles the training loop; "auto": where that is faster, measured
            on the first steps of a training that is long enough to gain by it.
        deterministic: Whether two trainings of the same program end with the same bits:
            TensorFlow's deterministic operations are switched on, for the whole process, with
            `tf_random_seed` (0 if that is None), and no loop is chosen by its speed.

    An Estimator says in one line of its log which of the fields that were given have no effect.

    Raises:
        ValueError: A field has a value that it cannot have; both save cadences are given;
            `model_dir` is not TF_CONFIG's; TF_CONFIG is no JSON, or its cluster and task do not
            fit.
        TypeError: An argument is unknown, `model_dir` is no path, or a part of TF_CONFIG is no
            object.

    Source: `tf.estimator.RunConfig`; the last five are ours; `steps_per_loop` is called
    `iterations_per_loop` in `tf.estimator.tpu.TPUConfig`.
    """

    model_dir: str | None
    tf_random_seed: int | None
    save_summary_steps: int | None
    save_checkpoints_steps: int | None
    save_checkpoints_secs: float | None
    session_config: Any = field(hash=False)
    keep_checkpoint_max: int | None
    keep_checkpoint_every_n_hours: float | None
    log_step_count_steps: int | None
    train_distribute: Strategy | None
    device_fn: Callable[[Any], str] | None
    protocol: str | None
    eval_distribute: Strategy | None
    experimental_distribute: Any = field(hash=False)
    experimental_max_worker_delay_secs: int | None
    session_creation_timeout_secs: float | None
    checkpoint_save_graph_def: bool | None
    save_input_position: bool | None
    input_resume: str | None
    steps_per_loop: int | str | None
    jit_compile: bool | str | None
    deterministic: bool | None
    _node: Node = field(hash=False, repr=False)

    def __init__(
        self,
        model_dir: str | os.PathLike[str] | None = None,
        tf_random_seed: int | None = None,
        save_summary_steps: int | None = 100,
        save_checkpoints_steps: int | None = _DEFAULT,
        save_checkpoints_secs: float | None = _DEFAULT,
        session_config: Any = None,
        keep_checkpoint_max: int | None = 5,
        keep_checkpoint_every_n_hours: float | None = 10_000,
        log_step_count_steps: int | None = 100,
        train_distribute: Strategy | None = None,
        device_fn: Callable[[Any], str] | None = None,
        protocol: str | None = None,
        eval_distribute: Strategy | None = None,
        experimental_distribute: Any = None,
        experimental_max_worker_delay_secs: int | None = None,
        session_creation_timeout_secs: float | None = 7200,
        checkpoint_save_graph_def: bool | None = True,
        save_input_position: bool | None = True,
        input_resume: str | None = "replay",
        steps_per_loop: int | str | None = "auto",
        jit_compile: bool | str | None = "auto",
        deterministic: bool | None = False,
    ) -> None:
        values = {name: value for name, value in locals().items() if name != "self"}
        if save_checkpoints_steps is _DEFAULT and save_checkpoints_secs is _DEFAULT:
            values["save_checkpoints_secs"] = _DEFAULT_SAVE_CHECKPOINTS_SECS
        values = {k: None if value is _DEFAULT else value for k, value in values.items()}
        values["model_dir"] = _path(model_dir)
        check_fields(values)
        tf_config = read_tf_config()
        if tf_config:
            _LOGGER.info("TF_CONFIG environment variable: %s", tf_config)
        values["model_dir"] = model_dir_of(tf_config, values["model_dir"])
        self._set({**values, "_node": node_of(tf_config)})

    @property
    def cluster_spec(self) -> tf.train.ClusterSpec:
        """The cluster's nodes, of TF_CONFIG; empty without one, and for an evaluator."""
        return self._node.cluster_spec

    @property
    def task_type(self) -> str:
        """What this process is in the cluster; `worker` without one."""
        return self._node.task_type

    @property
    def task_id(self) -> int:
        """Its number among those of its type, from 0."""
        return self._node.task_id

    @property
    def master(self) -> str:
        """`grpc://host:port` of this node; "" where it is alone. No server is started there."""
        return self._node.master

    @property
    def evaluation_master(self) -> str:
        """`eval_session_master` of TF_CONFIG, or ""."""
        return self._node.evaluation_master

    @property
    def is_chief(self) -> bool:
        """Whether this node writes checkpoints and summaries."""
        return self._node.is_chief

    @property
    def num_ps_replicas(self) -> int:
        """How many parameter servers the cluster has."""
        return self._node.num_ps_replicas

    @property
    def num_worker_replicas(self) -> int:
        """How many nodes train, the chief among them; 1 without a cluster, 0 for an evaluator."""
        return self._node.num_worker_replicas

    @property
    def global_id_in_cluster(self) -> int | None:
        """The node's number: the chief is 0, `ps` come last, other types by name between them."""
        return self._node.global_id_in_cluster

    @property
    def service(self) -> dict[str, Any] | None:
        """`service` of TF_CONFIG: what the platform says of itself."""
        return self._node.service

    @property
    def node(self) -> Node:
        """This process's place in the cluster, as TF_CONFIG said when this was made."""
        return self._node

    @property
    def saves_checkpoints(self) -> bool:
        """Whether either cadence is on."""
        return bool(self.save_checkpoints_steps or self.save_checkpoints_secs)

    def replace(self, **changes: Any) -> Self:
        """Returns a copy with these fields changed; giving one save cadence clears the other.

        TF_CONFIG is not read again.

        Raises:
            ValueError: A name is no field, or its value cannot be.
        """
        settings = self.settings()
        for name in changes:
            _check_replaceable(name, list(settings))
        settings |= changes
        settings["model_dir"] = _path(settings["model_dir"])
        for given, other in (("steps", "secs"), ("secs", "steps")):
            other = f"save_checkpoints_{other}"
            if changes.get(f"save_checkpoints_{given}") is not None and other not in changes:
                settings[other] = None
        check_fields(settings)
        changed = copy.deepcopy(self)
        changed._set(settings)
        return changed

    def settings(self) -> dict[str, Any]:
        """Returns what can be given and replaced, by name; not what TF_CONFIG says."""
        return {name: getattr(self, name) for name in _FIELDS}

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """A copy of all values; strategies and `device_fn` are the same, as they cannot be two."""
        copied = memo[id(self)] = copy.copy(self)
        for name, value in vars(self).items():
            if name not in _SHARED:
                object.__setattr__(copied, name, copy.deepcopy(value, memo))
        return copied

    def _set(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)


_FIELDS = [name for name in RunConfig.__dataclass_fields__ if not name.startswith("_")]


def _path(model_dir: Any) -> str | None:
    if model_dir is None:
        return None
    try:
        return os.fsdecode(model_dir)
    except TypeError:
        raise TypeError(
            f"RunConfig: model_dir must be a folder's path; received {model_dir!r}."
        ) from None


def _check_replaceable(name: str, known: list[str]) -> None:
    if name in known:
        return
    if isinstance(getattr(RunConfig, name, None), property):
        raise ValueError(
            f"Replacing {name!r} is not supported: it follows from TF_CONFIG, or from fields."
        )
    raise ValueError(
        f"Replacing {name!r} is not supported: RunConfig has no such field."
        f"{did_you_mean(name, known)} Its fields: {', '.join(known)}."
    )
