from collections.abc import Callable
from pathlib import Path

import pytest

from kerasrun.runs.old_programs.report import FileReport, examine

Examine = Callable[[str], FileReport]


@pytest.fixture
def report_on(tmp_path: Path) -> Examine:
    """Examines the text of a program."""

    def examined(text: str) -> FileReport:
        path = tmp_path / "program.py"
        path.write_text(text, encoding="utf-8")
        (report,) = examine([str(path)])
        assert report.error == ""
        return report

    return examined


@pytest.fixture
def found(report_on: Examine) -> Callable[[str], dict[str, str]]:
    """Of a program, the names that are told of, each with the kind of its verdict."""

    def kinds(text: str) -> dict[str, str]:
        return {one.symbol: one.verdict.kind for one in report_on(text).findings}

    return kinds
