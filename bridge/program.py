"""The protocol between an Estimator's verbs and a model.

Every kind of Estimator is a `Program`: step functions in TensorFlow, and the variables that they
own. The loop, checkpoints, summaries, evaluation and export are written once, against it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from kerasrun.bridge.hooks.hook_calls import HookCalls
from kerasrun.bridge.input_pipeline import Example
from kerasrun.exporters import Signature, TracedReceiver


class GraphMetrics(Protocol):
    """Metrics that a compiled loop can read and start anew."""

    def taken(self) -> Mapping[str, tf.Tensor]:
        """Reads the scalars and starts all anew, in a graph that is being traced.

        The keys are its own: `of_taken` knows them.
        """

    def of_taken(self, values: Mapping[str, float]) -> dict[str, np.ndarray[Any, Any]]:
        """What `Program.metric_results` would have been, by the values that `taken` had."""


class Program(Protocol):
    """A model as the loop sees it.

    The step functions are called while a `tf.function` is traced. They change state by assigning to
    variables only, and hold no state in Python.
    """

    global_step: tf.Variable
    """An int64 scalar: how many updates have been done. Counted by the loop, not by the program."""

    run_eagerly: bool
    """Whether steps are run as Python, one by one, to look for mistakes in them."""

    any_shape: bool
    """Whether one graph predicts for batches of every shape."""

    @property
    def bare_prediction(self) -> str | None:
        """The name of an output that stands for itself: predictions are values then, not dicts."""

    @property
    def custom_restore(self) -> bool:
        """Whether evaluations and predictions read other values than a checkpoint has by name."""

    @property
    def graph_metrics(self) -> GraphMetrics | None:
        """The metrics, once a step has been traced, if a graph can read and reset them."""

    def default_receiver_specs(self) -> Mapping[str, tf.TensorSpec] | None:
        """The features that a served model asks for by default; None if they are not known."""

    def trained_variables(self) -> Mapping[str, tf.Variable]:
        """Those of its variables that training changes by gradients, by name."""

    def served_variables(self) -> Mapping[str, tf.Variable]:
        """Those of its variables that predictions need, by name."""

    def served_resources(self) -> Sequence[Any]:
        """The lookup tables that predictions need."""

    def build(self, spec: Example, *, mode: str) -> None:
        """Creates every variable that batches of this `tf.TensorSpec` structure need.

        To train, the optimizer's too. Called before anything else of this mode; harmless when
        repeated.
        """

    def activate(self) -> None:
        """Makes the model hold this program's own parts, where models are shared."""

    def variables(self) -> dict[str, tf.Variable]:
        """Everything that a checkpoint holds, by its name there, `global_step` apart."""

    def accumulators(self) -> dict[str, tf.Variable]:
        """What the metrics have added up since `reset_metrics`, by name."""

    def restore(self, path: str, variables: Mapping[str, tf.Variable]) -> None:
        """Gives these variables the values of the checkpoint `path`.

        Raises:
            ValueError: It belongs to another model.
        """

    def reset_to_initial(self) -> None:
        """Puts every variable back to what it was when the Estimator was made."""

    def loaded(self) -> None:
        """Called when the variables have been given the values that training goes on from."""

    def finalize(self) -> None:
        """Gives the weights the values to predict with, where training keeps others.

        Called when a checkpoint has been loaded to evaluate, predict or export, and when training
        has ended. Harmless when repeated.
        """

    def train_step(self, batch: Example) -> tf.Tensor:
        """Does one update and adds the batch to the metrics; returns its loss, a scalar."""

    def eval_step(self, batch: Example) -> tf.Tensor:
        """Adds one batch to the metrics; returns its loss, a scalar."""

    def predict_step(self, features: Any) -> dict[str, tf.Tensor]:
        """Returns the predictions `[batch, ...]` by output name."""

    def forward(self, batch: Example, *, training: bool) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Returns the loss of a batch and the predictions by name, and changes nothing.

        Called while a function is traced, after a step has been.
        """

    def metric_tensors(self) -> Mapping[str, tf.Tensor]:
        """Every metric but `loss`, as a tensor, while a function is traced."""

    def metric_results(self, *, training: bool = False) -> dict[str, np.ndarray[Any, Any]]:
        """`loss` (mean over batches) and every metric, as numpy values.

        With `training` those that training steps add to.
        """

    def reset_metrics(self) -> None:
        """Starts the metrics anew."""

    def serving_signatures(self, receiver: TracedReceiver) -> list[Signature]:
        """What a served model answers, fed by this receiver; `serving_default` first if it can."""

    def own_hooks(self, mode: str) -> Sequence[Any]:
        """The hooks that the model brings along, once it has been built for this mode."""

    def hook_session(
        self,
        mode: str,
        hooks: Sequence[Any],
        step: int,
        *,
        done: int = 0,
        every_steps: int | None = None,
        write_summary: Callable[[bytes, int], None] | None = None,
    ) -> HookCalls:
        """Calls the hooks of a training, evaluation or prediction.

        Args:
            mode: Which.
            hooks: Those given to the verb, and the model's own.
            step: The `global_step` that it begins at.
            done: How many iterations an interrupted training had done before it goes on now.
            every_steps: How often the summaries of the model itself are written.
            write_summary: Writes a serialised `Summary` of them at a step.
        """
