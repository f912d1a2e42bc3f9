"""What a program's variables hold just now, and how that gets to and from checkpoints."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import tensorflow as tf

from kerasrun.bridge.checkpoint_names import step_of
from kerasrun.bridge.program import Program
from kerasrun.bridge.variable_reader import VariableReader

_LOGGER = logging.getLogger("tensorflow")


class State:
    """Loads the variables of one program, and takes what a checkpoint holds of them.

    Whatever is loaded amid a training, by this State or by that of another Estimator of the same
    model, is taken back afterwards: the training goes on as if nothing had been.

    Args:
        program: Whose variables.
    """

    # For the whole process, as two programs may share one model.
    _in_training: "list[State]" = []  # noqa: RUF012
    _changes = 0

    def __init__(self, program: Program) -> None:
        self._program = program
        self._reader = VariableReader()
        self._held: str | None = None  # the checkpoint that training loaded or saved last

    @property
    def step(self) -> int:
        """The `global_step` of the variables as they are."""
        return int(self._program.global_step)

    @property
    def training(self) -> bool:
        """Whether a training is under way."""
        return self in State._in_training

    @contextmanager
    def training_from(self, path: str | None) -> Iterator[None]:
        """Loads everything, metrics under way too, and within it is in training.

        Args:
            path: The checkpoint's prefix; None: the initial state.

        Raises:
            ValueError: The checkpoint belongs to another model.
        """
        self._program.reset_metrics()
        self._load(path, self._everything())
        self._program.loaded()
        self._held = path
        State._in_training.append(self)
        try:
            yield
            self._program.finalize()
        finally:
            State._in_training.remove(self)
            State._changes += 1

    def snapshot(self, path: str) -> tuple[dict[str, tf.Tensor], list[str]]:
        """Everything as it is now, by name, to be saved as the checkpoint `path`.

        Returns:
            The values, which no later step changes; and the names of trained weights that hold a
            NaN.
        """
        self._held = path
        return self._read()

    @contextmanager
    def holding(self, path: str | None, mark: int | None = None) -> Iterator[int]:
        """Within it the variables hold the checkpoint `path`, or the initial state for None.

        Args:
            path: The checkpoint's prefix.
            mark: What an earlier `holding` of the same path gave: if nothing has been loaded or
                trained since, nothing is loaded now.
        """
        with self.kept():
            if not self._is_unchanged(mark):
                if not self._holds(path):
                    self._load(path, self._weights())
                self._program.finalize()
            yield State._changes

    @contextmanager
    def in_memory(self) -> Iterator[None]:
        """Within it the variables hold what they do, made ready to predict with."""
        with self.kept():
            State._changes += 1
            self._program.finalize()
            yield

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Whatever is done to the variables of trainings under way is undone afterwards."""
        with ExitStack() as stack:
            for state in State._in_training:
                stack.enter_context(state.undone())
            yield

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Whatever is done to this program's variables is undone afterwards."""
        values = self._copy()
        try:
            yield
        finally:
            self._put_back(values)

    def _holds(self, path: str | None) -> bool:
        """Whether training has just saved or loaded this checkpoint, and made no step since."""
        if self._program.custom_restore:
            return False
        return self.training and self._held == path and self.step == (step_of(path) if path else 0)

    @staticmethod
    def _is_unchanged(mark: int | None) -> bool:
        return mark == State._changes and not State._in_training

    def _copy(self) -> dict[str, tf.Tensor]:
        values, _ = self._read()
        return values

    def _read(self) -> tuple[dict[str, tf.Tensor], list[str]]:
        return self._reader(self._everything(), self._program.trained_variables())

    def _put_back(self, values: dict[str, tf.Tensor]) -> None:
        self._program.activate()
        self._program.reset_metrics()  # some may be new
        variables = self._everything()
        for name, value in values.items():
            variables[name].assign(value)

    def _load(self, path: str | None, variables: dict[str, tf.Variable]) -> None:
        State._changes += 1
        self._program.activate()
        if path is None:
            self._program.reset_to_initial()
        else:
            _LOGGER.info("Restoring parameters from %s", path)
            self._program.restore(path, variables)

    def _weights(self) -> dict[str, tf.Variable]:
        return {**self._program.variables(), "global_step": self._program.global_step}

    def _everything(self) -> dict[str, tf.Variable]:
        return {**self._weights(), **self._program.accumulators()}
