"""A replica's part of a Keras model's step."""

import inspect
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import keras
import tensorflow as tf
from keras.src.losses import loss as keras_loss

from kerasrun.bridge.distribute.gradients import reduced_gradients
from kerasrun.bridge.distribute.mirrored import Mirrored
from kerasrun.bridge.distribute.part import Part
from kerasrun.bridge.distribute.replicas import Replicas
from kerasrun.bridge.distribute.states import MEAN, SUM, Shared
from kerasrun.bridge.distribute.step import Ending
from kerasrun.bridge.keras_compilation import is_keras_own
from kerasrun.bridge.keras_program import KerasProgram
from kerasrun.bridge.plain_variables import as_one_device
from kerasrun.bridge.untracked_state import further_optimizers
from kerasrun.bridge.variable_names import model_variables, trainable_variables

_STATISTICS = (
    "BatchNormalization normalises the rows of each replica by themselves, as in smaller batches; "
    "the statistics that are kept are the mean of all. "
    "BatchNormalization(synchronized=True) normalises whole batches, as one device does."
)
_OWN_STEP = (
    "The model has a train_step of its own: the replicas' gradients are averaged by rows when it "
    "applies them. That is what one device does where its loss is a mean over examples; what it "
    "clips or sums up before, it does for the rows of each replica."
)
_OWN_LOSS = (
    "The model computes losses of its own (compute_loss, add_loss): each replica does so for its "
    "rows, and their mean by rows is taken. That is what one device does where they are means "
    "over examples, not sums."
)
# These compare the rows of a batch, or take it as one.
_OF_WHOLE_BATCHES = {"circle", "dice", "tversky"}


class KerasModelPart:
    """See `kerasrun.bridge.distribute.step.ModelPart`.

    Where losses and metrics are means over examples, as Keras's are, each replica computes them of
    its rows. Others are computed by all replicas alike, of the outputs for all rows.

    Args:
        program: The model.
        replicas: Who trains it.

    Raises:
        ValueError: Several replicas cannot train the model.
    """

    def __init__(self, program: KerasProgram, replicas: Replicas) -> None:
        check_can_be_shared(program, replicas)
        self._mirrored = Mirrored(program, replicas)
        self.loaded, self.refresh = self._mirrored.loaded, self._mirrored.refresh
        self._program, self._model, self._replicas = program, program.model, replicas
        self._now: Any = threading.local()  # replicas of one process are threads of it

    def prepare(self) -> None:
        """Nothing is built otherwise."""

    def notices(self) -> list[str]:
        """What differs from one device, in sentences."""
        told = []
        layers = self._model._flatten_layers()
        if any(_normalises_its_own_rows(layer) for layer in layers):
            told.append(_STATISTICS)
        if not self._program.has_plain_train_step:
            told.append(_OWN_STEP)
        elif not is_keras_own(self._model, "compute_loss") or any(map(_adds_losses, layers)):
            told.append(_OWN_LOSS)
        return told

    def state(self) -> dict[str, tf.Variable]:
        """All that replicas must begin with alike."""
        return {**self._program.variables(), **self._program.accumulators()}

    def have_data(self, there: tf.Tensor) -> tf.Tensor:
        """In a graph: whether all processes have a batch, if this one has."""
        count = self._replicas.count
        return tf.equal(self._replicas.added(tf.cast(there, tf.float32)), float(count))

    def shared(self) -> list[Shared]:
        """Statistics of layers and what metrics have added up.

        Metrics that all replicas have computed of all rows are alike.
        """
        trained = {id(v) for v in trainable_variables(self._model).values()}
        states = [v for v in model_variables(self._model).values() if id(v) not in trained]
        view = self._program.replica.view
        how = MEAN if view is not None and view.gathers else SUM
        return [
            *(Shared(variable, MEAN) for variable in states),
            *(Shared(variable.value, how) for variable in self._model.metrics_variables),
        ]

    def seeds(self) -> list[Any]:
        """The states of the seed generators of its layers."""
        return [v.value for v in self._model.variables if v.path.endswith("seed_generator_state")]

    @contextmanager
    def sharing(self) -> Iterator[None]:
        """Within it, steps of the program are those of a replica."""
        one_device: Any = as_one_device if self._replicas.local_count == 1 else nullcontext
        with (
            self._mirrored.standing_in(),
            _unscaled_losses(),
            reduced_gradients(self._optimizers(), self._combined, one_device),
        ):
            yield

    @contextmanager
    def taking(self, part: Part, ending: Ending) -> Iterator[None]:
        """Within it this thread takes the replica's part of a step."""
        self._now.part, self._now.ending = part, ending
        self._program.replica.view = _View(part, gathers=self._must_gather())
        try:
            yield
        finally:
            self._program.replica.view = None

    def train_step(self, part: Part) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """The replica's update; returns its loss, and other means over batches by name."""
        return self._taken(self._program.train_step, part)

    def eval_step(self, part: Part) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """The replica's part of a batch of an evaluation."""
        return self._taken(self._program.eval_step, part)

    def _taken(self, step: Any, part: Part) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        with self._program.metrics.means.collected() as means:
            self._now.means = means
            loss = step(part.batch)
        return loss, means

    def _combined(self, gradients: list[Any]) -> list[Any]:
        """The gradients of all replicas, by this replica's; None stays None."""
        part: Part = self._now.part
        if not self._program.has_plain_train_step:
            return part.mean(gradients)
        # Of losses that are to be added up. All else of the step is done by now.
        own = [part.kept(one, weighted=False) for one in gradients if one is not None]
        ending: Ending = self._now.ending
        sums = iter(ending.sums(own, self._now.means))
        return [None if one is None else next(sums) for one in gradients]

    def add_means(self, means: dict[str, tf.Tensor]) -> None:
        """Adds the means of a batch to those over batches."""
        for name, value in means.items():
            self._program.metrics.means.add(name, value)

    def _optimizers(self) -> list[Any]:
        first = self._model.optimizer
        return [first, *(other for _, other in further_optimizers(self._model, first))]

    def _must_gather(self) -> bool:
        """Whether a loss or a metric must see all rows. A step of the model's own asks nobody."""
        computed = [*_losses(self._model), *_metric_functions(self._model)]
        return not (
            self._program.metrics.are_graph_code
            and all(_is_mean_of_examples(one) for one in computed)
        )


