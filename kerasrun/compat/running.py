"""Runs an unchanged program with `tf.estimator` in its place."""

import builtins
import os
import runpy
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from kerasrun.compat import contrib
from kerasrun.compat.installing import install
from kerasrun.compat.written_for import needs_graphs, written_for_v1

_TENSORFLOW = "tensorflow"
_CONTRIB = "tensorflow.contrib"


def run_program(path: str, arguments: Sequence[str] = ()) -> None:
    """Runs a file as `python path arguments…` would.

    Files that use names of TensorFlow 1 as `tf.placeholder` get a `tensorflow` that has them;
    whatever else imports TensorFlow gets it as it is.

    Args:
        path: The file.
        arguments: Its `sys.argv[1:]`.
    """
    sys.argv = [path, *arguments]
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    with _tensorflow_as_written_for():
        runpy.run_path(os.path.abspath(path), run_name="__main__")


def run_module(name: str, arguments: Sequence[str] = ()) -> None:
    """Runs a module as `python -m name arguments…` would, in the present folder.

    Args:
        name: Its dotted name.
        arguments: Its `sys.argv[1:]`.
    """
    sys.argv = [name, *arguments]
    sys.path.insert(0, os.getcwd())
    with _tensorflow_as_written_for():
        runpy.run_module(name, run_name="__main__", alter_sys=True)


@contextmanager
def _tensorflow_as_written_for() -> Iterator[None]:
    """Within it a file of the program that imports TensorFlow gets what it was written for."""
    install()
    original = builtins.__import__
    builtins.__import__ = _Importing(original)
    try:
        yield
    finally:
        builtins.__import__ = original


class _Importing:
    """The `import` statement, with another `tensorflow` for files of TensorFlow 1.

    Args:
        original: The statement as it is.
    """

    def __init__(self, original: Any) -> None:
        self._original = original
        self._v1: ModuleType | None = None

    def __call__(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        """What the statement binds."""
        if level == 0 and (name == _TENSORFLOW or name.startswith(f"{_TENSORFLOW}.")):
            file = (globals or {}).get("__file__")
            if file and written_for_v1(file):
                return self._for_v1(name, globals, locals, fromlist, file)
        return self._original(name, globals, locals, fromlist, level)

    def _for_v1(self, name: str, globals: Any, locals: Any, fromlist: Any, file: str) -> Any:
        whole = self._whole(file)
        if name == _CONTRIB or name.startswith(f"{_CONTRIB}."):
            found = contrib.imported(name[len(_CONTRIB) + 1 :], fromlist or ())
        else:
            found = self._original(name, globals, locals, fromlist, 0)
        return found if fromlist and name != _TENSORFLOW else whole

    def _whole(self, file: str) -> ModuleType:
        if self._v1 is None:
            from kerasrun.compat.tensorflow_v1 import whole

            self._v1 = whole(_TENSORFLOW)
        if needs_graphs(file):
            import tensorflow.compat.v1 as v1

            v1.disable_eager_execution()
        return self._v1
