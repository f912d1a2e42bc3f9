"""Feature columns in a graph of TensorFlow 1: their variables, and the checks on what is given."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.feature_columns.shared_embeddings import of_any_mode
from kerasrun.bridge.suggest import did_you_mean

_FeatureColumns = tf.__internal__.feature_column
_NO_SCOPE_NAME = re.compile(r"[^A-Za-z0-9_.\-]")


class ColumnVariables(tf.__internal__.feature_column.StateManager):
    """Where feature columns make their variables, in the variable scope that is open.

    Args:
        shared_scope: The variable scope of embeddings that columns share.
    """

    def __init__(self, shared_scope: Any = None) -> None:
        self._shared_scope = shared_scope
        self._variables: dict[tuple[Any, str], Any] = {}
        self._resources: dict[tuple[Any, str], Any] = {}

    def create_variable(
        self,
        feature_column: Any,
        name: str,
        shape: Sequence[int],
        dtype: Any = None,
        trainable: bool = True,
        use_resource: bool = True,
        initializer: Any = None,
    ) -> Any:
        """Makes a variable of a column; see `StateManager`."""
        made = v1.get_variable(
            name,
            shape=shape,
            dtype=dtype or tf.float32,
            initializer=initializer,
            trainable=trainable,
            use_resource=use_resource,
        )
        self._variables[feature_column, name] = made
        return made

    def get_variable(self, feature_column: Any, name: str) -> Any:
        """A variable that was made before."""
        return self._variables[feature_column, name]

    def create_shared_variable(self, collection_name: str, name: str, **settings: Any) -> None:
        """Makes the table that the columns of a collection share, unless it is there.

        Args:
            collection_name: Name of the collection, and of the table.
            name: What a column calls it.
            **settings: As `create_variable` takes them.
        """
        if (collection_name, name) not in self._variables:
            with v1.variable_scope(self._shared_scope, auxiliary_name_scope=False):
                made = self.create_variable(None, collection_name, **settings)
            self._variables[collection_name, name] = made

    def get_shared_variable(self, collection_name: str, name: str) -> Any:
        """A table that was made before."""
        return self._variables[collection_name, name]

    def add_resource(self, feature_column: Any, name: str, resource: Any) -> None:
        """Keeps a lookup table of a column."""
        self._resources[feature_column, name] = resource

    def has_resource(self, feature_column: Any, name: str) -> bool:
        """Whether there is such a table."""
        return (feature_column, name) in self._resources

    def get_resource(self, feature_column: Any, name: str) -> Any:
        """A table that was kept."""
        return self._resources[feature_column, name]


def sorted_columns(feature_columns: Any, argument: str) -> list[Any]:
    """The columns in the order of their names, which is that of their outputs.

    Raises:
        ValueError: There is none, two have the same name, or one is no feature column.
    """
    if isinstance(feature_columns, tf.__internal__.feature_column.DenseColumn):
        feature_columns = [feature_columns]
    columns = [of_any_mode(column) for column in feature_columns or ()]
    if not columns or isinstance(feature_columns, Mapping):
        raise ValueError(
            f"{argument} must be a list of feature columns; received {feature_columns!r}."
        )
    for column in columns:
        if not hasattr(column, "parse_example_spec"):
            raise ValueError(
                f"{argument} must hold feature columns, such as tf.feature_column.numeric_column "
                f"makes them; found {column!r}."
            )
    names = [column.name for column in columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{argument}: two columns have the name {twice[0]!r}.")
    return sorted(columns, key=lambda column: column.name)


def checked_features(features: Any, columns: Iterable[Any]) -> dict[str, Any]:
    """The features, a dict in which the columns find what they read.

    Raises:
        ValueError: They are no dict, or one is missing.
    """
    if not isinstance(features, Mapping):
        raise ValueError(
            f"features must be a dict of name to tensor, for the feature columns; received "
            f"{features!r}."
        )
    for column in columns:
        for name in column.parse_example_spec:
            if name not in features:
                raise ValueError(
                    f"The feature {name!r}, which the column {column.name!r} reads, is missing; "
                    f"there are {sorted(features)}.{did_you_mean(name, features)}"
                )
    return dict(features)


def transformations(features: Mapping[str, Any]) -> Any:
    """What columns read features through, each transformed once."""
    return _FeatureColumns.FeatureTransformationCache(features)


def scope_name(column: Any) -> str:
    """The column's name as a variable scope may have it."""
    return _NO_SCOPE_NAME.sub("_", column.name)
