"""What `mlrun doctor PROGRAM` prints."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kerasrun.cli.json_shape import SCHEMA, to_text
from kerasrun.cli.table import table
from kerasrun.runs.old_programs.judge import IMPORT_V1
from kerasrun.runs.old_programs.report import FileReport, Finding, counts, examine
from kerasrun.runs.old_programs.verdict import DIFFERS, EDIT, KINDS, UNSUPPORTED, WORKS

_OF_SEVERAL = {
    WORKS: "work",
    DIFFERS: "work with a difference",
    EDIT: "need an edit",
    UNSUPPORTED: "are not supported",
}


def tell_of_programs(paths: Sequence[str], *, every: bool, json: bool) -> bool:
    """Prints what is found in programs, and says whether all of them are ready.

    Args:
        paths: Python files, and folders of them.
        every: Whether names that work are listed, too; JSON lists them always.
        json: Whether JSON is printed.

    Raises:
        UsageError: There is no such file or folder.
    """
    reports = examine(paths)
    if json:
        print(to_text(_content(reports)))
    else:
        _print_table(reports, every)
        for line in _summary(reports):
            print(line)
    return all(report.is_ready for report in reports)


def _print_table(reports: Sequence[FileReport], every: bool) -> None:
    rows = [row for report in reports for row in _rows(report, every)]
    if rows:
        for line in table(["PLACE", "VERDICT", "NAME", ""], rows):
            print(line)


def _rows(report: FileReport, every: bool) -> list[list[str]]:
    if report.error:
        return [[_shown(report.path), "not read", "-", report.error]]
    return [
        [f"{_shown(report.path)}:{_places(one)}", one.verdict.kind, one.symbol, one.verdict.text]
        for one in report.findings
        if every or one.verdict.kind != WORKS
    ]


def _shown(path: Path) -> str:
    """The path, with `?` for what is no text in it."""
    return str(path).encode(errors="replace").decode()


def _places(finding: Finding) -> str:
    """`12:5`, and how many more."""
    first, *others = finding.places
    return f"{first.line}:{first.column}" + (f" +{len(others)}" if others else "")


def _summary(reports: Sequence[FileReport]) -> Iterator[str]:
    """`3 files, 40 names: 38 work, 2 need an edit`, and what mends most at once."""
    found = counts(reports)
    said = [f"{found[kind]:,} {_said(kind, found[kind])}" for kind in KINDS if found[kind]]
    told = ", ".join(said) or "nothing of tf.estimator, tf.contrib or TensorFlow 1"
    unread = sum(bool(report.error) for report in reports)
    text = f"{_number(len(reports), 'file')}, {_number(found.total(), 'name')}: {told}"
    yield text + (f"; {_number(unread, 'file')} not read" if unread else "")
    mended = [sum(one.verdict == IMPORT_V1 for one in report.findings) for report in reports]
    if sum(mended) > 1:
        where = _number(sum(map(bool, mended)), "file")
        yield f"{IMPORT_V1.text}, in {where}, mends {_number(sum(mended), 'name')}"


def _said(kind: str, count: int) -> str:
    return kind if count == 1 else _OF_SEVERAL[kind]


def _number(count: int, thing: str) -> str:
    return f"{count:,} {thing}" + ("" if count == 1 else "s")


def _content(reports: Sequence[FileReport]) -> dict[str, Any]:
    found = counts(reports)
    return {
        "schema": SCHEMA,
        "ready": all(report.is_ready for report in reports),
        "counts": {kind: found[kind] for kind in KINDS},
        "files": [_file(report) for report in reports],
    }


def _file(report: FileReport) -> dict[str, Any]:
    return {
        "file": _shown(report.path),
        "error": report.error or None,
        "names": [
            {
                "name": one.symbol,
                "verdict": one.verdict.kind,
                "text": one.verdict.text,
                "places": [place._asdict() for place in one.places],
            }
            for one in report.findings
        ],
    }