class _View:
    """What a replica's step sees of the others' rows; see `kerasrun.bridge.replica.View`."""

    def __init__(self, part: Part, *, gathers: bool) -> None:
        self._part, self.gathers = part, gathers

    def data(self, data: tuple[Any, Any, Any], outputs: Any) -> tuple[Any, Any]:
        """Labels, weights and outputs of all rows, if that must be; else those of the replica."""
        masks = [getattr(one, "_keras_mask", None) for one in tf.nest.flatten(outputs)]
        if any(mask is not None for mask in masks):  # the mean is over what is not masked
            self.gathers = True
        if not self.gathers:
            return data, outputs
        x, y, sample_weight = data
        y, sample_weight = (self._gathered(one) for one in (y, sample_weight))
        return (x, y, sample_weight), self._gathered(outputs)

    def to_differentiate(self, loss: tf.Tensor) -> tf.Tensor:
        """The loss whose gradients, added up over the replicas, are those of one device.

        What a loss takes of the weights themselves, or layers add to it, counts once in all.
        """
        return loss * tf.cast(self._part.rows.share, loss.dtype)

    def _gathered(self, structure: Any) -> Any:
        leaves = [
            one if one is None or one.shape.rank == 0 else self._one(one)
            for one in tf.nest.flatten(structure)
        ]
        return tf.nest.pack_sequence_as(structure, leaves)

    def _one(self, value: Any) -> tf.Tensor:
        gathered = self._part.gathered(tf.convert_to_tensor(value))
        mask = getattr(value, "_keras_mask", None)
        if mask is not None:
            gathered._keras_mask = self._part.gathered(mask)
        return gathered


@contextmanager
def _unscaled_losses() -> Iterator[None]:
    """Within it Keras does not divide losses by the number of replicas: shares are by rows here."""
    kept = keras_loss.scale_loss_for_distribution, keras_loss.unscale_loss_for_distribution
    keras_loss.scale_loss_for_distribution = lambda loss: loss
    keras_loss.unscale_loss_for_distribution = lambda loss: loss
    try:
        yield
    finally:
        keras_loss.scale_loss_for_distribution, keras_loss.unscale_loss_for_distribution = kept


def _normalises_its_own_rows(layer: Any) -> bool:
    own = isinstance(layer, keras.layers.BatchNormalization) and not layer.synchronized
    return own and bool(layer.trainable)


def _adds_losses(layer: Any) -> bool:
    """Whether its last call has added losses; Keras takes those of regularizers as means."""
    return bool(layer._losses) and layer.activity_regularizer is None


def _losses(model: keras.Model) -> list[Any]:
    """The loss functions of a compiled model."""
    compiled = model._compile_loss
    if compiled is None:
        return []
    given = [one for one in tf.nest.flatten(compiled._user_loss) if one is not None]
    return [keras.losses.get(one) if isinstance(one, str) else one for one in given]


def _metric_functions(model: keras.Model) -> list[Any]:
    """Those of a compiled model's metrics that are means of what a function gives."""
    compiled = model._compile_metrics
    if compiled is None:
        return []
    given = tf.nest.flatten([compiled._user_metrics, compiled._user_weighted_metrics])
    return [one for one in given if hasattr(one, "_fn") or inspect.isroutine(one)]


def _is_mean_of_examples(computed: Any) -> bool:
    """Whether a loss or a metric is a mean over examples that Keras takes, which count alike."""
    # A function, as Keras wraps it.
    inner = getattr(computed, "fn", getattr(computed, "_fn", computed))
    if not _is_keras_own(inner) or not _is_keras_own(computed):
        return False
    options = getattr(computed, "_fn_kwargs", {})
    if getattr(inner, "__name__", "") in _OF_WHOLE_BATCHES or options.get("axis", -1) != -1:
        return False
    if options.get("ignore_class") is not None:  # the mean is over the other rows
        return False
    return getattr(computed, "reduction", "sum_over_batch_size") in ("sum_over_batch_size", "mean")


def _is_keras_own(thing: Any) -> bool:
    module = getattr(thing, "__module__", None) or type(thing).__module__
    return str(module).startswith("keras.")


def check_can_be_shared(program: KerasProgram, replicas: Replicas) -> None:
    """Checks that several replicas can train the model.

    Raises:
        ValueError: It says why they cannot, and what to do.
    """
    if program.run_eagerly:
        raise ValueError(
            "The model is compiled with run_eagerly=True, which only one device can run: compile "
            "it without, or leave train_distribute and TF_CONFIG out while you look for a mistake."
        )
    if replicas.local_count == 1:
        return
    inner = getattr(program.model.optimizer, "inner_optimizer", program.model.optimizer)
    for name, what in (
        ("gradient_accumulation_steps", "accumulate gradients"),
        ("use_ema", "keep moving averages"),
    ):
        if getattr(inner, name, None):
            raise ValueError(
                f"The optimizer's {name} is set: Keras cannot {what} on several devices in one "
                f"process. Start one process for each device (mlrun train --workers "
                f"{replicas.local_count}), which can, or leave {name} out."
            )
