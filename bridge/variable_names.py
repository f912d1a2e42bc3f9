"""Names of a Keras model's variables that do not depend on what else the process has built.

Keras numbers what it names by itself (`dense_7`), process-wide; a second model, or the same one in
a second process, gets other numbers. Here they are counted anew within each model, in order, and
the model's own name is left out: `iris/kernel`, `dense/kernel`, `dense_1/kernel`,
`optimizer/iris/kernel/momentum`. These are the names in a checkpoint.
"""

import re
from collections.abc import Iterable

import keras
import tensorflow as tf

from kerasrun.bridge.untracked_state import further_optimizers, own_variables

_NUMBERED = re.compile(r"(?P<base>.*?)(_(?P<number>\d+))?")
# Made by Keras inside layers, and numbered like them.
_INNER_BASES = {"seed_generator", "variable"}


class VariableNames:
    """Gives out names within one model, each once.

    Args:
        model: A built model; its layers tell which parts of a path were numbered by Keras.
    """

    def __init__(self, model: keras.Model) -> None:
        self._model_name = model.name
        self._bases = _automatic_bases(model)
        self._renumbered: dict[tuple[str, str], str] = {}
        self._counts: dict[tuple[str, str], int] = {}
        self._taken: set[str] = set()

    def name(self, path: str) -> str:
        """Returns the name of the variable with the Keras path `path`."""
        parts = path.split("/")
        if len(parts) > 1 and parts[0] == self._model_name:
            parts = parts[1:]
        done: list[str] = []
        for part in parts:
            done.append(self._renumber("/".join(done), part))
        return self.unique("/".join(done))

    def unique(self, name: str) -> str:
        """Returns `name`, with a number behind it where it is taken."""
        candidate, number = name, 0
        while candidate in self._taken:
            number += 1
            candidate = f"{name}_{number}"
        self._taken.add(candidate)
        return candidate

    def _renumber(self, parent: str, part: str) -> str:
        if (known := self._renumbered.get((parent, part))) is not None:
            return known
        match = _NUMBERED.fullmatch(part)
        if match is None or match["base"] not in self._bases:
            return part
        count = self._counts.get((parent, match["base"]), 0)
        self._counts[parent, match["base"]] = count + 1
        renamed = match["base"] if count == 0 else f"{match['base']}_{count}"
        self._renumbered[parent, part] = renamed
        return renamed


def model_variables(model: keras.Model) -> dict[str, tf.Variable]:
    """All state of a built model by name: weights, statistics, states of seed generators."""
    names = VariableNames(model)
    found = {names.name(v.path): v.value for v in _once(model.variables)}
    return found | {names.name(path): v for path, v in own_variables(model)}


def trainable_variables(model: keras.Model) -> dict[str, tf.Variable]:
    """Those of `model_variables` that are trained."""
    trained = {id(v.value) for v in model.trainable_variables}
    return {name: value for name, value in model_variables(model).items() if id(value) in trained}


def optimizer_variables(
    model: keras.Model, optimizer: keras.optimizers.Optimizer
) -> dict[str, tf.Variable]:
    """All state of a built optimizer by name: `optimizer/<variable>/<slot>`."""
    names = VariableNames(model)
    references = {v.path.replace("/", "_"): names.name(v.path) for v in _once(model.variables)}
    slots = VariableNames(model)
    named = {}
    for variable in optimizer.variables:
        tail = variable.path.split("/", 1)[-1]
        named[slots.unique(f"optimizer/{_slot_name(tail, references)}")] = variable.value
    for name, further in further_optimizers(model, optimizer):
        for variable in further.variables:
            tail = variable.path.split("/", 1)[-1]
            slot = f"optimizer/{name}/{_slot_name(tail, references)}"
            named[slots.unique(slot)] = variable.value
    return named


def _slot_name(tail: str, references: dict[str, str]) -> str:
    """`sequential_iris_kernel_momentum` -> `iris/kernel/momentum`."""
    starts = [path for path in references if tail.startswith(f"{path}_")]
    if not starts:
        return tail
    longest = max(starts, key=len)
    return f"{references[longest]}/{tail[len(longest) + 1 :]}"


def _once(variables: Iterable[keras.Variable]) -> list[keras.Variable]:
    return list({id(v): v for v in variables}.values())


def _automatic_bases(model: keras.Model) -> set[str]:
    """The names that Keras numbers in this model: its layers' class names, in snake case."""
    layers = model._flatten_layers(include_self=True, recursive=True)
    bases = {_snake_case(type(layer).__name__) for layer in layers} | _INNER_BASES
    return bases | {f"{way}_{base}" for way in ("forward", "backward") for base in bases}


def _snake_case(name: str) -> str:
    """As Keras does it: `BatchNormalization` -> `batch_normalization`, `Conv2D` -> `conv2d`."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
