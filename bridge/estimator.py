"""The verbs: train, evaluate, predict, export a SavedModel."""

import copy
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, Self

from kerasrun.bridge.checkpoint_names import step_of
from kerasrun.bridge.distribute.shared_training import (
    check_no_keras_distribution,
    check_same_beginning,
)
from kerasrun.bridge.eager import eager_iterator, eagerly
from kerasrun.bridge.engine import Engine
from kerasrun.bridge.export_verbs import ExportVerbs
from kerasrun.bridge.hooks.session import checked_hooks
from kerasrun.bridge.input_pipeline import InputFn
from kerasrun.bridge.listeners import checked_listeners
from kerasrun.bridge.model_fn.program import ModelFnProgram
from kerasrun.bridge.new_estimators import tell_made
from kerasrun.bridge.notices import nothing_left
from kerasrun.bridge.observer import Observer
from kerasrun.bridge.program import Program
from kerasrun.bridge.roles import check_may_train
from kerasrun.bridge.run_config import RunConfig
from kerasrun.bridge.step_limits import checked_limits, whole
from kerasrun.bridge.training_record import TrainingRecord
from kerasrun.bridge.training_run import train
from kerasrun.bridge.warm_start import WarmStart

_LOGGER = logging.getLogger("tensorflow")


class Estimator(ExportVerbs):
    """Trains, evaluates, predicts with and exports one model; see `tf.estimator.Estimator`.

    All state is in `model_dir`: each verb starts from its newest checkpoint, or from the initial
    weights where there is none.

    Args:
        model_fn: Graph code that takes `features` and those of `labels`, `mode`, `params` and
            `config` that it names, and returns an `EstimatorSpec`. Called once for each mode and
            structure of batches.
        model_dir: Folder of checkpoints, event files and exports. None: `config.model_dir`, or
            else a new temporary folder.
        config: How it runs.
        params: Handed to `model_fn`, and to an `input_fn` that takes `params`.
        warm_start_from: Where the first weights come from, while `model_dir` holds no checkpoint: a
            checkpoint, a folder of them or a SavedModel for all trainable variables; or settings.

    Raises:
        ValueError: `model_dir` and `config.model_dir` differ, `config` is no RunConfig, `model_fn`
            takes no `features` or no `params` that are given, or there is nothing to warm-start
            from.
        TypeError: `model_fn` cannot be called.
    """

    @eagerly
    def __init__(
        self,
        model_fn: Callable[..., Any],
        model_dir: str | os.PathLike[str] | None = None,
        config: RunConfig | None = None,
        params: Mapping[str, Any] | None = None,
        warm_start_from: Any = None,
    ) -> None:
        warm_start = None if warm_start_from is None else WarmStart(warm_start_from)
        program = ModelFnProgram(model_fn, self._arguments, params or {}, warm_start)
        self._set_up(program, model_dir, config, params)

    @classmethod
    def of(
        cls,
        program: Program,
        model_dir: str | os.PathLike[str] | None = None,
        config: RunConfig | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> "Estimator":
        """Returns the Estimator of a model as the loop sees it; see the class."""
        estimator = Estimator.__new__(cls)
        estimator._set_up(program, model_dir, config, params)
        return estimator

    def _set_up(
        self,
        program: Program,
        model_dir: str | os.PathLike[str] | None,
        config: RunConfig | None,
        params: Mapping[str, Any] | None,
    ) -> None:
        super().__init__(model_dir, config)
        self._params = copy.deepcopy(params) if params is not None else {}
        self._engine = Engine(
            program, self.model_dir, self._checkpoints, self._config, lambda: self.params
        )
        tell_made(self)

    def _arguments(self) -> dict[str, Any]:
        return {"params": self.params, "config": self.config}

    @property
    def params(self) -> Any:
        """A copy of what functions that take `params` are given."""
        return copy.deepcopy(self._params)

    @property
    def program(self) -> Program:
        """The model, as the loop sees it."""
        return self._engine.program

    @property
    def eval_examples(self) -> Any:
        """The features of the last evaluation's first batch, as numpy arrays; None before one."""
        return self._engine.seen.features

    @eagerly
    def look_at(self, input_fn: InputFn) -> None:
        """Reads the first batch of `input_fn` as an evaluation would: exports are asked with it."""
        self._engine.look_at(input_fn)

    def add_observer(self, observer: Observer) -> None:
        """From now on `observer` is told of progress, checkpoints, evaluations and exports."""
        self._engine.add_observer(observer)

    @property
    def record(self) -> TrainingRecord:
        """What has come after the newest checkpoint, for a process that goes on from it."""
        return self._engine.record

    def restart_evaluations(self, name: str | None, step: int) -> None:
        """What was written of evaluations `name` from `step` on does not count any more."""
        self._engine.restart_events(self.eval_dir(name), step)

    def notice(self, text: str) -> None:
        """Logs `text` as a warning, and tells the observers."""
        self._engine.notice(text)

    @eagerly
    def train(
        self,
        input_fn: InputFn,
        hooks: Iterable[Any] | None = None,
        steps: float | None = None,
        max_steps: float | None = None,
        saving_listeners: Iterable[Any] | None = None,
    ) -> Self:
        """Trains, from the newest checkpoint on.

        Ctrl-C and SIGTERM end training after the current call of the loop, with a checkpoint.

        Args:
            input_fn: Takes those of `mode`, `params` and `config` that it names; returns a
                `tf.data.Dataset` of batches (features, labels), or graph tensors of one batch.
            hooks: `SessionRunHook`s; those that watch every step make the loop run step by step.
            steps: How many more steps; None: until the data ends.
            max_steps: The `global_step` to end at. Excludes `steps`.
            saving_listeners: `CheckpointSaverListener`s, told before and after each checkpoint.

        Returns:
            The Estimator itself.

        Raises:
            ValueError: Both limits are given, one is not above 0, or the newest checkpoint
                belongs to another model.
            NanLossDuringTrainingError: The loss became NaN or infinite, or a weight NaN.
            CheckpointWriteError: A checkpoint could not be written.
            CheckpointDamagedError: There are checkpoints, and none can be read.
            ModelDirInUseError: Another training is at work in `model_dir`.
            KeyError: The features lack a key that the model asks for.
        """
        check_may_train(self._config)
        check_no_keras_distribution()
        steps, max_steps = checked_limits(steps, max_steps)
        checked = checked_hooks(hooks)
        listeners = checked_listeners(saving_listeners)
        if listeners and not self._config.saves_checkpoints:
            raise ValueError("saving_listeners need checkpoints, which this RunConfig turns off.")
        replicas = self._engine.replicas
        with self.exclusive() if replicas is None or replicas.is_chief else nullcontext():
            latest = self.whole_checkpoint()
            begun = step_of(latest) if latest else 0
            self.check_same_beginning(begun)
            if max_steps is not None and begun >= max_steps:
                _LOGGER.info("Skipping training since max_steps has already saved.")
                self.notice(nothing_left(begun, max_steps))
                return self
            stop_at = max_steps if steps is None else begun + steps
            train(self._engine, input_fn, latest, stop_at, checked, listeners)
        return self

    @eagerly
    def check_same_beginning(self, step: int) -> None:
        """Checks that all processes of a cluster begin at this step; each of them must call it.

        `train` does so itself.

        Raises:
            ValueError: They do not see the same `model_dir`.
        """
        replicas = self._engine.replicas
        if replicas is not None:
            check_same_beginning(replicas, step, self.model_dir)

    @eagerly
    def evaluate(
        self,
        input_fn: InputFn,
        steps: float | None = None,
        hooks: Iterable[Any] | None = None,
        checkpoint_path: str | os.PathLike[str] | None = None,
        name: str | None = None,
    ) -> dict[str, Any]:
        """Evaluates a checkpoint, and writes the results as summaries into `eval_dir(name)`.

        Args:
            input_fn: As in `train`.
            steps: How many batches; None: until the data ends.
            hooks: `SessionRunHook`s, one run a batch.
            checkpoint_path: Which one; None: the newest, or the initial weights if there is none.
            name: Names the evaluation where there are several.

        Returns:
            `loss` (the mean of the batches' losses), the metrics and `global_step`, as numpy
            scalars.

        Raises:
            ValueError: `steps` is not above 0, or there is no checkpoint at `checkpoint_path`.
            KeyError: The features lack a key that the model asks for.
        """
        steps = whole("evaluate: steps", steps)
        path, checked = self._existing(checkpoint_path), checked_hooks(hooks)
        return self._engine.evaluate(input_fn, steps, checked, path, self.eval_dir(name), name)

    @eagerly
    def evaluate_in_memory(
        self,
        input_fn: InputFn,
        steps: float | None = None,
        hooks: Iterable[Any] | None = None,
        name: str | None = None,
    ) -> dict[str, Any]:
        """Evaluates the weights as they are, amid training: no checkpoint is needed or loaded.

        Arguments and result are those of `evaluate`.
        """
        steps, checked = whole("evaluate: steps", steps), checked_hooks(hooks)
        eval_dir = self.eval_dir(name)
        return self._engine.evaluate(input_fn, steps, checked, None, eval_dir, name, in_memory=True)

    @eager_iterator
    def predict(
        self,
        input_fn: InputFn,
        predict_keys: str | Sequence[str] | None = None,
        hooks: Iterable[Any] | None = None,
        checkpoint_path: str | os.PathLike[str] | None = None,
        yield_single_examples: bool = True,
    ) -> Iterator[Any]:
        """Yields predictions; nothing happens before the first is asked for.

        Args:
            input_fn: As in `train`; labels are left out.
            predict_keys: Which outputs; None: all.
            hooks: `SessionRunHook`s, one run a batch.
            checkpoint_path: Which checkpoint; None: the newest, or the initial weights.
            yield_single_examples: False yields a whole batch `[batch, ...]` at a time.

        Yields:
            A dict of numpy arrays by output name; the array alone, where a `model_fn` predicts one
            tensor without a name.

        Raises:
            ValueError: No output has one of the keys, or there is no such checkpoint.
            KeyError: The features lack a key that the model asks for.
        """
        path, checked = self._existing(checkpoint_path), checked_hooks(hooks)
        yield from self._engine.predict(
            input_fn, predict_keys, checked, path, yield_single_examples
        )
