"""The Python files that are looked at, and their syntax trees."""

import ast
import io
import os
import re
import tokenize
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from kerasrun.runs.errors import UsageError

_SKIPPED = {"node_modules", "__pycache__", "site-packages", "venv"}
_LARGEST = 4_000_000  # bytes; longer ones are data in the form of a program
_STATEMENTS_2 = re.compile(
    r"^[ \t]*(?:print(?:[ \t]+[\w%]|[ \t]*[\"'])|exec[ \t]+[\"'\w]|raise[ \t]+[\w.]+[ \t]*,"
    r"|except[ \t]+[\w.]+[ \t]*,[ \t]*\w+[ \t]*:)",
    re.MULTILINE,
)
_LITERALS_2 = re.compile(r"<>|`[^`]+`|\b0[0-7]+\b|\bur[\"']|\d[lL]\b")
_TOLD_OF = ("tensorflow", "export_savedmodel")
_PYTHON_2_WORDS = ("Missing parentheses in call", "multiple exception types", "leading zeros")


class UnreadableProgram(Exception):
    """A file that is no Python program of today; the message says why, on one line."""


def python_files(paths: Iterable[str]) -> Iterator[Path]:
    """The files named, and those below the folders named, each once.

    Hidden folders, virtual environments, `node_modules` and `site-packages` are passed over.

    Raises:
        UsageError: There is no such file or folder, or a file is no `*.py`.
    """
    seen = set()
    for text in paths:
        if not text:
            raise UsageError("'': no such file or folder")
        for path in _below(Path(text)):
            real = os.path.realpath(path)
            if real not in seen:
                seen.add(real)
                yield path


def _below(path: Path) -> Iterator[Path]:
    if path.is_dir():
        for folder, folders, files in os.walk(path):
            folders[:] = sorted(name for name in folders if _is_looked_into(folder, name))
            files = sorted(name for name in files if name.endswith(".py"))
            yield from filter(Path.is_file, (Path(folder, name) for name in files))
    elif not path.exists():
        raise UsageError(f"{path}: no such file or folder")
    elif path.suffix != ".py" or not path.is_file():
        raise UsageError(f"{path}: expected a Python program (*.py) or a folder of them")
    else:
        yield path


def _is_looked_into(folder: str, name: str) -> bool:
    if name.startswith(".") or name in _SKIPPED:
        return False
    return not os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))


def read_program(path: Path) -> tuple[ast.Module, list[str]]:
    """The syntax tree of a program, and its lines.

    A file that does not speak of TensorFlow, nor seems to be Python 2, is not parsed: its tree is
    empty.

    Raises:
        UnreadableProgram: It cannot be read, is too large, or is not in Python 3.
    """
    text = _text(path)
    lines = text.split("\n")
    if not any(word in text for word in _TOLD_OF) and not _STATEMENTS_2.search(text):
        return ast.Module([], []), lines
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes such as "\d", which are not our subject
            return ast.parse(text), lines
    except SyntaxError as error:
        raise UnreadableProgram(_what_is_wrong(error, lines)) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise UnreadableProgram(f"cannot be parsed: {error}") from error


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise UnreadableProgram(f"is larger than {_LARGEST // 1_000_000} MB")
        data = path.read_bytes()
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except OSError as error:
        raise UnreadableProgram(f"cannot be read: {error.strerror or error}") from error
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        raise UnreadableProgram(f"is not in the encoding it should be: {error}") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _what_is_wrong(error: SyntaxError, lines: list[str]) -> str:
    number = error.lineno or 1
    line = lines[number - 1] if number <= len(lines) else ""
    old = _STATEMENTS_2.search(line) or _LITERALS_2.search(line)
    if old or any(word in error.msg for word in _PYTHON_2_WORDS):
        return f"line {number} is Python 2: convert the program to Python 3 first"
    return f"line {number} is no Python: {error.msg}"
