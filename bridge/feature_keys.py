"""How features and labels find a Keras model's inputs and outputs by name.

A functional model is asked by the names of its `keras.Input`s (or the keys of its dict inputs). A
Sequential by `<name of its first layer>_input`, as `tf.keras` named that input; a name that the
user gave to its `Input` comes first and both serve. A subclassed model takes what it is given, as
does a Sequential that begins with feature columns.
"""

import difflib
import logging
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from kerasrun.bridge.suggest import did_you_mean

_LOGGER = logging.getLogger("tensorflow")
_AUTOMATIC_NAME = re.compile(r"(keras_tensor|input_layer)(_\d+)?")


class MissingKeyError(KeyError):
    """A feature or label that the model asks for is not among those given.

    As the original's `FormattedKeyError`, its `str()` is the readable text, not a quoted one.

    Attributes:
        kind: `features`, `labels` or `export_outputs`.
        expected: The names that the model asks for, or that are asked of it.
        given: The names that there are.
    """

    def __init__(self, kind: str, expected: Sequence[str], given: Sequence[str]) -> None:
        self.kind, self.expected, self.given = kind, tuple(expected), tuple(given)
        missing = [name for name in expected if name not in given]
        lacking = f"The {kind} lack what the model asks for."
        mend = _renaming(given, missing, expected)
        if kind == "export_outputs":
            lacking = "The model's outputs lack what export_outputs asks for."
            mend = did_you_mean(missing[0], given)
        super().__init__(
            f"{lacking} Expected keys: {_listed(expected)}; given keys: {_listed(given)}; "
            f"missing: {_listed(missing)}.{mend}"
        )

    def __str__(self) -> str:
        return str(self.args[0])


class FeatureKeys:
    """The names of one model's inputs and outputs, and the mapping of data onto them.

    Args:
        model: Any `keras.Model`; it need not be built.
    """

    def __init__(self, model: keras.Model) -> None:
        self._model = model
        self._has_said = False

    @property
    def inputs(self) -> list[str] | None:
        """The canonical feature keys in input order; None if the model takes what it is given."""
        aliases = self._aliases()
        return None if aliases is None else [names[0] for names in aliases]

    @property
    def specs(self) -> dict[str, tf.TensorSpec] | None:
        """Shape and dtype of each input by its key; None if the model does not tell them."""
        names = self.inputs
        if names is None or not self._model.built:
            return None
        structure = None if isinstance(self._model, keras.Sequential) else self._model.input
        tensors = self._model.inputs
        if isinstance(structure, Mapping):
            tensors = [structure[key] for key in _keys_in_order(structure)]
        return {n: tf.TensorSpec(t.shape, t.dtype) for n, t in zip(names, tensors, strict=True)}

    @property
    def outputs(self) -> list[str]:
        """The names of the outputs: the layers', in order; one layer's two are `x` and `x_1`."""
        model = self._model
        if isinstance(model, keras.Sequential):
            return [model.layers[-1].name] if model.layers else [model.name]
        return _numbered(getattr(model, "output_names", None) or [model.name])

    def features(self, features: Any) -> Any:
        """Returns `features` in the structure that the model is called with.

        Args:
            features: A tensor, a tuple or list of tensors in input order, or a dict by name.

        Raises:
            MissingKeyError: A dict lacks a name that the model asks for.
            ValueError: A tuple has not as many tensors as the model has inputs.
        """
        aliases = self._aliases()
        if aliases is None:
            return features
        chosen = _in_order("features", features, aliases)
        if _is_keyed(features):
            self._say_what_is_ignored(features, aliases)
        return self._input_structure(chosen)

    def _say_what_is_ignored(self, features: Mapping[str, Any], aliases: list[list[str]]) -> None:
        """Once for each model: that is enough to notice, and little enough to bear."""
        asked_for = {name for names in aliases for name in names}
        ignored = [key for key in features if key not in asked_for]
        if ignored and not self._has_said:
            _LOGGER.info("Features that the model does not ask for are ignored: %s.", ignored)
            self._has_said = True

    def labels(self, labels: Any) -> Any:
        """Returns `labels` in the structure of the model's outputs.

        Raises:
            MissingKeyError: A dict lacks the name of an output.
            ValueError: A tuple has not as many tensors as the model has outputs.
        """
        if labels is None or not self._has_graph():
            return labels
        aliases = self._output_aliases()
        if len(aliases) == 1:
            return _in_order("labels", labels, aliases)[0] if _is_keyed(labels) else labels
        return self._output_structure(_in_order("labels", labels, aliases))

    def sample_weights(self, weights: Any) -> Any:
        """Returns `weights` in the structure of the model's outputs.

        Args:
            weights: A tensor `[batch]`, which weights every output; a tuple or list of them in the
                order of the outputs; or a dict by output, where one that is absent is not weighted.

        Raises:
            ValueError: A name is that of no output; a tuple has not as many tensors as there are
                outputs.
        """
        if not _is_nested(weights) or not self._has_graph():
            return weights
        aliases = self._output_aliases()
        if _is_keyed(weights):
            _check_known("sample_weights", weights, aliases)
            weights = [next((weights[n] for n in names if n in weights), None) for names in aliases]
        chosen = _in_order("sample_weights", weights, aliases)
        return chosen[0] if len(aliases) == 1 else self._output_structure(chosen)

    def named_outputs(self, outputs: Any) -> dict[str, Any]:
        """Returns what the model answered as a dict: by key if it is one, else by output name."""
        if isinstance(outputs, Mapping):
            return dict(outputs)
        if isinstance(outputs, (list, tuple)):
            names = self.outputs
            if len(names) != len(outputs):
                names = [f"{self._model.name}_{i}" for i in range(len(outputs))]
            return dict(zip(names, outputs, strict=True))
        return {self.outputs[0]: outputs}

    def check_outputs(self, names: Sequence[str]) -> None:
        """Compares names with those of the outputs, where the model tells these.

        Raises:
            MissingKeyError: One is no output of the model.
        """
        if self._has_graph() and any(name not in self._output_keys() for name in names):
            raise MissingKeyError("export_outputs", names, self._output_keys())

    def _output_keys(self) -> list[str]:
        """The names that `named_outputs` gives."""
        structure = getattr(self._model, "output", None) if self._model.built else None
        return list(structure) if isinstance(structure, Mapping) else self.outputs

    def _has_graph(self) -> bool:
        return isinstance(self._model, keras.Sequential) or hasattr(self._model, "output_names")

    def _aliases(self) -> list[list[str]] | None:
        """For each input its names, the canonical one first; None for a subclassed model."""
        model = self._model
        if isinstance(model, keras.Sequential):
            if model.layers and getattr(model.layers[0], "takes_features_by_key", False):
                return None
            return [_sequential_names(model)]
        if not self._has_graph():
            return None
        if isinstance(model.input, Mapping):
            return [[key] for key in _keys_in_order(model.input)]
        return [[tensor.name] for tensor in model.inputs]

    def _output_aliases(self) -> list[list[str]]:
        """For each output its names; those of a dict have their keys beside the layers' names."""
        structure = None if isinstance(self._model, keras.Sequential) else self._model.output
        if isinstance(structure, Mapping) and len(structure) == len(self.outputs):
            pairs = zip(_keys_in_order(structure), self.outputs, strict=True)
            keys = set(structure)
            return [[key, name] if name not in keys else [key] for key, name in pairs]
        return [[name] for name in self.outputs]

    def _output_structure(self, chosen: list[Any]) -> Any:
        return keras.tree.pack_sequence_as(self._model.output, chosen)

    def _input_structure(self, chosen: list[Any]) -> Any:
        model = self._model
        if isinstance(model, keras.Sequential):
            return chosen[0]
        structure = model.input
        if isinstance(structure, Mapping):
            return dict(zip(_keys_in_order(structure), chosen, strict=True))
        return chosen if isinstance(structure, (list, tuple)) else chosen[0]


