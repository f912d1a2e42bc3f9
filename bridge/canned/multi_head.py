"""Several heads on one network."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

from kerasrun.bridge.canned.head import DEFAULT, PREDICT, Head, regularized
from kerasrun.bridge.canned.keys import MetricKeys
from kerasrun.bridge.canned.shape_checks import checked_logits
from kerasrun.bridge.canned.streaming_metrics import Metric, mean
from kerasrun.exporters import ExportOutput, PredictOutput


class MultiHead(Head):
    """Trains several heads at once; see `tf.estimator.MultiHead`.

    Labels are a dict by the names of the heads, and so may logits be; else they are one tensor,
    `[batch, sum of the heads' logits_dimension]`, cut in the order of the heads. The loss is the
    weighted sum of theirs. Predictions have pairs of a head's name and a key as keys.

    Args:
        heads: Heads with names of their own.
        head_weights: How much each counts in the loss. None: 1 each.

    Raises:
        ValueError: There is no head, one has no name, two have the same, or there are not as many
            weights.
    """

    def __init__(self, heads: Sequence[Head], head_weights: Sequence[float] | None = None) -> None:
        if not heads:
            raise ValueError(f"MultiHead needs heads; received {heads!r}.")
        names = [head.name for head in heads]
        if None in names or len(set(names)) != len(names):
            raise ValueError(
                f"The heads of a MultiHead must have names of their own, by which labels are "
                f"looked up; found {names}. Give each head name=..."
            )
        if head_weights and len(head_weights) != len(heads):
            raise ValueError(
                f"head_weights must have a weight for each of the {len(heads)} heads; received "
                f"{list(head_weights)}."
            )
        self._heads = {str(head.name): head for head in heads}
        self._weights = list(head_weights or [1.0] * len(heads))

    @property
    def name(self) -> str:
        """The names of the heads, joined by `_`."""
        return "_".join(self._heads)

    @property
    def logits_dimension(self) -> int:
        """How many logits the heads need together."""
        return sum(head.logits_dimension for head in self._heads.values())

    @property
    def loss_reduction(self) -> str:
        """That of the heads.

        Raises:
            ValueError: They differ.
        """
        found = {head.loss_reduction for head in self._heads.values()}
        if len(found) > 1:
            raise ValueError(
                f"The heads of a MultiHead must have one loss_reduction; found {sorted(found)}."
            )
        return next(iter(found))

    def loss(
        self,
        labels: Any,
        logits: Any,
        features: Mapping[str, Any] | None = None,
        mode: str | None = None,
        regularization_losses: Sequence[Any] | None = None,
    ) -> tf.Tensor:
        """The weighted sum of the heads' losses; see `Head.loss`."""
        losses = self._head_losses(labels, logits, features, mode)
        weighed = [
            weight * loss for weight, loss in zip(self._weights, losses.values(), strict=True)
        ]
        return regularized(tf.add_n(weighed), regularization_losses)

    def predictions(self, logits: Any, keys: Sequence[str] | None = None) -> dict[Any, tf.Tensor]:
        """What the heads predict, under pairs of a head's name and a key."""
        by_head = self._split(logits)
        return {
            (name, key): value
            for name, head in self._heads.items()
            for key, value in head.predictions(by_head[name], keys).items()
        }

    def eval_metric_ops(
        self,
        features: Mapping[str, Any] | None,
        logits: Any,
        labels: Any,
        regularization_losses: Sequence[Any] | None = None,
    ) -> dict[str, Metric]:
        """The heads' metrics, and the loss of each as `loss/<head>`."""
        by_head, labels = self._split(logits), self._labels(labels)
        found: dict[str, Metric] = {}
        for name, loss in self._head_losses(labels, logits, features, None).items():
            found[f"{MetricKeys.LOSS}/{name}"] = mean(loss, 1.0, MetricKeys.LOSS)
        for name, head in self._heads.items():
            found |= head.eval_metric_ops(features, by_head[name], labels[name])
        if regularization_losses:
            key = MetricKeys.LOSS_REGULARIZATION
            found[self._key(key)] = mean(tf.add_n(regularization_losses), 1.0, key)
        return found

    def export_outputs(self, predictions: Mapping[Any, tf.Tensor]) -> dict[str, ExportOutput]:
        """Each head's default under its name, its others as `<head>/<signature>`.

        `serving_default` is the first head's; `predict` answers all predictions.
        """
        found: dict[str, ExportOutput] = {}
        for name, head in self._heads.items():
            own = {key: value for (of, key), value in predictions.items() if of == name}
            for key, output in head.export_outputs(own).items():
                found[name if key == DEFAULT else f"{name}/{key}"] = output
        found[DEFAULT] = found[next(iter(self._heads))]
        found[PREDICT] = PredictOutput(predictions)
        return found

    @contextmanager
    def _training_scope(self) -> Iterator[None]:
        """Named as in the original, where each head has had its scope before: `training_2`."""
        for _ in self._heads:
            with super()._training_scope():
                pass
        with super()._training_scope():
            yield

    def _summaries(
        self, loss: tf.Tensor, labels: Any, logits: Any, features: Any
    ) -> dict[str, tf.Tensor]:
        losses = self._head_losses(labels, logits, features, None)
        return {f"{MetricKeys.LOSS}/{name}": value for name, value in losses.items()}

    def _head_losses(
        self, labels: Any, logits: Any, features: Any, mode: str | None
    ) -> dict[str, tf.Tensor]:
        by_head, labels = self._split(logits), self._labels(labels)
        return {
            name: head.loss(labels[name], by_head[name], features, mode)
            for name, head in self._heads.items()
        }

    def _split(self, logits: Any) -> dict[str, Any]:
        if isinstance(logits, Mapping):
            self._check_all_in(logits, "logits")
            return dict(logits)
        whole = checked_logits(logits, self.logits_dimension)
        sizes = [head.logits_dimension for head in self._heads.values()]
        return dict(zip(self._heads, tf.split(whole, sizes, axis=-1), strict=True))

    def _labels(self, labels: Any) -> Mapping[str, Any]:
        if not isinstance(labels, Mapping):
            raise ValueError(
                f"labels must be a dict by the names of the heads, {list(self._heads)}; received "
                f"{labels!r}."
            )
        self._check_all_in(labels, "labels")
        return labels

    def _check_all_in(self, given: Mapping[str, Any], what: str) -> None:
        missing = [name for name in self._heads if name not in given]
        if missing:
            raise ValueError(
                f"{what}: those of the heads {missing} are missing; there are {sorted(given)}."
            )
