"""Asks the model `affine` of a store."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kerasrun.exporters.serving.errors import ServingError
from kerasrun.exporters.serving.servable import Servable
from kerasrun.exporters.serving.store import ModelStore

Put = Callable[[Path, str], Path]
X = np.array([[1, 2]], np.float32)


def answer(servable: Servable) -> float:
    return float(servable.run("", {"x": X})["y"][0])


def ask(store: ModelStore, version: int | None = None, label: str | None = None) -> float:
    with store.use("affine", version, label) as servable:
        return answer(servable)


def states(store: ModelStore) -> dict[int, str]:
    return {each.version: each.state.name for each in store.status("affine")}


def refused(store: ModelStore, version: int | None = None, label: str | None = None) -> str:
    with pytest.raises(ServingError) as caught:
        ask(store, version, label)
    return f"{caught.value.code}: {caught.value.message}"
