"""Imports point one way: cli -> runs -> bridge -> exporters and input_fns."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "cli": {"runs"},
    "runs": {"bridge", "exporters", "input_fns"},
    "bridge": {"exporters", "input_fns"},
    "exporters": set(),
    "input_fns": set(),
}


def imported_modules(path: Path) -> Iterator[str]:
    """Every module that a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def parts_imported(path: Path) -> set[str]:
    names = [name.split(".") for name in imported_modules(path)]
    return {name[1] for name in names if name[0] == "kerasrun" and len(name) > 1} & set(MAY_IMPORT)


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_parts_import_only_downwards(part: str) -> None:
    allowed = MAY_IMPORT[part] | {part}
    files = list((ROOT / part).rglob("*.py"))
    assert files
    wrong = {
        f"{path.relative_to(ROOT)} imports kerasrun.{other}"
        for path in files
        for other in parts_imported(path) - allowed
    }
    assert not wrong


def test_the_walk_sees_an_import_inside_a_function(tmp_path: Path) -> None:
    path = tmp_path / "wrong.py"
    path.write_text("def f():\n    from kerasrun.cli.main import app\n    return app\n")
    assert parts_imported(path) == {"cli"}
