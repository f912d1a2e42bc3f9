"""A training that starts from weights of another: `WarmStartSettings`."""

import logging
import os
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Self

import tensorflow as tf

from kerasrun.bridge.checkpoint_files import exists
from kerasrun.bridge.suggest import did_you_mean

_LOGGER = logging.getLogger("tensorflow")
# How a SavedModel of ours names `iris/kernel`.
_IN_SAVED_MODEL = re.compile(r"variables/(?P<name>[^/]+)/\.ATTRIBUTES/VARIABLE_VALUE")


class _Fields(NamedTuple):
    ckpt_to_initialize_from: str
    vars_to_warm_start: str | tuple[str, ...] | None
    var_name_to_vocab_info: dict[str, Any]
    var_name_to_prev_var_name: dict[str, str]


class WarmStartSettings(_Fields):
    """Which weights a training begins with; see `tf.estimator.WarmStartSettings`.

    Names are those in our checkpoints, as `Estimator.get_variable_names` lists them: `iris/kernel`.
    Regular expressions match anywhere in a name.

    Args:
        ckpt_to_initialize_from: A checkpoint's prefix, a folder of checkpoints (its newest is
            taken), or a SavedModel that an Estimator has written.
        vars_to_warm_start: A string: the trainable variables that match. A list of strings: all
            variables that match, moving statistics and the optimizer's among them. None: none.
        var_name_to_vocab_info: Not supported yet.
        var_name_to_prev_var_name: For a variable's name another name in the checkpoint.

    Raises:
        ValueError: The path is empty, an expression is none, or there is vocabulary information.
        TypeError: `vars_to_warm_start` is something else.
    """

    __slots__ = ()

    def __new__(
        cls,
        ckpt_to_initialize_from: str | os.PathLike[str],
        vars_to_warm_start: str | Iterable[str] | None = ".*",
        var_name_to_vocab_info: Mapping[str, Any] | None = None,
        var_name_to_prev_var_name: Mapping[str, str] | None = None,
    ) -> Self:
        """Checks the fields and makes the tuple."""
        if not ckpt_to_initialize_from:
            raise ValueError(
                "WarmStartSettings: ckpt_to_initialize_from must be the path of a checkpoint or of "
                f"a folder of checkpoints; received {ckpt_to_initialize_from!r}."
            )
        if var_name_to_vocab_info:
            raise ValueError(
                "WarmStartSettings: var_name_to_vocab_info is not supported yet; leave out of "
                f"vars_to_warm_start what has another vocabulary: {sorted(var_name_to_vocab_info)}."
            )
        path, renamed = os.fspath(ckpt_to_initialize_from), dict(var_name_to_prev_var_name or {})
        return super().__new__(cls, path, _checked_patterns(vars_to_warm_start), {}, renamed)


class WarmStart:
    """Gives variables the values that a checkpoint of another training holds.

    Args:
        settings: Which ones, and where from; a path stands for settings of all trainable variables.

    Raises:
        ValueError: There is no checkpoint at the path.
    """

    def __init__(self, settings: WarmStartSettings | str | os.PathLike[str]) -> None:
        if not isinstance(settings, WarmStartSettings):
            if not isinstance(settings, (str, os.PathLike)):
                raise TypeError(
                    f"warm_start_from must be a path or a WarmStartSettings; received {settings!r}."
                )
            settings = WarmStartSettings(settings)
        self._settings = settings
        self._path = _checkpoint(settings.ckpt_to_initialize_from)

    def apply(self, variables: Mapping[str, tf.Variable], trainable: Iterable[str]) -> None:
        """Assigns the chosen variables, all or none.

        Args:
            variables: All there are, by name.
            trainable: The names of those that are trained.

        Raises:
            ValueError: Nothing matches; the checkpoint lacks a variable, or holds it in another
                shape; a renamed variable does not exist.
        """
        _LOGGER.info("Warm-starting with %r", self._settings)
        reader = tf.train.load_checkpoint(self._path)
        saved = _named(reader.get_variable_to_shape_map())
        pairs = {name: self._previous(name) for name in self._chosen(variables, trainable)}
        shapes = {name: reader.get_variable_to_shape_map()[key] for name, key in saved.items()}
        self._check(pairs, variables, shapes)
        for name, previous in pairs.items():
            variables[name].assign(reader.get_tensor(saved[previous]))
        _LOGGER.info("Warm-started %d variables.", len(pairs))

    def _chosen(self, variables: Mapping[str, tf.Variable], trainable: Iterable[str]) -> list[str]:
        for name in self._settings.var_name_to_prev_var_name:
            if name not in variables:
                raise ValueError(
                    f"var_name_to_prev_var_name names {name!r}, which is no variable of the model."
                    f"{did_you_mean(name, variables)}"
                )
        wanted = self._settings.vars_to_warm_start
        if wanted is None:
            return []
        among, patterns = (trainable, (wanted,)) if isinstance(wanted, str) else (variables, wanted)
        found = [name for name in among if any(re.search(p, name) for p in patterns)]
        if not found:
            raise ValueError(
                f"vars_to_warm_start {wanted!r} matches none of the variables {sorted(among)}."
            )
        return found

    def _previous(self, name: str) -> str:
        return self._settings.var_name_to_prev_var_name.get(name, name)

    def _check(
        self,
        pairs: Mapping[str, str],
        variables: Mapping[str, tf.Variable],
        saved: Mapping[str, list[int]],
    ) -> None:
        differences = []
        for name, previous in pairs.items():
            shape = variables[name].shape.as_list()
            if previous not in saved:
                differences.append(f"{previous} is not there.{did_you_mean(previous, saved)}")
            elif saved[previous] != shape:
                differences.append(f"{name} is {shape} in the model and {saved[previous]} there.")
        if differences:
            raise ValueError(
                f"The model cannot be warm-started from {self._path!r}: {' '.join(differences)} "
                "Choose with vars_to_warm_start, or rename with var_name_to_prev_var_name."
            )


def _checked_patterns(given: str | Iterable[str] | None) -> str | tuple[str, ...] | None:
    if given is None:
        return None
    single = isinstance(given, str) or not isinstance(given, Iterable)
    patterns: tuple[Any, ...] = (given,) if single else tuple(given)
    for pattern in patterns:
        if not isinstance(pattern, str):
            raise TypeError(
                "WarmStartSettings: vars_to_warm_start must be a regular expression or a list of "
                f"them; received {pattern!r} in {given!r}."
            )
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(
                f"WarmStartSettings: vars_to_warm_start {pattern!r} is no regular expression: "
                f"{error}."
            ) from error
    return given if isinstance(given, str) else patterns


def _checkpoint(path: str) -> str:
    """The prefix of the checkpoint at `path`, in it, or of the SavedModel there."""
    in_saved_model = os.path.join(path, "variables", "variables")
    for prefix in (path, tf.train.latest_checkpoint(path), in_saved_model):
        if prefix is not None and exists(prefix):
            return prefix
    raise ValueError(
        f"There is nothing to warm-start from at {path!r}: expected a checkpoint's prefix "
        "(…/model.ckpt-500), a folder that holds checkpoints, or a SavedModel."
    )


def _named(saved: Iterable[str]) -> dict[str, str]:
    """What a checkpoint or SavedModel holds: our name of a variable to the one in the file."""
    named = {}
    for key in saved:
        match = _IN_SAVED_MODEL.fullmatch(key)
        named[match["name"].replace(".S", "/") if match else key] = key
    return named
