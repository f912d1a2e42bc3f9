"""The verbs: train, evaluate, predict, export a SavedModel."""

import copy
import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

import tensorflow as tf

from kerasrun.bridge.checkpoints import exists, step_of
from kerasrun.bridge.evaluation import evaluate_program, record_evaluation
from kerasrun.bridge.input_pipeline import InputFn, dataset_from
from kerasrun.bridge.interrupts import deferred
from kerasrun.bridge.listeners import checked_listeners
from kerasrun.bridge.loop import CompiledLoop
from kerasrun.bridge.mode_keys import ModeKeys
from kerasrun.bridge.model_folder import ModelFolder
from kerasrun.bridge.observer import Observer
from kerasrun.bridge.prediction import Prediction, predictions
from kerasrun.bridge.program import Program
from kerasrun.bridge.run_config import RunConfig
from kerasrun.bridge.saving import Saver
from kerasrun.bridge.serving import serving_receiver, write_program
from kerasrun.bridge.state import State
from kerasrun.bridge.summaries import SummaryWriter
from kerasrun.bridge.trainer import Trainer, check_limits

_LOGGER = logging.getLogger("tensorflow")


class Estimator(ModelFolder):
    """Trains, evaluates, predicts with and exports one model; see `tf.estimator.Estimator`.

    All state is in `model_dir`: each verb starts from its newest checkpoint, or from the initial
    weights where there is none.

    Args:
        program: The model, as the loop sees it.
        model_dir: Folder of checkpoints, event files and exports. None: `config.model_dir`, or
            else a new temporary folder.
        config: How it runs.
        params: Handed to an `input_fn` that takes `params`.

    Raises:
        ValueError: `model_dir` and `config.model_dir` differ, or `config` is no RunConfig.
    """

    def __init__(
        self,
        program: Program,
        model_dir: str | os.PathLike[str] | None = None,
        config: RunConfig | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(model_dir, config)
        self._params = dict(params or {})
        self._program = program
        self._state = State(program, self._checkpoints)
        self._train_loop = CompiledLoop(program.train_step, program.global_step)
        self._eval_loop = CompiledLoop(program.eval_step)
        self._predict = tf.function(program.predict_step, autograph=False, reduce_retracing=True)
        self._writers: dict[str, SummaryWriter] = {}
        self._observers: list[Observer] = []
        self._evaluated: tf.data.Dataset | None = None

    @property
    def params(self) -> dict[str, Any]:
        """A copy of what an `input_fn` that takes `params` is given."""
        return copy.deepcopy(self._params)

    def add_observer(self, observer: Observer) -> None:
        """From now on `observer` is told of progress, checkpoints, evaluations and exports."""
        self._observers.append(observer)

    def train(
        self,
        input_fn: InputFn,
        steps: int | None = None,
        max_steps: int | None = None,
        saving_listeners: Iterable[Any] | None = None,
    ) -> Self:
        """Trains, from the newest checkpoint on.

        Ctrl-C and SIGTERM end training after the current call of the loop, with a checkpoint.

        Args:
            input_fn: Takes those of `mode`, `params` and `config` that it names; returns a
                `tf.data.Dataset` of batches (features, labels), or graph tensors of one batch.
            steps: How many more steps; None: until the data ends.
            max_steps: The `global_step` to end at. Excludes `steps`.
            saving_listeners: `CheckpointSaverListener`s, told before and after each checkpoint.

        Returns:
            The Estimator itself.

        Raises:
            ValueError: Both limits are given, one is not above 0, or the newest checkpoint
                belongs to another model.
            NanLossDuringTrainingError: The loss became NaN or infinite.
            KeyError: The features lack a key that the model asks for.
        """
        check_limits(steps, max_steps)
        listeners = checked_listeners(saving_listeners)
        if listeners and not self._config.saves_checkpoints:
            raise ValueError("saving_listeners need checkpoints, which this RunConfig turns off.")
        latest = self.latest_checkpoint()
        begun = step_of(latest) if latest else 0
        if max_steps is not None and begun >= max_steps:
            _LOGGER.info("Skipping training since max_steps has already saved.")
            return self
        stop_at = max_steps if steps is None else begun + steps
        trainer = self._trainer(input_fn, latest, listeners, stop_at)
        self._tell("train_begin", begun, stop_at)
        for listener in listeners:
            listener.begin()
        with deferred() as interrupts:
            try:
                reached = trainer.run(interrupts)
                interrupts.raise_if_any()
                for listener in listeners:
                    listener.end(None, reached)
            finally:
                self._state.training_ended()
                self._writer(self.model_dir).flush()
                self._tell("train_end", self._state.step)
        return self

    def evaluate(
        self,
        input_fn: InputFn,
        steps: int | None = None,
        checkpoint_path: str | None = None,
        name: str | None = None,
    ) -> dict[str, Any]:
        """Evaluates a checkpoint, and writes the results as summaries into `eval_dir(name)`.

        Args:
            input_fn: As in `train`.
            steps: How many batches; None: until the data ends.
            checkpoint_path: Which one; None: the newest, or the initial weights if there is none.
            name: Names the evaluation where there are several.

        Returns:
            `loss` (the mean of the batches' losses), the metrics and `global_step`, as numpy
            scalars.

        Raises:
            ValueError: `steps` is not above 0, or there is no checkpoint at `checkpoint_path`.
            KeyError: The features lack a key that the model asks for.
        """
        if steps is not None and steps <= 0:
            raise ValueError(f"evaluate: steps must be above 0, or None; received {steps!r}.")
        path = self._existing(checkpoint_path)
        dataset = self._dataset(input_fn, ModeKeys.EVAL)
        if steps is not None:
            dataset = dataset.take(steps)
        self._program.build(dataset.element_spec, training=False)
        running = self._eval_loop.start(dataset)
        with deferred() as interrupts, self._state.holding(path):
            result = evaluate_program(self._program, running, interrupts)
        self._evaluated = dataset
        record_evaluation(result, self._writer(self.eval_dir(name)), path)
        self._tell("evaluated", name, result, path or "")
        return result

    def predict(
        self,
        input_fn: InputFn,
        predict_keys: str | Sequence[str] | None = None,
        checkpoint_path: str | None = None,
        yield_single_examples: bool = True,
    ) -> Iterator[Prediction]:
        """Yields predictions; nothing happens before the first is asked for.

        Args:
            input_fn: As in `train`; labels are left out.
            predict_keys: Which outputs; None: all.
            checkpoint_path: Which checkpoint; None: the newest, or the initial weights.
            yield_single_examples: False yields a whole batch `[batch, ...]` at a time.

        Yields:
            A dict of numpy arrays by output name.

        Raises:
            ValueError: No output has one of the keys, or there is no such checkpoint.
            KeyError: The features lack a key that the model asks for.
        """
        path = self._existing(checkpoint_path)
        dataset = self._dataset(input_fn, ModeKeys.PREDICT)
        self._program.build(dataset.element_spec, training=False)
        mark = None
        for batch in dataset:
            with self._state.holding(path, mark) as mark:
                outputs = self._predict(batch.features)
            yield from predictions(outputs, predict_keys, single=yield_single_examples)

    def export_saved_model(
        self,
        export_dir_base: str | os.PathLike[str],
        serving_input_receiver_fn: Any = None,
        assets_extra: Mapping[str, str] | None = None,
        as_text: bool = False,
        checkpoint_path: str | None = None,
    ) -> str:
        """Writes a SavedModel with the signature `serving_default`, checks it, and names it.

        The folder is written aside, loaded anew, asked with examples of the last evaluation (where
        the receiver takes them) and compared with the live model's answers; then it is renamed.

        Args:
            export_dir_base: Where `<seconds since 1970>` will appear.
            serving_input_receiver_fn: What a served model is asked with; None: its features.
            assets_extra: Files to copy to `assets.extra/`, destination to source.
            as_text: Writes `saved_model.pbtxt` in place of `saved_model.pb`.
            checkpoint_path: Which checkpoint; None: the newest, or the initial weights.

        Returns:
            The folder's path.

        Raises:
            ValueError: There is no such checkpoint, or nothing tells what the features are.
            ExportCheckError: The written model answers otherwise than the live one.
        """
        path = self._existing(checkpoint_path)
        base, examples = os.fspath(export_dir_base), self._evaluated
        receiver = serving_receiver(self._program, serving_input_receiver_fn, examples)
        with self._state.holding(path):
            export = write_program(
                self._program, self._predict, receiver, base, examples, assets_extra, as_text
            )
        exporter_name = os.path.basename(os.path.normpath(base))
        self._tell("exported", exporter_name, export.path, export.examples, export.difference)
        return export.path

    def _trainer(
        self, input_fn: InputFn, latest: str | None, listeners: Sequence[Any], stop_at: int | None
    ) -> Trainer:
        """Everything made ready to train from the checkpoint `latest`."""
        dataset = self._dataset(input_fn, ModeKeys.TRAIN)
        self._program.build(dataset.element_spec, training=True)
        running = self._train_loop.start(dataset)
        self._state.load_for_training(latest)
        begun = self._state.step
        writer = self._writer(self.model_dir)
        if latest:
            writer.restart_at(begun + 1)
        saver = Saver(self._save, listeners, begun if latest else None)
        return Trainer(
            self._program, running, self._config, writer, saver, self._observers, stop_at
        )

    def _save(self) -> str:
        path = self._state.save()
        self._tell("checkpoint_saved", path, self._state.step)
        return path

    def _dataset(self, input_fn: InputFn, mode: str) -> tf.data.Dataset:
        # Amid training this would start all random numbers anew, and clear TensorFlow's caches.
        if self._config.tf_random_seed is not None and not self._state.training:
            tf.random.set_seed(self._config.tf_random_seed)
        return dataset_from(input_fn, mode, self.params, self._config)

    def _existing(self, checkpoint_path: str | None) -> str | None:
        """The checkpoint to use: the given one, the newest, or None for the initial weights."""
        if checkpoint_path is not None and not exists(checkpoint_path):
            raise ValueError(f"There is no checkpoint at {checkpoint_path!r}.")
        return checkpoint_path or self.latest_checkpoint()

    def _writer(self, logdir: str) -> SummaryWriter:
        return self._writers.setdefault(logdir, SummaryWriter(logdir))

    def _tell(self, what: str, *news: Any) -> None:
        for observer in self._observers:
            getattr(observer, what)(*news)
