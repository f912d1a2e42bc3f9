"""One training by several replicas: the step, and what the loop asks beside."""

import logging
import signal
from typing import Any

import keras
import tensorflow as tf

from kerasrun.bridge.distribute.agreement import Agreement
from kerasrun.bridge.distribute.model_part import shared_model
from kerasrun.bridge.distribute.replicas import Replicas
from kerasrun.bridge.distribute.same_training import check_same_training
from kerasrun.bridge.program import Program

_LOGGER = logging.getLogger("tensorflow")


class SharedTraining:
    """See `kerasrun.bridge.loop_graph.Together`.

    Args:
        program: The model.
        replicas: Who trains it.
        own_data: Whether each process reads data of its own, by an `input_fn` that takes
            `input_context`; else all read the same, and each takes its rows of every batch.

    Raises:
        ValueError: They cannot train this model.
    """

    def __init__(self, program: Program, replicas: Replicas, *, own_data: bool) -> None:
        self.replicas, self.own_data = replicas, own_data
        self.agreement = Agreement(replicas, own_data=own_data)
        self._model, self.step = shared_model(program, replicas, self.agreement, own_data=own_data)

    def notices(self) -> list[str]:
        """What differs from a training on one device, in sentences."""
        found: list[str] = self._model.notices()
        return found

    def prepare(self) -> None:
        """A training is about to begin, and its model to be built."""
        self._model.prepare()

    def begin(self, program: Program, stop_at: int | None, batches: int) -> None:
        """The chief has loaded the state to begin with: now all have it.

        Args:
            program: The model.
            stop_at: Where this process's training ends; None: with the data.
            batches: How many its dataset has, as `tf.data.Dataset.cardinality` tells.

        Raises:
            ValueError: Another process would do another training.
        """
        everything = {**self._model.state(), "global_step": program.global_step}
        batches = tf.data.UNKNOWN_CARDINALITY if self.own_data else batches
        check_same_training(self.replicas, everything, stop_at=stop_at, batches=batches)
        self.replicas.share_variables(everything)
        self._model.loaded()
        self.agreement.begin()

    def agreed(self, limit: int) -> int:
        """See `Agreement.agreed`."""
        return self.agreement.agreed(limit)

    def have_data(self, there: tf.Tensor) -> tf.Tensor:
        """In a graph: whether all processes have a batch, if this one has."""
        if not self.replicas.several_processes:
            return there
        found: tf.Tensor = self._model.have_data(there)
        self.agreement.had_more(there & ~found)
        return found

    def refresh(self) -> None:
        """Called before each call of the loop."""
        self._model.refresh()

    def translated(self) -> Any:
        """See `Replicas.translated`."""
        return self.replicas.translated()

    def wants_to_stop(self, *, stop: bool, interrupted: bool) -> bool:
        """Tells the others that this process wants to; returns whether all of them stop now.

        Raises:
            ValueError: The processes have been seen to read different data.
        """
        if stop or interrupted:
            self.agreement.wish_to_stop(interrupted=interrupted)
        self.raise_if_data_differ()
        return self.agreement.stop

    def end(self, *, interrupted: bool) -> None:
        """All of them have taken their last step: once more they tell each other.

        Raises:
            ValueError: The processes have been seen to read different data.
        """
        if interrupted:
            self.agreement.wish_to_stop(interrupted=True)
        self.agreement.agreed(0)
        self.raise_if_data_differ()

    def raise_if_interrupted(self) -> None:
        """Ends this process, too, when another one was told to end.

        Raises:
            SystemExit: With 143, as SIGTERM does.
        """
        if self.agreement.interrupted:
            _LOGGER.warning("Another process of the cluster was told to end: this one ends, too.")
            raise SystemExit(128 + signal.SIGTERM)

    def raise_if_data_differ(self) -> None:
        """Raises if the processes have been seen to read different data.

        Raises:
            ValueError: They have.
        """
        if self.agreement.differ:
            raise ValueError(
                "The processes of the cluster read different data: each of them must be given the "
                "same batches in the same order, and trains on its part of each. Seed what "
                "input_fn shuffles in Python (random, numpy), sort the files that it lists, leave "
                "deterministic=False out; or let input_fn take input_context (a "
                "tf.distribute.InputContext) and give each process data of its own."
            )


def check_no_keras_distribution() -> None:
    """Refuses what Keras would silently ignore.

    Raises:
        ValueError: `keras.distribution` is in use.
    """
    in_use: Any = keras.distribution.distribution()
    if in_use is not None:
        raise ValueError(
            f"keras.distribution ({type(in_use).__name__}) is set, which Keras ignores on "
            "TensorFlow. Use RunConfig(train_distribute=tf.distribute.MirroredStrategy()), or "
            "several processes, and leave keras.distribution.set_distribution out."
        )


def check_same_beginning(replicas: Replicas, step: int, model_dir: str) -> None:
    """Checks that all processes go on from the same checkpoint; called by all of them.

    Raises:
        ValueError: They do not see the same `model_dir`.
    """
    (of_chief,) = replicas.from_chief([tf.constant(step, tf.int64)])
    differs = float(int(of_chief) != step)
    if replicas.total(differs):
        here = f"step {step}" if step else "no checkpoint"
        raise ValueError(
            f"The processes of the cluster must share model_dir: the chief's newest checkpoint in "
            f"it is of step {int(of_chief)}, and in {model_dir} this process finds {here}."
        )
