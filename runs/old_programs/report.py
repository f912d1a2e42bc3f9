"""What is found in programs: each name once a file, with all its places."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from kerasrun.runs.errors import UsageError
from kerasrun.runs.old_programs.installed import Installed
from kerasrun.runs.old_programs.judge import Program, judge
from kerasrun.runs.old_programs.sources import UnreadableProgram, python_files, read_program
from kerasrun.runs.old_programs.uses import uses_in
from kerasrun.runs.old_programs.verdict import READY, Verdict


class Place(NamedTuple):
    """Where a name is used, both counted from 1."""

    line: int
    column: int


class Finding(NamedTuple):
    """A name that a file uses.

    Attributes:
        symbol: The name as it is called in TensorFlow, such as `tf.estimator.Estimator`.
        verdict: What becomes of it here.
        places: Every place, from top to bottom.
    """

    symbol: str
    verdict: Verdict
    places: list[Place]


class FileReport(NamedTuple):
    """One file.

    Attributes:
        path: The file, as it was named or found.
        findings: By their first places.
        error: Why it could not be read; empty if it could.
    """

    path: Path
    findings: list[Finding]
    error: str = ""

    @property
    def is_ready(self) -> bool:
        """Whether it was read and nothing in it needs an edit or is not supported."""
        return not self.error and all(one.verdict.kind in READY for one in self.findings)


def examine(paths: Sequence[str]) -> list[FileReport]:
    """Reads programs, and judges each name of TensorFlow in them; none is run or imported.

    Args:
        paths: Python files, and folders of them.

    Raises:
        UsageError: There is no such file or folder, or no Python file in them.
    """
    files = list(python_files(paths))
    if not files:
        raise UsageError(f"{', '.join(paths)}: no Python program (*.py) there")
    installed = _installed()
    return [_examine(path, installed) for path in files]


def counts(reports: Iterable[FileReport]) -> Counter[str]:
    """How many names have each kind of verdict, a name counted once a file."""
    return Counter(one.verdict.kind for report in reports for one in report.findings)


def _installed() -> Installed | None:
    try:
        return Installed()
    except LookupError:
        return None


def _examine(path: Path, installed: Installed | None) -> FileReport:
    try:
        tree, lines = read_program(path)
        uses = uses_in(tree, lines)
    except UnreadableProgram as error:
        return FileReport(path, [], str(error))
    except RecursionError:
        return FileReport(path, [], "is nested too deeply to be read")
    program = Program.of(uses)
    found: dict[tuple[str, Verdict], list[Place]] = {}
    for use in uses:
        if judged := judge(use, program, installed):
            found.setdefault(judged, []).append(Place(use.line, use.column))
    return FileReport(path, [Finding(*judged, places) for judged, places in found.items()])
