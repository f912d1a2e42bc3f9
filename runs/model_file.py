"""The user's model file: an ordinary Python file, loaded so that its mistakes read well."""

import functools
import importlib.util
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from kerasrun.runs.errors import ModelFileError, did_you_mean
from kerasrun.runs.outcome import describe


def split_name(text: str) -> tuple[str, str | None]:
    """`FILE:name` to its parts; a file whose own name has a colon is left whole.

    >>> split_name("nets/iris.py:small"), split_name("nets/iris.py")
    (('nets/iris.py', 'small'), ('nets/iris.py', None))
    """
    file, colon, name = text.rpartition(":")
    if colon and name.isidentifier() and not Path(text).exists():
        return file, name
    return text, None


def existing_model_file(text: str, cwd: Path) -> Path:
    """The absolute path of the file that `text` names.

    Raises:
        ModelFileError: There is none; one that is named nearly so is suggested.
    """
    path = (cwd / Path(text).expanduser()).resolve()
    if path.is_file():
        return path
    if path.is_dir():
        raise ModelFileError(f"--model {text} is a folder, expected a Python file")
    beside = [item.name for item in path.parent.glob("*.py")] if path.parent.is_dir() else []
    raise ModelFileError(f"no model file {text}.{did_you_mean(path.name, beside)}")


class ModelFile:
    """A model file that has been run.

    Args:
        module: What running it gave.
        path: The file that was read.
        name: What it is called in messages.
    """

    def __init__(self, module: ModuleType, path: Path, name: str) -> None:
        self.module = module
        self.path = path
        self.name = name

    def get(self, name: str) -> Any:
        """The public thing called `name`, or None when the file does not define it."""
        return getattr(self.module, name, None)

    def asked(self, name: str) -> Any:
        """The thing called `name`, which the user asked for by `FILE:name`.

        Raises:
            ModelFileError: The file does not define it.
        """
        if not hasattr(self.module, name):
            known = [key for key in vars(self.module) if not key.startswith("_")]
            raise ModelFileError(f"{self.name} defines no {name!r}.{did_you_mean(name, known)}")
        return getattr(self.module, name)

    def function(self, name: str) -> Callable[..., Any] | None:
        """The function called `name`, or None.

        Its mistakes come out as a ModelFileError that says where in the file they are.

        Raises:
            ModelFileError: There is such a name, but it cannot be called.
        """
        found = self.get(name)
        if found is None:
            return None
        if not callable(found):
            raise ModelFileError(
                f"{self.name}: {name} is {_kind(found)}, expected a function (def {name}(): ...)"
            )
        return self.guarded(found)

    def guarded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, whose errors say where in the file they are."""

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except Exception as error:
                raise located(error, self.path, self.name) from error

        return call


def load_model_file(path: Path, believed_path: Path | None = None) -> ModelFile:
    """Runs a model file.

    Its folder comes last on `sys.path`, for the modules beside it; before it that of `path`, where
    this is a copy with copies beside it. It is registered under its own name, so that what it
    defines can be pickled, unless that name means another module.

    Args:
        path: What to read.
        believed_path: What `__file__` is; `path` when None.

    Raises:
        ModelFileError: It cannot be read, is no Python, or raises.
    """
    original = believed_path or path
    name = _module_name(original.stem, original)
    for folder in (str(path.parent), str(original.parent)):
        if folder not in sys.path:
            sys.path.append(folder)
    spec = importlib.util.spec_from_file_location(name, original)
    assert spec is not None, original
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        exec(compile(path.read_bytes(), path, "exec"), module.__dict__)
    except (Exception, SystemExit) as error:
        sys.modules.pop(name, None)
        raise located(error, path, original.name) from error
    return ModelFile(module, path, original.name)


def located(error: BaseException, path: Path, name: str) -> ModelFileError:
    """One line for an error: the file, the line in it, the error."""
    if isinstance(error, ModelFileError):
        return error
    line = _line_of(error, path)
    where = f"{name}, line {line}" if line else name
    if isinstance(error, SyntaxError) and error.filename == str(path):
        what = f"{type(error).__name__}: {error.msg}"
    elif isinstance(error, SystemExit):
        what = f"it ended the program by sys.exit({error.code!r})"
    else:
        what = _with_type(error)
    detail = "".join(traceback.format_exception(error))
    return ModelFileError(f"{where}: {what}", detail=detail)


def _with_type(error: BaseException) -> str:
    text, name = describe(error), type(error).__name__
    return text if text.startswith(name) else f"{name}: {text}"


def _line_of(error: BaseException, path: Path) -> int | None:
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    return lines[-1] if lines else None


def _module_name(stem: str, path: Path) -> str:
    taken = stem in sys.modules or _found_elsewhere(stem, path)
    return f"kerasrun_model_file_{stem}" if taken else stem


def _found_elsewhere(stem: str, path: Path) -> bool:
    if "." in stem:
        return False
    try:
        spec = importlib.util.find_spec(stem)
    except (ImportError, ValueError):
        return True
    return spec is not None and spec.origin != str(path)


def _kind(value: Any) -> str:
    return f"a {type(value).__name__}"
