"""How an Estimator's verbs are carried out, on one program and one folder."""

import logging
import os
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any, TypeVar

import tensorflow as tf

from kerasrun.bridge.checkpoints import Checkpoints
from kerasrun.bridge.distribute.replicas import Replicas
from kerasrun.bridge.evaluation import evaluate_program, record_evaluation
from kerasrun.bridge.first_batch import FirstBatch
from kerasrun.bridge.hooks.hook_calls import HookCalls
from kerasrun.bridge.input_pipeline import Example, InputFn, dataset_from
from kerasrun.bridge.interrupts import deferred
from kerasrun.bridge.loop_choice import LoopChoice
from kerasrun.bridge.loops import Loops
from kerasrun.bridge.mode_keys import ModeKeys
from kerasrun.bridge.notices import give_notice
from kerasrun.bridge.observer import Observer
from kerasrun.bridge.prediction import predictions
from kerasrun.bridge.prediction_loop import NotInBatches, PredictionLoop, not_ahead
from kerasrun.bridge.program import Program
from kerasrun.bridge.run_config import RunConfig
from kerasrun.bridge.state import State
from kerasrun.bridge.summaries import NoWriter, SummaryWriter
from kerasrun.bridge.training_record import TrainingRecord

_LOGGER = logging.getLogger("tensorflow")
_News = TypeVar("_News")


