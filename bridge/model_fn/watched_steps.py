"""Steps that hooks watch: each computes what they ask for along with what it does anyway."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import tensorflow as tf

from kerasrun.bridge.batch_means import BatchMeans
from kerasrun.bridge.input_pipeline import Example
from kerasrun.bridge.model_fn.sharing import Sharing
from kerasrun.bridge.model_fn.steps import eval_tensors, train_tensors
from kerasrun.bridge.model_fn.trace import Trace, named

_Run = Callable[..., Any]
_Answer = tuple[Any, list[Any]]


class WatchedSteps:
    """One step at a time, run eagerly.

    Each takes the graph, a function that computes tensors of a batch and then what hooks ask for,
    and the batch; it returns what the step is about, and what hooks asked for.

    Args:
        global_step: Counts the steps of training.
        means: Where the loss is added up.
        sharing: How several processes share the steps of training; None: there is one.
    """

    def __init__(
        self, global_step: tf.Variable, means: BatchMeans, sharing: Sharing | None = None
    ) -> None:
        self._global_step, self._means, self._sharing = global_step, means, sharing

    def train(self, trace: Trace, run: _Run, batch: Example) -> _Answer:
        """One update; about the loss."""
        before = int(self._global_step.numpy())
        with nullcontext() if self._sharing is None else self._sharing.watched(batch):
            loss, *others = run(train_tensors(trace), batch)
        self._global_step.assign(before + 1)
        self._means.add("loss", loss)
        return loss, others

    def evaluate(self, trace: Trace, run: _Run, batch: Example) -> _Answer:
        """One batch added to the metrics; about the loss."""
        loss, *others = run(eval_tensors(trace), batch)
        self._means.add("loss", loss)
        return loss, others

    def predict(self, trace: Trace, run: _Run, batch: Example) -> _Answer:
        """The predictions by name."""
        outputs = named(trace.spec.predictions)
        values = run(list(outputs.values()), Example(batch.features))
        count = len(outputs)
        return dict(zip(outputs, values[:count], strict=True)), values[count:]
