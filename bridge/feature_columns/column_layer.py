"""A layer of feature columns: how it is set up, built, saved and loaded."""

from collections.abc import Callable
from typing import Any, Self

import keras

from kerasrun.bridge.feature_columns.column_set import ColumnSet
from kerasrun.bridge.feature_columns.config import columns_from, config_of
from kerasrun.bridge.feature_columns.features import with_tensors


class ColumnLayer:
    """To be mixed into a `keras.Layer` or `keras.Model`, before it among the bases."""

    takes_features_by_key = True

    def _set_up(self, feature_columns: Any, check: Callable[[list[Any]], None]) -> None:
        """To be called when Keras's own constructor has been."""
        layer: Any = self
        layer._convert_input_args = False  # strings and sparse features stay what they are
        layer._allow_non_tensor_positional_args = True
        layer.supports_jit = False  # lookups of strings
        self.lookup_tables: list[Any] = []
        self._columns = ColumnSet(layer, feature_columns, check)

    def __call__(self, features: Any, *args: Any, **kwargs: Any) -> Any:
        """Calls the layer; features may be arrays, tensors, or some of them this and some that."""
        call: Callable[..., Any] = super().__call__  # type: ignore[misc]
        return call(with_tensors(features), *args, **kwargs)

    @property
    def feature_columns(self) -> list[Any]:
        """The columns in the order of their names, which is that of their values."""
        return list(self._columns.declared)

    def build(self, input_shape: Any = None) -> None:
        """Makes the weights of the columns; the shape of the input does not matter."""
        self._columns.build()

    def get_config(self) -> dict[str, Any]:
        """The settings, as `from_config` takes them.

        Raises:
            ValueError: A column's `normalizer_fn` has no name to be found by.
        """
        config: dict[str, Any] = keras.Layer.get_config(self)
        return {**config, "feature_columns": config_of(self._columns.declared)}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        """Makes a layer of what `get_config` returned.

        Args:
            config: The settings.
            custom_objects: Functions and classes by name that columns need.

        Raises:
            ValueError: A function or class that a column needs is not known.
        """
        columns = columns_from(config["feature_columns"], custom_objects)
        return cls(**{**config, "feature_columns": columns})

    def get_build_config(self) -> dict[str, Any]:
        """The shape that the layer was built with: none."""
        return {"input_shape": None}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Builds the layer, whose weights are about to be loaded."""
        with self._columns.loading():
            self.build()

    def save_assets(self, dir_path: str) -> None:
        """Copies vocabulary files into a `.keras` file that is being written."""
        self._columns.save_files(dir_path)

    def load_assets(self, dir_path: str) -> None:
        """Takes vocabularies from a `.keras` file that is being read."""
        self._columns.load_files(dir_path)
