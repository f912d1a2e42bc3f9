"""The two forms of a pre-made Estimator: of `tf.estimator`, and of `tf.compat.v1.estimator`."""

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.canned.head import Head
from kerasrun.bridge.canned.optimizers import Updater, checked_optimizer, updater_of
from kerasrun.bridge.canned.slot_names import slots_of_partitions
from kerasrun.bridge.canned.train_op import counted
from kerasrun.bridge.mode_keys import ModeKeys
from kerasrun.bridge.model_fn.estimator_spec import EstimatorSpec

_LINEAR = "linear"


class Part:
    """A network that is trained, alone or beside another one.

    Args:
        scope: Where its variables are: `dnn`, `linear` or `baseline`.
        optimizer: As the constructor of the Estimator takes it.
        learning_rate: That of an optimizer given by name. None: its own.
        partition: How checkpoints of the v1 form call the one partition of its variables. None:
            not at all.

    Raises:
        ValueError: The optimizer is none.
    """

    def __init__(
        self,
        scope: str,
        optimizer: Any,
        learning_rate: float | None,
        partition: str | None = None,
    ) -> None:
        self.scope, self.partition = scope, partition
        self._optimizer, self._learning_rate = checked_optimizer(optimizer), learning_rate

    def updater(self, *, of_v1: bool) -> Updater:
        """What updates its variables; for the graph that is being built."""
        return updater_of(self._optimizer, self._learning_rate, of_v1=of_v1)

    def variables(self) -> list[Any]:
        """What it trains: a linear model what is its own, others the rest.

        Embeddings that columns share may be anywhere.
        """
        every = v1.get_collection(v1.GraphKeys.TRAINABLE_VARIABLES)
        linear = self.scope == _LINEAR
        return [v for v in every if v.name.startswith(f"{_LINEAR}/") == linear]


def estimator_spec(
    head: Head,
    features: Mapping[str, Any],
    labels: Any,
    mode: str,
    logits: tf.Tensor,
    parts: Sequence[Part],
    *,
    of_v1: bool,
) -> EstimatorSpec:
    """What the `model_fn` of a pre-made Estimator returns.

    Args:
        head: What stands on top.
        features: Dict of name to tensor.
        labels: See the head.
        mode: One of `ModeKeys`.
        logits: What the networks computed.
        parts: The networks.
        of_v1: Whether it is the form of `tf.compat.v1.estimator`.
    """
    updaters: list[Updater] = []
    if mode == ModeKeys.TRAIN:
        updaters = [part.updater(of_v1=of_v1) for part in parts]

    def train_op_fn(loss: tf.Tensor) -> Any:
        updates = []
        for part, updater in zip(parts, updaters, strict=True):
            variables = part.variables()
            with slots_of_partitions(variables, part.partition if of_v1 else None):
                updates.append(updater(loss, variables))
        return counted(updates)

    # The v1 form with one network calls the optimizer's own variables dnn/head/...
    alone = parts[0].scope if of_v1 and parts[0].partition else ""
    with v1.name_scope(f"{alone}/" if alone else ""):
        return head.create_estimator_spec(
            features=features, mode=mode, logits=logits, labels=labels, train_op_fn=train_op_fn
        )
