"""What a program's variables hold just now, and how that gets to and from checkpoints."""

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

from kerasrun.bridge.checkpoints import Checkpoints, restore
from kerasrun.bridge.program import Program


class State:
    """Loads and saves the variables of one program.

    Args:
        program: Whose variables.
        checkpoints: The folder that they are saved in.

    Attributes:
        training: Whether a training is under way.
    """

    # Counts for the whole process, as two programs may share one model.
    _changes = 0

    def __init__(self, program: Program, checkpoints: Checkpoints) -> None:
        self._program = program
        self._checkpoints = checkpoints
        self._training_holds: str | None = None
        self.training = False

    @property
    def step(self) -> int:
        """The `global_step` of the variables as they are."""
        return int(self._program.global_step)

    def load_for_training(self, path: str | None) -> None:
        """Loads everything, metrics under way too; the initial state where `path` is None.

        Raises:
            ValueError: The checkpoint belongs to another model.
        """
        self._program.reset_metrics()
        self._load(path, self._everything())
        self._training_holds = path
        self.training = True

    def save(self) -> str:
        """Saves everything at its step; returns the checkpoint's prefix."""
        self._training_holds = self._checkpoints.save(self._everything(), self.step)
        return self._training_holds

    def training_ended(self) -> None:
        """The variables hold no checkpoint any more that anybody goes on from."""
        self._training_holds = None
        self.training = False
        self._changed()

    @contextmanager
    def holding(self, path: str | None, mark: int | None = None) -> Iterator[int]:
        """Within it the variables hold the checkpoint `path`, or the initial state for None.

        Training under way, if it has just saved, goes on afterwards as if nothing had been: the
        checkpoint that it holds is not loaded again, and its metrics are put back.

        Args:
            path: The checkpoint's prefix.
            mark: What an earlier `holding` of the same path gave: if nothing has been loaded or
                trained since, nothing is loaded now.
        """
        held = self._training_holds
        with self.metrics_kept():
            try:
                if mark != State._changes and (held is None or held != path):
                    self._load(path, self._weights())
                yield State._changes
            finally:
                if held is not None and held != path:
                    self._load(held, self._weights())

    @contextmanager
    def metrics_kept(self) -> Iterator[None]:
        """Within it the metrics may be used for something else; they are put back afterwards."""
        kept = {name: v.numpy() for name, v in self._program.accumulators().items()}
        try:
            yield
        finally:
            for name, variable in self._program.accumulators().items():
                variable.assign(kept.get(name, tf.zeros_like(variable)))

    def _changed(self) -> None:
        State._changes += 1

    def _load(self, path: str | None, variables: dict[str, tf.Variable]) -> None:
        self._changed()
        self._program.activate()
        if path is None:
            self._program.reset_to_initial()
        else:
            restore(path, variables)

    def _weights(self) -> dict[str, tf.Variable]:
        return {**self._program.variables(), "global_step": self._program.global_step}

    def _everything(self) -> dict[str, tf.Variable]:
        return {**self._weights(), **self._program.accumulators()}
