"""Two runs as texts: what differs between their sources, packages and outputs."""

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path

from kerasrun.runs.layout import RunFiles
from kerasrun.runs.run import Run
from kerasrun.runs.source import kept_sources, original_sources


def sources(run: Run) -> dict[str, str]:
    """The text of each kept file by its name: the model file, what it imports, the git diff."""
    files = RunFiles(run.folder)
    found = {name: _text(path) for name, path in kept_sources(files, run.record).items()}
    if files.diff.exists():
        found["diff.patch"] = _text(files.diff)
    return found


def working_sources(run: Run) -> dict[str, str]:
    """The same files as they are now, where the run took them from; those gone are left out."""
    found = {}
    for name, path in original_sources(run.record).items():
        if path.is_file():
            found[name] = _text(path)
    return found


def packages(run: Run) -> dict[str, str]:
    """Installed versions by package."""
    lines = _text(RunFiles(run.folder).packages).splitlines()
    pairs = [line.partition("==") for line in lines if "==" in line]
    return {name: version for name, _, version in pairs}


def output(run: Run) -> str:
    """All that its worker printed."""
    return _text(RunFiles(run.folder).output_log)


def unified(one: Mapping[str, str], other: Mapping[str, str], names: tuple[str, str]) -> str:
    """The differences of two sets of texts in the unified format; empty when they are the same.

    Args:
        one: Texts by file name.
        other: The others.
        names: What to call the two sets.
    """
    return "".join(
        line
        for file in dict.fromkeys([*one, *other])
        for line in _file_lines(file, one.get(file), other.get(file), names)
    )


def _file_lines(
    file: str, one: str | None, other: str | None, names: tuple[str, str]
) -> Iterator[str]:
    old, new = (
        f"{name}/{file}" if text is not None else "/dev/null"
        for name, text in zip(names, (one, other), strict=True)
    )
    before, after = ((text or "").splitlines(keepends=True) for text in (one, other))
    for line in difflib.unified_diff(before, after, old, new):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
