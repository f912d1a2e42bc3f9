"""The verdict on one use of a name: which table it is in, and what is installed."""

from typing import NamedTuple

from kerasrun.runs.errors import did_you_mean
from kerasrun.runs.old_programs.argument_names import DATASET_METHODS, METHODS, argument_verdict
from kerasrun.runs.old_programs.contrib import contrib_verdict
from kerasrun.runs.old_programs.estimator_names import ESTIMATOR
from kerasrun.runs.old_programs.installed import Installed, release
from kerasrun.runs.old_programs.keras_names import KERAS
from kerasrun.runs.old_programs.private_names import private_verdict
from kerasrun.runs.old_programs.uses import Use
from kerasrun.runs.old_programs.v1_names import FEATURE_COLUMNS, GRAPH_MODE, V1
from kerasrun.runs.old_programs.verdict import (
    DIFFERS,
    READY,
    UNSUPPORTED,
    WORKS,
    Verdict,
    edit,
    unsupported,
)

IMPORT_V1 = edit("import tensorflow.compat.v1 as tf")
_OF_BOTH = {**ESTIMATOR, **FEATURE_COLUMNS, **KERAS}
_PRIVATE = ("compiler", "core", "examples", "python", "tools")
_ESTIMATOR_API = ("_api.v1", "_api.v2", "python.estimator.api._v1", "python.estimator.api._v2")

Judged = tuple[str, Verdict]


class Program(NamedTuple):
    """What holds for a whole file.

    Attributes:
        is_plain: Whether it imports TensorFlow, and never `tensorflow.compat.v1`.
        in_graph_mode: Whether it switches eager mode off.
    """

    is_plain: bool
    in_graph_mode: bool

    @classmethod
    def of(cls, uses: list[Use]) -> "Program":
        """What the uses of a file say."""
        names = [use.name for use in uses if not use.method]
        plain = any(name.startswith("tensorflow") for name in names)
        v1 = "tensorflow.compat.v1" in names
        switched = any(name.rpartition(".")[2] in GRAPH_MODE for name in names)
        return cls(plain and not v1, switched)


def judge(use: Use, program: Program, installed: Installed | None) -> Judged | None:
    """The name to show, and the verdict; None where there is nothing to tell.

    Args:
        use: What is used.
        program: What holds for the file.
        installed: What is installed; None if that is not known, which leaves much unsaid.
    """
    judged = _method(use, program) if use.method else _name(use, program, installed)
    if judged and use.guarded and judged[1].kind not in READY:
        return None  # the program has an answer of its own
    return judged


def _method(use: Use, program: Program) -> Judged | None:
    verdict = METHODS.get(use.name)
    if verdict is None and program.is_plain:
        verdict = DATASET_METHODS.get(use.name)
    return (f".{use.name}", verdict) if verdict else None


def _name(use: Use, program: Program, installed: Installed | None) -> Judged | None:
    v1, symbol = _namespace(use.name)
    shown = "tf.compat.v1." if v1 else "tf."
    if use.keyword:
        verdict = argument_verdict(symbol, use.keyword)
        return (f"{shown}{symbol}({use.keyword}=)", verdict) if verdict else None
    if symbol.split(".")[0] == "contrib":
        return f"tf.{symbol}", contrib_verdict(symbol, installed)
    if symbol.split(".")[0] in _PRIVATE:
        private = private_verdict(symbol, installed)
        return (use.name, private) if private else None
    found = _of_estimator(symbol) or _of_v1(symbol, v1, program)
    if not found and installed and symbol:
        found = _of_tensorflow(symbol, v1, installed)
    return (shown + found[0], found[1]) if found else None


def _namespace(name: str) -> tuple[bool, str]:
    """Whether a full name is one of `tf.compat.v1`, and what is below it or below `tf`.

    >>> _namespace("tensorflow.compat.v1.layers.dense")
    (True, 'layers.dense')
    """
    package, _, rest = name.partition(".")
    if package == "tensorflow_estimator":
        for api in _ESTIMATOR_API:
            if rest == api or rest.startswith(f"{api}."):
                return api.endswith("v1"), rest[len(api) + 1 :]
        return not rest.startswith("python"), rest
    v1 = False
    while rest.startswith(("compat.v1", "compat.v2")):
        v1, rest = rest.startswith("compat.v1"), rest[len("compat.v1.") :]
    return v1, rest


def _longest(symbol: str, table: dict[str, Verdict]) -> Judged | None:
    """The longest beginning of a name that a table has, and its verdict."""
    parts = symbol.split(".")
    for length in range(len(parts), 0, -1):
        key = ".".join(parts[:length])
        if key in table:
            return key, table[key]
    return None


def _is_namespace(symbol: str, table: dict[str, Verdict]) -> bool:
    return any(key.startswith(f"{symbol}.") for key in table)


def _of_estimator(symbol: str) -> Judged | None:
    """The verdict on what is the same below `tf` and `tf.compat.v1`."""
    if found := _longest(symbol, _OF_BOTH):
        return found
    if not symbol.startswith("estimator.") or _is_namespace(symbol, ESTIMATOR):
        return None
    near = did_you_mean(symbol.rpartition(".")[2], [key.rpartition(".")[2] for key in ESTIMATOR])
    return symbol, unsupported(f"tf.estimator 2.15 has no such name.{near}")


def _of_v1(symbol: str, v1: bool, program: Program) -> Judged | None:
    """The verdict on what only `tf.compat.v1` has, with what kerasrun adds to it."""
    if found := _longest(symbol, V1):
        name, verdict = found
        if v1 and verdict.kind == DIFFERS and program.in_graph_mode:
            return name, Verdict(WORKS)
        return found if v1 or verdict.kind == UNSUPPORTED else (name, IMPORT_V1)
    if symbol == "layers":
        return None if v1 else (symbol, IMPORT_V1)
    return None


def _of_tensorflow(symbol: str, v1: bool, installed: Installed) -> Judged | None:
    """The verdict on any other public name."""
    today, old = installed.v2_symbol(symbol), installed.v1_symbol(symbol)
    if not v1 and today is None and old is not None:
        return old, IMPORT_V1
    if v1 and old is not None:
        return None if old == today else (old, Verdict(WORKS))
    if not v1 and today is not None:
        return None
    if _is_namespace(symbol, _OF_BOTH) or symbol.startswith("compat"):
        return None
    owner = "Keras 3" if symbol.startswith("keras.") else release()
    return symbol, unsupported(f"{owner} has no such name")
