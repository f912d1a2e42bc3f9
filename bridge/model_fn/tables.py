"""The lookup tables of a graph, as an export takes them along."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1
from tensorflow.python.trackable.resource import CapturableResource

from kerasrun.bridge.model_fn.trace import Trace

_Keys = v1.GraphKeys


def tables_of(trace: Trace) -> list[Any]:
    """Returns what fills the tables of the graph when an export is loaded; nothing without any.

    Vocabulary files become assets.
    """
    noted = trace.graph.get_collection(_Keys.TABLE_INITIALIZERS)
    initializers = [each for each in noted if each is not None]
    if not initializers:
        return []
    files = trace.graph.get_collection(_Keys.ASSET_FILEPATHS)
    paths = [tf.get_static_value(file).item().decode() for file in files]
    return [_Filling(trace.cut(initializers, files, of_batch=False), paths)]


class _Filling(CapturableResource):
    """Fills tables whose operations name them, so that there is no handle to keep.

    Args:
        fill: Takes the paths of the vocabulary files.
        paths: Where these are.
    """

    def __init__(self, fill: Callable[..., Any], paths: list[str]) -> None:
        super().__init__()
        self._fill = fill
        self._assets = [tf.saved_model.Asset(path) for path in paths]
        for number, asset in enumerate(self._assets):
            self._track_trackable(asset, name=f"asset_{number}")

    def _create_resource(self) -> Any:
        return tf.constant(1.0)  # an export wants a handle of everything that is filled

    def _initialize(self) -> Any:
        self._fill(*(asset.asset_path for asset in self._assets))
        return tf.constant(1.0)