def _sequential_names(model: keras.Sequential) -> list[str]:
    names = [f"{model.layers[0].name}_input"] if model.layers else []
    try:
        given = model.inputs[0].name
    except (AttributeError, ValueError):  # not built yet
        return names
    if _AUTOMATIC_NAME.fullmatch(given):
        return [*names, given]
    return [given, *names]


def _in_order(kind: str, values: Any, aliases: list[list[str]]) -> list[Any]:
    """Returns the tensors of `values` in the order of `aliases`."""
    if _is_keyed(values):
        keys = [next((n for n in names if n in values), None) for names in aliases]
        if any(key is None for key in keys):
            raise MissingKeyError(kind, [names[0] for names in aliases], list(values))
        return [values[key] for key in keys]
    listed = list(values) if isinstance(values, (list, tuple)) else [values]
    if len(listed) != len(aliases):
        expected = _listed([names[0] for names in aliases])
        raise ValueError(
            f"The model takes {len(aliases)} tensors as {kind} ({expected}); "
            f"{len(listed)} were given without names. Give a dict by name."
        )
    return listed


def _is_keyed(values: Any) -> bool:
    return isinstance(values, Mapping)


def _is_nested(values: Any) -> bool:
    return _is_keyed(values) or isinstance(values, (list, tuple))


def _keys_in_order(structure: Mapping[str, Any]) -> list[str]:
    """The keys in the order in which Keras flattens the dict: that of `model.inputs`."""
    return list(structure) if isinstance(structure, OrderedDict) else sorted(structure)


def _numbered(names: Iterable[str]) -> list[str]:
    """The names, a number behind each that came before: `lstm`, `lstm_1`."""
    done: list[str] = []
    for name in names:
        count, candidate = 0, name
        while candidate in done:
            count += 1
            candidate = f"{name}_{count}"
        done.append(candidate)
    return done


def _check_known(kind: str, values: Mapping[str, Any], aliases: list[list[str]]) -> None:
    known = [name for names in aliases for name in names]
    for name in values:
        if name not in known:
            raise ValueError(
                f"{kind} name {name!r}, which is no output of the model; its outputs are "
                f"{_listed([names[0] for names in aliases])}.{did_you_mean(name, known)}"
            )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names) or "none"


def _renaming(given: Sequence[str], missing: Sequence[str], expected: Sequence[str]) -> str:
    """The likely mend: which of the keys left over is meant for a missing one."""
    for name in missing:
        left_over = [key for key in given if key not in expected]
        nearest = difflib.get_close_matches(name, left_over, n=1, cutoff=0.5)
        if not nearest and len(left_over) == len(missing) == 1:
            nearest = left_over
        if nearest:
            return f" Did you mean {name!r} where {nearest[0]!r} is given?"
    return ""
