"""What the layers of feature columns have in common: columns, their state, their features."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.feature_column import feature_column_v2 as fc

from kerasrun.bridge.feature_columns.columns import listed, scope_name
from kerasrun.bridge.feature_columns.features import check_keys, chosen, wanted_by
from kerasrun.bridge.feature_columns.state import LayerState
from kerasrun.bridge.feature_columns.transfer import without_checkpoint
from kerasrun.bridge.feature_columns.vocabulary_files import copy_files, with_files_of


class ColumnSet:
    """The feature columns of one layer.

    Args:
        layer: The layer, whose weights and tables those of the columns become.
        feature_columns: As the user gave them.
        check: Raises an error for columns that the layer cannot take.

    Attributes:
        declared: The columns in the order of their names.
        evaluated: The same, those that start from a checkpoint with its values.
        state: Their weights and tables.
    """

    def __init__(
        self, layer: keras.Layer, feature_columns: Any, check: Callable[[list[Any]], None]
    ) -> None:
        self._layer = layer
        self.declared = listed(feature_columns)
        check(self.declared)
        self.evaluated = self.declared
        self.state = LayerState(layer)
        self._wanted = wanted_by(self.declared)
        self._is_loading = False

    def build(self, more_state: Callable[[Any], None] | None = None) -> None:
        """Makes the weights, a name scope for each column.

        Args:
            more_state: Makes weights that a layer adds to those of a column.
        """
        self.evaluated = [
            without_checkpoint(column, may_be_missing=self._is_loading) for column in self.declared
        ]
        for column in self.evaluated:
            with keras.name_scope(scope_name(column)):
                column.create_state(self.state)
                if more_state is not None:
                    more_state(column)

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Within it the weights are made only to be overwritten from a file."""
        self._is_loading = True
        try:
            yield
        finally:
            self._is_loading = False

    def save_files(self, folder: str) -> None:
        """Copies vocabulary files into a folder."""
        copy_files(self.evaluated, folder)

    def load_files(self, folder: str) -> None:
        """Reads vocabularies from what `save_files` copied, not from where they were once."""
        self.evaluated = with_files_of(self.evaluated, folder, self._layer)

    def check_keys(self, features: Any) -> None:
        """Raises a ValueError where a feature that a column reads has no key."""
        if isinstance(features, dict):
            check_keys(features, self._wanted, self._title)

    def transformed(self, features: Any) -> Any:
        """The columns' cache of transformed features.

        Args:
            features: As the layer was called with them.

        Raises:
            TypeError: `features` is no dict, or a feature's dtype is not what its column reads.
            ValueError: A feature is missing, or its shape is wrong.
        """
        return fc.FeatureTransformationCache(chosen(features, self._wanted, self._title))

    @property
    def _title(self) -> str:
        return f"{type(self._layer).__name__} {self._layer.name!r}"


def evaluated(function: Callable[..., Any], cache: Any, state: Any, training: Any) -> Any:
    """Calls a column's function; columns of the user's own may ask whether this is training."""
    if "training" in inspect.signature(function).parameters:
        return function(cache, state, training=training)
    return function(cache, state)


def width(columns: Iterable[Any]) -> int:
    """How many numbers columns give for an example or, of sequences, for a step."""
    return sum(column.variable_shape.num_elements() for column in columns)


def batch_size(features: Any) -> Any:
    """The first size among features' shapes, or among shapes; None where it is not known."""
    values = features.values() if isinstance(features, dict) else [features]
    shapes = [tf.TensorShape(getattr(one, "shape", one)) for one in values]
    return next((one[0] for one in shapes if one.rank and one[0] is not None), None)
