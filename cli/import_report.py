"""What `mlrun import-checkpoint` prints."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kerasrun.cli.json_shape import SCHEMA
from kerasrun.cli.table import table

if TYPE_CHECKING:
    from kerasrun.runs.import_checkpoint import Imported

_KINDS = {
    "weight": "weights",
    "optimizer": "of the optimizer",
    "average": "moving averages",
    "step": "step",
    "other": "other",
}


def contents_lines(contents: Any) -> list[str]:
    """The checkpoint, a table of its variables, and totals."""
    step = "not known" if contents.step is None else f"{contents.step:,}"
    rows = [
        [one.name, _shape(one.shape), one.dtype, _bytes(one.nbytes), _what(one)]
        for one in contents.variables
    ]
    return [
        f"checkpoint  {contents.path}   step {step}",
        *table(["VARIABLE", "SHAPE", "DTYPE", "BYTES", "WHAT"], rows),
        *_total_lines(contents),
    ]


def contents_json(contents: Any) -> dict[str, Any]:
    """The same for programs."""
    return {
        "schema": SCHEMA,
        "checkpoint": contents.path,
        "step": contents.step,
        "variables": [_variable_json(one) for one in contents.variables],
        "totals": _totals(contents),
    }


def report_lines(done: "Imported") -> list[str]:
    """A table of the pairs, then what is left on both sides, then what was written."""
    report = done.report
    step = "not known" if report.step is None else f"{report.step:,}"
    rows = [[pair.new, _shape(pair.shape), _source(pair), pair.why] for pair in report.pairs]
    lines = [f"checkpoint  {report.checkpoint}   step {step}"]
    lines += table(["WEIGHT", "SHAPE", "FROM", "WHY"], rows) if rows else []
    for one in report.unmapped:
        lines.append(f"no value    {one.new} {_shape(one.shape)}{_could_be(one)}")
    unused = [f"not used    {one.name} {_shape(one.shape)}" for one in report.left]
    return [*lines, *unused, *_written(done)]


def report_json(done: "Imported") -> dict[str, Any]:
    """The same for programs."""
    report = done.report
    return {
        "schema": SCHEMA,
        "checkpoint": report.checkpoint,
        "step": report.step,
        "pairs": [vars(pair) for pair in report.pairs],
        "unmapped": [vars(one) for one in report.unmapped],
        "left": [_variable_json(one) for one in report.left],
        "not_finite": list(report.not_finite),
        "written": done.written,
        "global_step": done.global_step,
        "refusal": done.refusal,
    }


def _written(done: "Imported") -> Iterator[str]:
    report = done.report
    weights = len(report.pairs) + len(report.unmapped)
    yield f"mapped      {len(report.pairs)} of {weights} weights"
    if done.written is None:
        return
    step = "" if done.global_step is None else f"   step {done.global_step:,}, a fresh optimizer"
    yield f"written     {done.written}{step}"


def _source(pair: Any) -> str:
    return f"{pair.old} (average)" if pair.average else str(pair.old)


def _could_be(one: Any) -> str:
    if one.by_hand:
        return "   by hand"
    if one.other_shape is not None:
        return f"   is {_shape(one.other_shape)} in the checkpoint"
    if one.candidates:
        return f"   could be {', '.join(one.candidates)}"
    near = f"; the most similar name is {one.near} {_shape(one.near_shape)}" if one.near else ""
    return f"   nothing of this shape is left{near}"


def _variable_json(one: Any) -> dict[str, Any]:
    return {
        "name": one.name,
        "shape": list(one.shape),
        "dtype": one.dtype,
        "bytes": one.nbytes,
        "kind": one.kind,
        "of": one.of,
        "slot": one.slot,
    }


def _totals(contents: Any) -> dict[str, dict[str, int]]:
    totals = {}
    for kind in _KINDS:
        those = [one for one in contents.variables if one.kind == kind]
        if those:
            totals[kind] = {
                "variables": len(those),
                "values": sum(math.prod(one.shape) for one in those),
                "bytes": sum(one.nbytes or 0 for one in those),
            }
    return totals


def _total_lines(contents: Any) -> list[str]:
    rows = [
        [_KINDS[kind], *(f"{total[name]:,}" for name in ("variables", "values", "bytes"))]
        for kind, total in _totals(contents).items()
    ]
    return ["", *table(["TOTAL", "VARIABLES", "VALUES", "BYTES"], rows)]


def _what(one: Any) -> str:
    if one.kind == "average":
        return f"moving average of {one.of}"
    if one.kind == "optimizer":
        return f"optimizer: {one.slot}" if one.slot else "optimizer"
    return str(one.kind)


def _bytes(size: int | None) -> str:
    return "-" if size is None else f"{size:,}"


def _shape(shape: Any) -> str:
    return str(list(shape))
