"""The modules of the user's own that a model file imports, found without running it."""

import ast
from collections.abc import Iterator
from pathlib import Path

_MOST_FILES = 200
_MOST_BYTES = 5_000_000


def local_imports(model_file: Path, folder: Path | None = None) -> list[Path]:
    """The Python files beside a model file, or in packages there, that it needs.

    What those import is found, too. Found is what stands in `import` statements; not what is
    imported by a name computed at run time.

    Args:
        model_file: An absolute path.
        folder: Where imports begin; None: the folder that it is in.

    Returns:
        Absolute paths, in the order of their names; at most 200 files of 5 MB in all.
    """
    folder = folder or model_file.parent
    found: dict[Path, None] = {}
    waiting = [model_file]
    size = 0
    while waiting and len(found) < _MOST_FILES and size < _MOST_BYTES:
        path = waiting.pop()
        for imported in _imported_files(path, folder):
            if imported != model_file and imported not in found:
                found[imported] = None
                size += imported.stat().st_size
                waiting.append(imported)
    return sorted(found)


def _imported_files(path: Path, folder: Path) -> Iterator[Path]:
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):  # running it will tell
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files_of(alias.name.split("."), folder)
        elif isinstance(node, ast.ImportFrom):
            base = _base_of(path, node.level, folder)
            parts = node.module.split(".") if node.module else []
            yield from _files_of(parts, base)
            for alias in node.names:
                yield from _files_of([*parts, alias.name], base)


def _base_of(path: Path, level: int, folder: Path) -> Path:
    """Where a relative import of this level begins; an absolute one begins in the folder."""
    return path.parents[level - 1] if 0 < level <= len(path.parents) else folder


def _files_of(parts: list[str], base: Path) -> Iterator[Path]:
    """The files that are run when `a.b.c` is imported from a folder: of each package, the last."""
    here = base
    for part in parts:
        module, package = here / f"{part}.py", here / part / "__init__.py"
        if package.is_file():
            yield package
        elif module.is_file():
            yield module
            return
        elif not (here / part).is_dir():
            return
        here = here / part
