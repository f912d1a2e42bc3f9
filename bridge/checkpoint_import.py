"""Weights of an old checkpoint for a Keras model: `import_checkpoint`.

    report = kerasrun.import_checkpoint(model, "old_model_dir")
    for pair in report.pairs:
        print(pair.new, "<-", pair.old, pair.why)

What belongs together is found by names and shapes, and reported with the reason; where that leaves
several answers, `mapping` decides.
"""

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerasrun.bridge.checkpoint_import_contents import (
    CheckpointContents,
    CheckpointVariable,
    read_contents,
)
from kerasrun.bridge.checkpoint_import_kinds import Shape
from kerasrun.bridge.checkpoint_import_mapping import NONE, MappingError, mapped_by_hand
from kerasrun.bridge.checkpoint_import_pairing import Reasoned, candidates, paired
from kerasrun.bridge.eager import eagerly
from kerasrun.bridge.variable_names import model_variables

_SEED = "seed_generator_state"


@dataclass(frozen=True)
class Pair:
    """A weight and where its value comes from.

    Attributes:
        new: The weight's name, as in our checkpoints: `dense/kernel`.
        old: The variable's name in the checkpoint.
        shape: Of both.
        why: What makes them a pair.
        average: Whether the value is the variable's moving average.
    """

    new: str
    old: str
    shape: Shape
    why: str
    average: bool = False


@dataclass(frozen=True)
class Unmapped:
    """A weight that keeps its initial value.

    Attributes:
        new: Its name.
        shape: Its shape.
        candidates: Variables of the checkpoint, several or none, that could be meant.
        other_shape: The shape that a variable of the same name has, where it is another one.
        near: The most similar name that is left in the checkpoint, or None.
        near_shape: The shape of that.
        by_hand: Whether the mapping wants it so.
    """

    new: str
    shape: Shape
    candidates: tuple[str, ...] = ()
    other_shape: Shape | None = None
    near: str | None = None
    near_shape: Shape | None = None
    by_hand: bool = False


@dataclass(frozen=True)
class ImportReport:
    """What came from where.

    Attributes:
        checkpoint: The checkpoint's prefix.
        step: Its `global_step`, or None.
        pairs: In the order of the model's weights.
        unmapped: Weights of the model without a value in the checkpoint.
        left: Weights in the checkpoint that the model has no use for.
        not_finite: Weights whose value holds a NaN or an infinity.
    """

    checkpoint: str
    step: int | None
    pairs: tuple[Pair, ...]
    unmapped: tuple[Unmapped, ...]
    left: tuple[CheckpointVariable, ...]
    not_finite: tuple[str, ...] = ()

    @property
    def missing(self) -> list[Unmapped]:
        """Those unmapped that nobody has left out."""
        return [one for one in self.unmapped if not one.by_hand]


@eagerly
def import_checkpoint(
    model: keras.Model,
    checkpoint: str | os.PathLike[str],
    mapping: Mapping[str, str] | None = None,
    *,
    averages: bool = False,
    partial: bool = False,
) -> ImportReport:
    """Gives a Keras model the weights of a checkpoint that `tf.estimator` or `tf.keras` wrote.

    Args:
        model: A built model; its optimizer is left as it is.
        checkpoint: A checkpoint's prefix, a folder of checkpoints (its newest is taken) or a
            SavedModel.
        mapping: What is not to be found by name and shape: names of weights, as `model_weights`
            lists them, to names in the checkpoint, or to `-` for a weight that keeps its initial
            value. `*` stands for the same text on both sides.
        averages: Takes the moving averages (`…/ExponentialMovingAverage`) of variables that have
            one.
        partial: Whether weights may keep their initial values without being named.

    Returns:
        The pairs, and what is left on both sides.

    Raises:
        TypeError: `model` is no Keras model.
        ValueError: The model is not built; there is no checkpoint, or it is damaged; a pair of
            the mapping does not fit; weights are left and `partial` is False. No weight has been
            changed then.
    """
    contents = read_contents(checkpoint)
    report = plan_import(model, contents, mapping, averages=averages)
    if (why := reason_against(report, partial=partial)) is not None:
        hint = "" if partial else ", or give partial=True: then they keep their initial values"
        raise ValueError(f"{why} Decide with mapping={{...}}{hint}.")
    return take_values(model, contents, report)


def model_weights(model: keras.Model) -> dict[str, tf.Variable]:
    """The weights of a built model by the names that a mapping knows them by.

    Raises:
        TypeError: It is no Keras model.
        ValueError: It is not built.
    """
    if not isinstance(model, keras.Model):
        raise TypeError(f"model must be a keras.Model; received {model!r}.")
    if not model.built:
        raise ValueError(
            f"The model {model.name!r} is not built: its weights have no shapes yet. Give it a "
            "keras.Input, or call it once."
        )
    found = model_variables(model)
    return {name: value for name, value in found.items() if _SEED not in name}


