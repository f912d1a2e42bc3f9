"""What `Estimator.train` does: one training, from a checkpoint or from the initial state on."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from typing import Any

import tensorflow as tf

from kerasrun.bridge.checkpoint_names import step_of
from kerasrun.bridge.distribute.shared_training import SharedTraining
from kerasrun.bridge.engine import Engine
from kerasrun.bridge.hooks.checkpoint_saver import apart_from_savers
from kerasrun.bridge.hooks.hook_calls import HookCalls
from kerasrun.bridge.input_pipeline import InputFn
from kerasrun.bridge.input_position import InputPosition
from kerasrun.bridge.input_resume import cannot_save, resume_input
from kerasrun.bridge.interrupts import Interrupts, deferred
from kerasrun.bridge.listeners import SavingListener
from kerasrun.bridge.loop import Running
from kerasrun.bridge.mode_keys import ModeKeys
from kerasrun.bridge.notices import learning_rates, other_learning_rate
from kerasrun.bridge.run_config import RunConfig
from kerasrun.bridge.saving import Saver
from kerasrun.bridge.summaries import NoWriter, SummaryWriter
from kerasrun.bridge.trainer import Trainer
from kerasrun.bridge.training_files import TrainingFiles
from kerasrun.bridge.training_record import ENDED, INTERRUPTED

_NO_CHECKPOINTS = {"save_checkpoints_steps": None, "save_checkpoints_secs": None}


def train(
    engine: Engine,
    input_fn: InputFn,
    latest: str | None,
    stop_at: int | None,
    hooks: Sequence[Any],
    listeners: Sequence[SavingListener],
) -> None:
    """Trains from the checkpoint `latest` (None: the initial state) to the step `stop_at`.

    A training that was cut off goes on: its input, too. One that came to its end is followed by a
    new one, whose input begins anew.

    Raises:
        KeyboardInterrupt: On Ctrl-C, after a checkpoint was saved; SystemExit on SIGTERM.
        NanLossDuringTrainingError: A loss or a weight was no number.
        CheckpointWriteError: A checkpoint could not be written.
    """
    loop, together = engine.loops.training(input_fn)
    writes = together is None or together.replicas.is_chief
    if together is not None:
        together.prepare()
    dataset = engine.dataset(input_fn, ModeKeys.TRAIN)
    engine.program.build(dataset.element_spec, mode=ModeKeys.TRAIN)
    hooks = [*hooks, *engine.program.own_hooks(ModeKeys.TRAIN)]
    hooks, config, more_listeners = apart_from_savers(hooks, engine.config)
    listeners = [*listeners, *more_listeners]
    if not writes:
        config, listeners = config.replace(**_NO_CHECKPOINTS), []
    running = loop.start(dataset)
    position = _position(engine, running, config, together)
    with (
        closing(running),
        _training_from(engine, latest),
        engine.writing(engine.model_dir) if writes else nullcontext(NoWriter()) as writer,
        deferred() as heard,
    ):
        begun = engine.state.step
        if writes:
            # Without a checkpoint, too: what was killed before its first save has left events.
            engine.restart_events(engine.model_dir, begun + 1)
        if latest:
            _go_on(engine, running, position, config, latest, heard, writes=writes)
        if together is not None:
            together.begin(engine.program, stop_at, int(dataset.cardinality()))
            for text in together.notices() if writes else ():
                engine.notice_once(text)
        done = running.batches
        with (
            closing(_files(engine, position, writer, heard)) as files,
            engine.program.hook_session(
                ModeKeys.TRAIN,
                hooks,
                begun,
                done=done,
                every_steps=config.save_summary_steps,
                write_summary=writer.serialized if writes else None,
            ) as session,
        ):
            saver = Saver(files, listeners, begun if latest else None)
            trainer = Trainer(
                engine.program,
                running,
                config,
                writer,
                saver,
                session,
                engine.observers,
                stop_at,
                begun - done,
                together,
            )
            engine.tell("train_begin", begun, stop_at)
            try:
                _train(engine, trainer, session, listeners, heard, together)
            finally:
                engine.tell("train_end", engine.state.step)


def _train(
    engine: Engine,
    trainer: Trainer,
    session: HookCalls,
    listeners: Sequence[SavingListener],
    heard: Interrupts,
    together: SharedTraining | None,
) -> None:
    writes = together is None or together.replicas.is_chief

    def note(step: int, how: str) -> None:
        if writes:
            engine.record.note_stop(step, how)

    for listener in listeners:
        listener.begin()
    session.begin()
    reached = trainer.run(heard, lambda step: note(step, INTERRUPTED))
    heard.raise_if_any()
    if together is not None:
        together.raise_if_interrupted()
    for listener in listeners:
        listener.end(None, reached)
    session.end()
    note(reached, ENDED)
    if together is not None:
        together.replicas.wait_for_all()  # for evaluations and exports, too


@contextmanager
def _training_from(engine: Engine, latest: str | None) -> Iterator[None]:
    """Loads the checkpoint `latest` and says if its learning rate is not the compiled one."""
    compiled = learning_rates(engine.program.variables())
    with engine.state.training_from(latest):
        restored = learning_rates(engine.program.variables())
        step = engine.state.step
        text = other_learning_rate(compiled, restored, step) if latest else None
        if text:
            engine.notice(text)
        yield


def _position(
    engine: Engine, running: Running, config: RunConfig, together: SharedTraining | None
) -> InputPosition:
    def cannot(why: str) -> None:
        engine.notice_once(cannot_save(why))

    wanted = config.save_input_position is not False
    if together is not None and together.own_data:
        wanted = False  # one checkpoint has no room for the positions of several processes
    return InputPosition(running, wanted=wanted, cannot=cannot)


def _go_on(
    engine: Engine,
    running: Running,
    position: InputPosition,
    config: RunConfig,
    latest: str,
    heard: Interrupts,
    *,
    writes: bool,
) -> None:
    """The input goes on where it was, unless the training before has ended."""
    if writes:
        engine.checkpoints.go_on_from(latest)
    if engine.record.stopped(step_of(latest)) != ENDED:
        resume_input(running, position, latest, config.input_resume, engine.notice, heard)


def _files(
    engine: Engine, position: InputPosition, writer: SummaryWriter, heard: Interrupts
) -> TrainingFiles:
    def saved(path: str, step: int) -> None:
        engine.tell("checkpoint_saved", path, step)

    def snapshot(path: str) -> tuple[dict[str, tf.Tensor], list[str]]:
        writer.flush()  # no event before a checkpoint is missing where that is used
        return engine.state.snapshot(path)

    return TrainingFiles(
        engine.program,
        snapshot,
        position,
        engine.checkpoints,
        engine.model_dir,
        heard,
        saved,
        engine.notice,
    )
