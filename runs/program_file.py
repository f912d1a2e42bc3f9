"""The file that `mlrun exec` is to run: named as a path, or as a module by `-m`."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from kerasrun.runs.errors import UsageError, did_you_mean


@dataclass(frozen=True)
class ProgramFile:
    """What is run.

    Attributes:
        file: The absolute path of the Python file.
        path: As it was named, where it was named so; else None.
        module: Its name, where it was named so; else None.
        folder: Where the imports of its own modules begin.
        arguments: What comes after it; all of it is the program's.
    """

    file: Path
    path: str | None
    module: str | None
    folder: Path
    arguments: tuple[str, ...]


def program_file(words: Sequence[str], cwd: Path) -> ProgramFile:
    """Reads `program.py ARGS…` or `-m package.module ARGS…`.

    Args:
        words: The command line from the program on.
        cwd: Where it was given.

    Raises:
        UsageError: No program is named, or there is no such file or module.
    """
    if not words:
        raise UsageError("what shall be run? Name a program: mlrun exec program.py ARGS…")
    first, *rest = words
    if first == "-m":
        if not rest:
            raise UsageError("-m: expected the name of a module, such as trainer.task")
        return _module(rest[0], tuple(rest[1:]), cwd)
    if first.startswith("-"):
        raise UsageError(
            f"there is no option {first.partition('=')[0]}; those of the program come after its "
            "path: mlrun exec [OPTIONS] program.py ARGS…"
        )
    file = _existing(first, cwd)
    return ProgramFile(file, str(Path(first).expanduser()), None, file.parent, tuple(rest))


def _existing(text: str, cwd: Path) -> Path:
    path = (cwd / Path(text).expanduser()).resolve()
    if path.is_file():
        return path
    if path.is_dir():
        raise UsageError(f"{text} is a folder, expected a Python file")
    beside = [item.name for item in path.parent.glob("*.py")] if path.parent.is_dir() else []
    raise UsageError(f"there is no program {text}.{did_you_mean(path.name, beside)}")


def _module(name: str, arguments: tuple[str, ...], cwd: Path) -> ProgramFile:
    """Found as `python -m` finds it, but without importing its packages."""
    spec, depth = _spec(name, cwd), name.count(".")
    if spec is not None and spec.submodule_search_locations is not None:
        spec, depth = _spec(f"{name}.__main__", cwd), depth + 1
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise UsageError(
            f"-m {name}: there is no such module in {cwd}, nor among the installed ones"
        )
    file = Path(spec.origin).resolve()
    # Of an installed package not all that it imports is the user's own.
    folder = file.parents[depth] if file.is_relative_to(cwd) else file.parent
    return ProgramFile(file, None, name, folder, arguments)


def _spec(name: str, cwd: Path) -> ModuleSpec | None:
    path: Sequence[str] = [str(cwd), *sys.path]
    spec: ModuleSpec | None = None
    parts = name.split(".")
    for place in range(len(parts)):
        spec = PathFinder.find_spec(".".join(parts[: place + 1]), path)
        if spec is None:
            return None
        path = list(spec.submodule_search_locations or [])
    return spec
