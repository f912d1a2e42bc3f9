"""Where the versions of a model are in their lives."""

import enum
from typing import NamedTuple

from kerasrun.exporters.serving.errors import Code


class State(enum.IntEnum):
    """The states, with the numbers of TensorFlow Serving's `ModelVersionStatus.State`."""

    START = 10
    LOADING = 20
    AVAILABLE = 30
    UNLOADING = 40
    END = 50


class VersionStatus(NamedTuple):
    """The state of one version.

    Attributes:
        version: Its number.
        state: Where it is.
        error_code: `OK`, or why it could not be loaded.
        error_message: The same in words; empty when all is well.
    """

    version: int
    state: State
    error_code: Code = "OK"
    error_message: str = ""