class Engine:
    """The loops, the state and the writers of one Estimator.

    Args:
        program: The model, as the loop sees it.
        model_dir: Where training's summaries go.
        checkpoints: Where the state is saved.
        config: How it runs.
        params: Handed to an `input_fn` that takes `params`.

    Attributes:
        observers: Told what happens.
        record: What has come after the newest checkpoint.
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
        if config.deterministic and config.tf_random_seed is None:
            config = config.replace(tf_random_seed=0)
        self.model_dir, self.config, self.checkpoints = model_dir, config, checkpoints
        self.record = TrainingRecord(model_dir)
        self.state = State(program)
        self.predict_step = tf.function(
            program.predict_step, autograph=False, reduce_retracing=program.any_shape
        )
        self.seen = FirstBatch()
        self._params = params
        self._writers: dict[str, SummaryWriter] = {}
        eagerly = program.run_eagerly
        self.loops = Loops(program, config, _weakly(self._loop_chosen))
        self._predict = program.predict_step if eagerly else self.predict_step
        self._predict_many = PredictionLoop(self.predict_step, any_shape=program.any_shape)
        self.observers: list[Observer] = []
        self._noticed: set[str] = set()
        weakref.finalize(self, _close, self._writers)

    @property
    def replicas(self) -> Replicas | None:
        """Those that train the model together; None: one device does."""
        return self.loops.replicas

    def add_observer(self, observer: Observer) -> None:
        """From now on `observer` is told what happens."""
        self.observers.append(observer)

    def tell(self, what: str, *news: Any) -> None:
        """Calls the observers' method `what`."""
        for observer in self.observers:
            getattr(observer, what)(*news)

    def notice(self, text: str) -> None:
        """Logs `text` as a warning, and tells the observers."""
        give_notice(self.observers, text)

    def notice_once(self, text: str) -> None:
        """Gives the notice, unless it has been given."""
        if text not in self._noticed:
            self._noticed.add(text)
            self.notice(text)

    def _loop_chosen(self, choice: LoopChoice) -> None:
        if choice.secs_per_step or choice.loop != "graph":
            measured = {loop: f"{1e6 * s:.0f} µs" for loop, s in choice.secs_per_step.items()}
            _LOGGER.info("Training loop: %s (%s). Steps took %s", choice.loop, choice.why, measured)
        self.tell("loop_chosen", choice)

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
        dataset = self.dataset(input_fn, ModeKeys.EVAL)
        if steps is not None:
            dataset = dataset.take(steps)
        self.program.build(dataset.element_spec, mode=ModeKeys.EVAL)
        running = self.loops.evaluation.start(self.seen.of(dataset))
        holding = self.state.in_memory() if in_memory else self.state.holding(path)
        with (
            closing(running),
            deferred() as interrupts,
            holding,
            self._hook_session(ModeKeys.EVAL, hooks, self.state.step) as session,
        ):
            result = evaluate_program(self.program, running, session, interrupts)
        if self.replicas is not None and not self.replicas.is_chief:
            record_evaluation(result, NoWriter(), path)  # each writes the same otherwise
        else:
            if self.state.training and eval_dir not in self._writers:
                self.restart_events(eval_dir, int(result["global_step"]))
            with self.writing(eval_dir) as writer:
                record_evaluation(result, writer, path)
        self.tell("evaluated", name, result, path or "")
        return result

    def look_at(self, input_fn: InputFn) -> None:
        """Builds the model for the first batch of evaluation data, and keeps its features."""
        dataset = self.dataset(input_fn, ModeKeys.EVAL)
        self.program.build(dataset.element_spec, mode=ModeKeys.EVAL)
        next(iter(self.seen.of(dataset)), None)

    def restart_events(self, logdir: str, step: int) -> None:
        """Training goes on: what a killed process wrote into a folder from `step` on is void."""
        if tf.io.gfile.glob(os.path.join(logdir, "*.tfevents.*")):
            with self.writing(logdir) as writer:
                writer.restart_at(step)

    def predict(
        self,
        input_fn: InputFn,
        keys: str | Sequence[str] | None,
        hooks: Sequence[Any],
        path: str | None,
        single: bool,
    ) -> Iterator[Any]:
        """Yields the predictions of the checkpoint `path`, by example or by batch.

        Dicts by output name, or values where there is one output without a name.
        """
        dataset = not_ahead(self.dataset(input_fn, ModeKeys.PREDICT))
        self.program.build(dataset.element_spec, mode=ModeKeys.PREDICT)
        with self.state.holding(path) as mark:
            step = self.state.step
        bare = self.program.bare_prediction
        with self._hook_session(ModeKeys.PREDICT, hooks, step) as session:
            session.begin()
            for outputs in self._outputs(dataset, path, mark, session):
                for each in predictions(outputs, keys, single=single):
                    yield each if bare is None else each[bare]
            session.end()

    def _outputs(
        self, dataset: tf.data.Dataset, path: str | None, mark: int, session: HookCalls
    ) -> Iterator[Mapping[str, Any]]:
        """The outputs of each batch; between two of them anything may be trained or loaded."""
        iterator, left = iter(dataset), int(dataset.cardinality())
        many = not self.program.run_eagerly and left != tf.data.UNKNOWN_CARDINALITY
        while True:
            watched = session.watches_next
            stop = watched and session.before_run()
            predict = (watched and session.step) or self._predict_batch
            with self.state.holding(path, mark) as mark:
                found: list[Mapping[str, Any]] = []
                if left and many and session.unwatched() > 0:
                    most = min(left, session.unwatched()) if left > 0 else session.unwatched()
                    try:
                        found = list(self._predict_many.outputs(iterator, most))
                    except NotInBatches:
                        many = False
                        continue
                elif (batch := next(iterator, None)) is not None:
                    found = [predict(batch)]
            if not found:
                return
            left -= len(found) if left > 0 else 0
            stop = session.after_run(len(found), 0.0) or stop
            yield from found
            if stop:
                return

    def _hook_session(self, mode: str, hooks: Sequence[Any], step: int) -> HookCalls:
        return self.program.hook_session(mode, [*hooks, *self.program.own_hooks(mode)], step)

    def _predict_batch(self, batch: Example) -> Mapping[str, Any]:
        outputs: Mapping[str, Any] = self._predict(batch.features)
        return outputs

    def dataset(self, input_fn: InputFn, mode: str) -> tf.data.Dataset:
        """What `input_fn` returns, as a dataset of `Example`s."""
        if self.config.deterministic:
            tf.config.experimental.enable_op_determinism()
        config, context = self.config, None
        if self.replicas is not None and mode == ModeKeys.TRAIN:
            context = self.replicas.input_context
            config = config.replace(tf_random_seed=self.replicas.seed_of(config.tf_random_seed))
        # Amid training this would start all random numbers anew, and clear TensorFlow's caches.
        if config.tf_random_seed is not None and not self.state.training:
            tf.random.set_seed(config.tf_random_seed)
        return dataset_from(input_fn, mode, self._params(), config, context)

    @contextmanager
    def writing(self, logdir: str) -> Iterator[SummaryWriter]:
        """The writer into this folder, one for the process; flushed afterwards."""
        if logdir not in self._writers:
            self._writers[logdir] = SummaryWriter(logdir, _weakly(self.notice))
        try:
            yield self._writers[logdir]
        finally:
            self._writers[logdir].flush()


def _weakly(method: Callable[[_News], None]) -> Callable[[_News], None]:
    """Calls a method of an object that it does not keep alive."""
    reference = weakref.WeakMethod(method)

    def call(news: _News) -> None:
        if (living := reference()) is not None:
            living(news)

    return call


def _close(writers: Mapping[str, SummaryWriter]) -> None:
    for writer in writers.values():
        writer.close()
