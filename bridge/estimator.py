"""The verbs: train, evaluate, predict, export a SavedModel."""

import copy
import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

from kerasrun.bridge.checkpoint_files import exists
from kerasrun.bridge.checkpoint_names import step_of
from kerasrun.bridge.engine import Engine
from kerasrun.bridge.exporting import export_modes
from kerasrun.bridge.hooks.session import checked_hooks
from kerasrun.bridge.input_pipeline import InputFn
from kerasrun.bridge.listeners import checked_listeners
from kerasrun.bridge.mode_keys import ModeKeys
from kerasrun.bridge.model_folder import ModelFolder
from kerasrun.bridge.notices import nothing_left
from kerasrun.bridge.observer import Observer
from kerasrun.bridge.prediction import Prediction
from kerasrun.bridge.program import Program
from kerasrun.bridge.roles import check_may_train
from kerasrun.bridge.run_config import RunConfig
from kerasrun.bridge.step_limits import checked_limits, whole
from kerasrun.bridge.training_record import TrainingRecord
from kerasrun.bridge.training_run import train

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
        self._engine = Engine(
            program, self.model_dir, self._checkpoints, self._config, lambda: self.params
        )

    @property
    def params(self) -> dict[str, Any]:
        """A copy of what an `input_fn` that takes `params` is given."""
        return copy.deepcopy(self._params)

    @property
    def program(self) -> Program:
        """The model, as the loop sees it."""
        return self._engine.program

    @property
    def eval_examples(self) -> Any:
        """The features of the last evaluation's first batch, as numpy arrays; None before one."""
        return self._engine.seen.features

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
        steps, max_steps = checked_limits(steps, max_steps)
        checked = checked_hooks(hooks)
        listeners = checked_listeners(saving_listeners)
        if listeners and not self._config.saves_checkpoints:
            raise ValueError("saving_listeners need checkpoints, which this RunConfig turns off.")
        with self.exclusive():
            latest = self.whole_checkpoint()
            begun = step_of(latest) if latest else 0
            if max_steps is not None and begun >= max_steps:
                _LOGGER.info("Skipping training since max_steps has already saved.")
                self.notice(nothing_left(begun, max_steps))
                return self
            stop_at = max_steps if steps is None else begun + steps
            train(self._engine, input_fn, latest, stop_at, checked, listeners)
        return self

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

    def predict(
        self,
        input_fn: InputFn,
        predict_keys: str | Sequence[str] | None = None,
        hooks: Iterable[Any] | None = None,
        checkpoint_path: str | os.PathLike[str] | None = None,
        yield_single_examples: bool = True,
    ) -> Iterator[Prediction]:
        """Yields predictions; nothing happens before the first is asked for.

        Args:
            input_fn: As in `train`; labels are left out.
            predict_keys: Which outputs; None: all.
            hooks: `SessionRunHook`s, one run a batch.
            checkpoint_path: Which checkpoint; None: the newest, or the initial weights.
            yield_single_examples: False yields a whole batch `[batch, ...]` at a time.

        Yields:
            A dict of numpy arrays by output name.

        Raises:
            ValueError: No output has one of the keys, or there is no such checkpoint.
            KeyError: The features lack a key that the model asks for.
        """
        path, checked = self._existing(checkpoint_path), checked_hooks(hooks)
        yield from self._engine.predict(
            input_fn, predict_keys, checked, path, yield_single_examples
        )

    def export_saved_model(
        self,
        export_dir_base: str | os.PathLike[str],
        serving_input_receiver_fn: Any = None,
        assets_extra: Mapping[str, str] | None = None,
        as_text: bool = False,
        checkpoint_path: str | os.PathLike[str] | None = None,
        experimental_mode: str = ModeKeys.PREDICT,
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
            experimental_mode: `train` or `eval` writes the graph that trains or evaluates, fed as
                a `SupervisedInputReceiver` tells.

        Returns:
            The folder's path.

        Raises:
            ValueError: There is no such checkpoint, or nothing tells what the features are.
            ExportCheckError: The written model answers otherwise than the live one.
        """
        return self.experimental_export_all_saved_models(
            export_dir_base,
            {experimental_mode: serving_input_receiver_fn},
            assets_extra,
            as_text,
            checkpoint_path,
        )

    def experimental_export_all_saved_models(
        self,
        export_dir_base: str | os.PathLike[str],
        input_receiver_fn_map: Mapping[str, Any],
        assets_extra: Mapping[str, str] | None = None,
        as_text: bool = False,
        checkpoint_path: str | os.PathLike[str] | None = None,
    ) -> str:
        """Writes a SavedModel with a graph for each of several modes.

        Args:
            export_dir_base: As in `export_saved_model`.
            input_receiver_fn_map: Mode (`train`, `eval`, `infer`) to what its graph is fed with.
                The graphs have the tags `train`, `eval` and `serve`.
            assets_extra: As in `export_saved_model`.
            as_text: As in `export_saved_model`.
            checkpoint_path: As in `export_saved_model`.

        Returns:
            The folder's path.

        Raises:
            ValueError: The map is empty or names no mode, and as in `export_saved_model`.
            ExportCheckError: The written model answers otherwise than the live one.
        """
        path, base = self._existing(checkpoint_path), os.fspath(export_dir_base)
        export = export_modes(
            self._engine, path, base, input_receiver_fn_map, assets_extra, as_text
        )
        name = os.path.basename(os.path.normpath(base))
        _LOGGER.info("SavedModel written to: %s", export.path)
        self._engine.tell("exported", name, export.path, export.examples, export.difference)
        return export.path

    def _existing(self, checkpoint_path: str | os.PathLike[str] | None) -> str | None:
        """The checkpoint to use: the given one, the newest, or None for the initial weights."""
        if checkpoint_path is None:
            return self.whole_checkpoint()
        path = os.fspath(checkpoint_path)
        if not exists(path):
            raise ValueError(f"There is no checkpoint at {path!r}.")
        return path
