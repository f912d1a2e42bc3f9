"""The folder that an Estimator works in, and what lies there."""

import copy
import logging
import os
from typing import Any

import tensorflow as tf

from kerasrun.bridge.checkpoints import Checkpoints
from kerasrun.bridge.model_dir_lock import ModelDirLock
from kerasrun.bridge.new_estimators import unnamed_model_dir
from kerasrun.bridge.run_config import RunConfig
from kerasrun.bridge.run_config_rules import without_effect
from kerasrun.bridge.suggest import did_you_mean

_LOGGER = logging.getLogger("tensorflow")

_PATTERN_CHARACTERS = "*?[]"


class ModelFolder:
    """The part of an Estimator that is on disk.

    Args:
        model_dir: Folder of checkpoints, event files and exports. None: `config.model_dir`, or
            else a new temporary folder.
        config: None: the defaults.

    Raises:
        ValueError: `model_dir` and `config.model_dir` differ, or `config` is no RunConfig.
    """

    def __init__(self, model_dir: str | os.PathLike[str] | None, config: RunConfig | None) -> None:
        self._model_dir, self._config = _config_with_model_dir(config, model_dir)
        _log_config(self._config)
        self._checkpoints = Checkpoints(
            self._model_dir,
            int(self._config.keep_checkpoint_max or 0),
            self._config.keep_checkpoint_every_n_hours,
        )
        self._lock = ModelDirLock(self._model_dir)

    @property
    def model_dir(self) -> str:
        """The folder of checkpoints, event files and exports."""
        return self._model_dir

    @property
    def config(self) -> RunConfig:
        """A copy of how the Estimator runs; nothing done to it has an effect."""
        return copy.deepcopy(self._config)

    def latest_checkpoint(self) -> str | None:
        """The prefix of the newest checkpoint in `model_dir`, such as `…/model.ckpt-500`."""
        return self._checkpoints.latest()

    def notice(self, text: str) -> None:
        """Logs `text` as a warning."""
        _LOGGER.warning("%s", text)

    def exclusive(self) -> ModelDirLock:
        """A context within which no other training may begin in `model_dir`.

        Raises:
            ModelDirInUseError: One is at work there: on entering.
        """
        return self._lock

    def whole_checkpoint(self) -> str | None:
        """The prefix of the newest checkpoint that can be read; None if there is none.

        A notice tells of newer ones that are damaged.

        Raises:
            CheckpointDamagedError: There are checkpoints, and none can be read.
        """
        return self._checkpoints.newest_whole(self.notice)

    def saved_at(self, checkpoint_path: str) -> float:
        """When a checkpoint was saved, in seconds since 1970; 0 if it is not known."""
        return self._checkpoints.saved_at(checkpoint_path)

    def eval_dir(self, name: str | None = None) -> str:
        """The folder of the event files of the evaluation `name`."""
        return os.path.join(self._model_dir, f"eval_{name}" if name else "eval")

    def get_variable_names(self) -> list[str]:
        """The names in the newest checkpoint.

        Raises:
            ValueError: There is none.
        """
        return sorted(self._reader().get_variable_to_shape_map())

    def get_variable_value(self, name: str) -> Any:
        """The value of a variable in the newest checkpoint, as a numpy array.

        Raises:
            ValueError: There is no checkpoint, or no such name in it.
        """
        reader = self._reader()
        names = reader.get_variable_to_shape_map()
        if name not in names:
            raise ValueError(
                f"The checkpoint holds no variable {name!r}.{did_you_mean(name, names)} "
                "get_variable_names() lists them."
            )
        return reader.get_tensor(name)

    def _reader(self) -> Any:
        latest = self.latest_checkpoint()
        if latest is None:
            raise ValueError(f"There is no checkpoint in {self._model_dir!r} yet. Train first.")
        return tf.train.load_checkpoint(latest)


def _log_config(config: RunConfig) -> None:
    settings = {**config.settings(), "task_type": config.task_type, "task_id": config.task_id}
    _LOGGER.info("Using config: %s", {f"_{name}": value for name, value in settings.items()})
    if told := without_effect(settings):
        _LOGGER.warning("%s", told)


def _config_with_model_dir(
    config: RunConfig | None, model_dir: str | os.PathLike[str] | None
) -> tuple[str, RunConfig]:
    """Returns the folder and the config that names it."""
    config = RunConfig() if config is None else config
    if not isinstance(config, RunConfig):
        raise ValueError(f"config must be a RunConfig; received {config!r}.")
    chosen = os.fspath(model_dir) if model_dir else None
    if chosen and config.model_dir and chosen != config.model_dir:
        raise ValueError(
            f"model_dir is {chosen!r} but config.model_dir is {config.model_dir!r}; give one, or "
            "the same twice."
        )
    chosen = chosen or config.model_dir
    if not chosen:
        chosen = unnamed_model_dir()
    _check_readable(chosen)
    return chosen, config.replace(model_dir=chosen)


def _check_readable(model_dir: str) -> None:
    """TensorFlow takes a checkpoint's path for a pattern: it would save, and never find again."""
    found = sorted(set(model_dir) & set(_PATTERN_CHARACTERS))
    if found:
        raise ValueError(
            f"model_dir {model_dir!r} has {' and '.join(map(repr, found))} in it, which TensorFlow "
            "takes for a pattern: checkpoints written there could not be read again. Use another "
            "name."
        )
