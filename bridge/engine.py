"""How an Estimator's verbs are carried out, on one program and one folder."""

import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

from kerasrun.bridge.checkpoints import Checkpoints
from kerasrun.bridge.evaluation import evaluate_program, record_evaluation
from kerasrun.bridge.first_batch import FirstBatch
from kerasrun.bridge.hooks.checkpoint_saver import apart_from_savers
from kerasrun.bridge.hooks.session import HookSession
from kerasrun.bridge.input_pipeline import InputFn, dataset_from
from kerasrun.bridge.interrupts import deferred
from kerasrun.bridge.listeners import SavingListener
from kerasrun.bridge.loop import CompiledLoop
from kerasrun.bridge.mode_keys import ModeKeys
from kerasrun.bridge.notices import give_notice, learning_rates, other_learning_rate
from kerasrun.bridge.observer import Observer
from kerasrun.bridge.prediction import Prediction, predictions
from kerasrun.bridge.program import Program
from kerasrun.bridge.run_config import RunConfig
from kerasrun.bridge.saving import Saver
from kerasrun.bridge.state import State
from kerasrun.bridge.summaries import SummaryWriter
from kerasrun.bridge.trainer import Trainer


class Engine:
    """The loops, the state and the writers of one Estimator.

    Args:
        program: The model, as the loop sees it.
        model_dir: Where training's summaries go.
        checkpoints: Where the state is saved.
        config: How it runs.
        params: Handed to an `input_fn` that takes `params`.

    Attributes:
        state: What the program's variables hold.
        predict_step: The compiled `predict_step`.
        seen: The first batch of the last evaluation.
    """

    def __init__(
        self,
        program: Program,
        model_dir: str,
        checkpoints: Checkpoints,
        config: RunConfig,
        params: Callable[[], Mapping[str, Any]],
    ) -> None:
        self.program = program
        self.state = State(program, checkpoints)
        self.predict_step = tf.function(
            program.predict_step, autograph=False, reduce_retracing=True
        )
        self.seen = FirstBatch()
        self._model_dir, self._config, self._params = model_dir, config, params
        self._writers: dict[str, SummaryWriter] = {}
        eagerly = program.run_eagerly
        self._train_loop = CompiledLoop(program.train_step, program.global_step, eagerly=eagerly)
        self._eval_loop = CompiledLoop(program.eval_step, eagerly=eagerly)
        self._predict = program.predict_step if eagerly else self.predict_step
        self._observers: list[Observer] = []
        weakref.finalize(self, _close, self._writers)

    def add_observer(self, observer: Observer) -> None:
        """From now on `observer` is told what happens."""
        self._observers.append(observer)

    def tell(self, what: str, *news: Any) -> None:
        """Calls the observers' method `what`."""
        for observer in self._observers:
            getattr(observer, what)(*news)

    def notice(self, text: str) -> None:
        """Logs `text` as a warning, and tells the observers."""
        give_notice(self._observers, text)

    def train(
        self,
        input_fn: InputFn,
        latest: str | None,
        stop_at: int | None,
        hooks: Sequence[Any],
        listeners: Sequence[SavingListener],
    ) -> None:
        """Trains from the checkpoint `latest` (None: the initial state) to the step `stop_at`.

        Raises:
            KeyboardInterrupt: On Ctrl-C, after a checkpoint was saved; SystemExit on SIGTERM.
        """
        hooks, config, more_listeners = apart_from_savers(hooks, self._config)
        listeners = [*listeners, *more_listeners]
        dataset = self._dataset(input_fn, ModeKeys.TRAIN)
        self.program.build(dataset.element_spec, training=True)
        running = self._train_loop.start(dataset)
        with (
            self._training_from(latest),
            self._writing(self._model_dir) as writer,
            HookSession(hooks, *self._fetchable(), self.state.step) as session,
            deferred() as interrupts,
        ):
            begun = self.state.step
            if latest:
                writer.restart_at(begun + 1)
            saver = Saver(self._save, listeners, begun if latest else None)
            trainer = Trainer(
                self.program, running, config, writer, saver, session, self._observers, stop_at
            )
            self.tell("train_begin", begun, stop_at)
            try:
                for listener in listeners:
                    listener.begin()
                session.begin()
                reached = trainer.run(interrupts)
                interrupts.raise_if_any()
                for listener in listeners:
                    listener.end(None, reached)
                session.end()
            finally:
                self.tell("train_end", self.state.step)

    def evaluate(
        self,
        input_fn: InputFn,
        steps: int | None,
        hooks: Sequence[Any],
        path: str | None,
        eval_dir: str,
        name: str | None,
        *,
        in_memory: bool = False,
    ) -> dict[str, Any]:
        """Evaluates the checkpoint `path`; with `in_memory` the variables as they are."""
        dataset = self._dataset(input_fn, ModeKeys.EVAL)
        if steps is not None:
            dataset = dataset.take(steps)
        self.program.build(dataset.element_spec, training=False)
        running = self._eval_loop.start(self.seen.of(dataset))
        holding = self.state.in_memory() if in_memory else self.state.holding(path)
        with (
            deferred() as interrupts,
            holding,
            HookSession(hooks, *self._fetchable(), self.state.step, counts=False) as session,
        ):
            result = evaluate_program(self.program, running, session, interrupts)
        with self._writing(eval_dir) as writer:
            record_evaluation(result, writer, path)
        self.tell("evaluated", name, result, path or "")
        return result

    def predict(
        self,
        input_fn: InputFn,
        keys: str | Sequence[str] | None,
        hooks: Sequence[Any],
        path: str | None,
        single: bool,
    ) -> Iterator[Prediction]:
        """Yields the predictions of the checkpoint `path`, by example or by batch."""
        dataset = self._dataset(input_fn, ModeKeys.PREDICT)
        self.program.build(dataset.element_spec, training=False)
        with self.state.holding(path) as mark:
            step = self.state.step
        with HookSession(hooks, [], dict, step, counts=False) as session:
            session.begin()
            stop = session.watches_next and session.before_run()
            for batch in dataset:
                with self.state.holding(path, mark) as mark:
                    outputs = self._predict(batch.features)
                stop = session.after_run(1, 0.0) or stop
                yield from predictions(outputs, keys, single=single)
                if stop:
                    break
                stop = session.watches_next and session.before_run()
            session.end()

    @contextmanager
    def _training_from(self, latest: str | None) -> Iterator[None]:
        """Loads the checkpoint `latest` and says if its learning rate is not the compiled one."""
        compiled = learning_rates(self.program.variables())
        with self.state.training_from(latest):
            restored = learning_rates(self.program.variables())
            text = other_learning_rate(compiled, restored, self.state.step) if latest else None
            if text:
                self.notice(text)
            yield

    def _fetchable(self) -> tuple[list[str], Callable[[], Mapping[str, Any]]]:
        """What hooks may fetch by name."""

        def scalars() -> dict[str, Any]:
            results = self.program.metric_results()
            return {name: value for name, value in results.items() if value.ndim == 0}

        return list(scalars()), scalars

    def _save(self) -> str:
        path = self.state.save()
        self.tell("checkpoint_saved", path, self.state.step)
        return path

    def _dataset(self, input_fn: InputFn, mode: str) -> tf.data.Dataset:
        # Amid training this would start all random numbers anew, and clear TensorFlow's caches.
        if self._config.tf_random_seed is not None and not self.state.training:
            tf.random.set_seed(self._config.tf_random_seed)
        return dataset_from(input_fn, mode, self._params(), self._config)

    @contextmanager
    def _writing(self, logdir: str) -> Iterator[SummaryWriter]:
        """The writer into this folder, one for the process; flushed afterwards."""
        if logdir not in self._writers:
            self._writers[logdir] = SummaryWriter(logdir)
        try:
            yield self._writers[logdir]
        finally:
            self._writers[logdir].flush()


def _close(writers: Mapping[str, SummaryWriter]) -> None:
    for writer in writers.values():
        writer.close()