def plan_import(
    model: keras.Model,
    contents: CheckpointContents,
    mapping: Mapping[str, str] | None = None,
    *,
    averages: bool = False,
) -> ImportReport:
    """Finds what belongs together, and changes nothing; see `import_checkpoint`."""
    new = {name: _shape(variable) for name, variable in model_weights(model).items()}
    saved, averaged = contents.weights(), contents.averages() if averages else {}
    if averages and not averaged:
        raise MappingError(
            f"the checkpoint {contents.path} holds no moving averages: no name in it ends in "
            "/ExponentialMovingAverage"
        )
    old = {name: one.shape for name, one in saved.items()}
    everything = {one.name: one.shape for one in contents.variables}
    by_hand = mapped_by_hand(mapping or {}, new, everything)
    left_new = {name: shape for name, shape in new.items() if name not in by_hand}
    left_old = {name: shape for name, shape in old.items() if name not in by_hand.values()}
    known = {one: other for one, other in by_hand.items() if other != NONE}
    found = paired(left_new, left_old, known)
    found |= {one: Reasoned(other, "by hand") for one, other in known.items()}
    used = {reasoned.old for reasoned in found.values()}
    left = {name: shape for name, shape in old.items() if name not in used}
    pairs = [
        Pair(name, found[name].old, shape, found[name].why, found[name].old in averaged)
        for name, shape in new.items()
        if name in found
    ]
    unmapped = [
        _unmapped(name, shape, left, old, name in by_hand)
        for name, shape in new.items()
        if name not in found
    ]
    remaining = tuple(saved[name] for name in left)
    return ImportReport(contents.path, contents.step, tuple(pairs), tuple(unmapped), remaining)


def take_values(
    model: keras.Model, contents: CheckpointContents, report: ImportReport
) -> ImportReport:
    """Assigns the pairs of a report, all or none; returns it with what is not finite.

    Raises:
        ValueError: The checkpoint is damaged, or holds whole numbers where the model does not.
    """
    averages = contents.averages()
    names = {p.new: averages[p.old].name if p.average else p.old for p in report.pairs}
    held = contents.values(list(dict.fromkeys(names.values())))
    variables = model_weights(model)
    values = {new: _as(variables[new], held[name], new, name) for new, name in names.items()}
    for name, value in values.items():
        variables[name].assign(value)
    wrong = [name for name, value in values.items() if not _is_finite(value)]
    return ImportReport(**{**vars(report), "not_finite": tuple(wrong)})


def reason_against(report: ImportReport, *, partial: bool) -> str | None:
    """Why the weights should not be taken over: some or all are missing; None: they may be.

    Returns:
        A sentence that tells of each missing weight what could be meant.
    """
    missing = report.missing
    if partial or not missing:
        nothing = f"No weight of the model has a value in {report.checkpoint}."
        return None if report.pairs else nothing
    told = [_told(one) for one in missing[:5]]
    if len(missing) > len(told):
        told.append(f"and {len(missing) - len(told)} more")
    count = "1 weight has" if len(missing) == 1 else f"{len(missing)} weights have"
    return f"{count} no value in {report.checkpoint}: {'; '.join(told)}."


def _told(one: Unmapped) -> str:
    text = f"{one.new} {list(one.shape)}"
    if one.other_shape is not None:
        return f"{text} is {list(one.other_shape)} in the checkpoint"
    if one.candidates:
        shown = ", ".join(one.candidates[:4]) + (", …" if len(one.candidates) > 4 else "")
        return f"{text} could be {shown}"
    if one.near is None or one.near_shape is None:
        return text
    return f"{text} (the most similar name left is {one.near} {list(one.near_shape)})"


def _unmapped(
    name: str, shape: Shape, left: Mapping[str, Shape], old: Mapping[str, Shape], by_hand: bool
) -> Unmapped:
    near = difflib.get_close_matches(name, list(left), n=1, cutoff=0.4)
    other = old.get(name)
    return Unmapped(
        name,
        shape,
        tuple(candidates(name, shape, left)),
        None if other == shape else other,
        near[0] if near else None,
        left[near[0]] if near else None,
        by_hand,
    )


def _shape(variable: tf.Variable) -> Shape:
    """Of the value, where the variable may take any."""
    shape = variable.shape if variable.shape.is_fully_defined() else variable.read_value().shape
    return tuple(shape.as_list())


def _as(variable: tf.Variable, value: Any, new: str, old: str) -> Any:
    """The value in the variable's own dtype: numbers may change their width, not their sort."""
    wanted = tf.as_dtype(variable.dtype)
    given = tf.as_dtype(value.dtype)
    if wanted == given:
        return value
    if not (wanted.is_floating and given.is_floating):
        raise MappingError(f"{new} is {wanted.name} in the model and {old} is {given.name}")
    return value.astype(wanted.as_numpy_dtype)


def _is_finite(value: Any) -> bool:
    whole = np.issubdtype(np.asarray(value).dtype, np.integer) or value.dtype == bool
    return bool(whole or np.isfinite(np.asarray(value, np.float64)).all())
