"""Defaults that stand in files, for the options that nobody gives on the command line.

The strongest first: `--config FILE`, else `kerasrun.toml` or `[tool.kerasrun]` in
`pyproject.toml`, the nearest upwards; then `$XDG_CONFIG_HOME/kerasrun/config.toml`.

    root = "~/runs"

    [train]
    max_steps = 2000
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasrun.runs.errors import UsageError

CONFIG_VARIABLE = "KERASRUN_CONFIG"
_NAME = "kerasrun.toml"


@dataclass(frozen=True)
class Setting:
    """One default.

    Attributes:
        command: Whose option it is; empty where it is one of all commands.
        option: Its name, as `max_steps`.
        value: As TOML has it.
        origin: The file.
    """

    command: str
    option: str
    value: Any
    origin: Path


def config_settings(
    file: str | os.PathLike[str] | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    cwd: Path | None = None,
) -> list[Setting]:
    """What the files say, each option once.

    Args:
        file: What `--config` gave; else the variable KERASRUN_CONFIG is asked.
        environ: The environment.
        cwd: Where the search upwards begins; the current folder when None.

    Raises:
        UsageError: A file cannot be read, or is no TOML.
    """
    here = cwd or Path.cwd()
    given = file or environ.get(CONFIG_VARIABLE)
    nearest = here / Path(given).expanduser() if given else _nearest(here)
    found: dict[tuple[str, str], Setting] = {}
    for path in (nearest, _personal(environ)):
        if path and ((given and path == nearest) or _is_file(path)):
            for one in _settings_in(path):
                found.setdefault((one.command, one.option), one)
    return list(found.values())


def _nearest(here: Path) -> Path | None:
    for folder in (here, *here.parents):
        if _is_file(folder / _NAME):
            return folder / _NAME
        project = folder / "pyproject.toml"
        if _is_file(project) and _is_ours(project):
            return project
    return None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder that we may not look into
        return False


def _is_ours(project: Path) -> bool:
    try:
        return "tool.kerasrun" in project.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _personal(environ: Mapping[str, str]) -> Path | None:
    home = environ.get("XDG_CONFIG_HOME") or (
        str(Path(environ["HOME"]) / ".config") if environ.get("HOME") else None
    )
    return Path(home) / "kerasrun" / "config.toml" if home else None


def _settings_in(path: Path) -> Iterator[Setting]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"config file {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise UsageError(f"config file {path} is no TOML: {error}") from error
    if path.name == "pyproject.toml":
        content = (content.get("tool") or {}).get("kerasrun") or {}
    for name, value in content.items():
        if isinstance(value, dict):
            for option, inner in value.items():
                yield Setting(name, option.replace("-", "_"), inner, path)
        else:
            yield Setting("", name.replace("-", "_"), _absolute(name, value, path), path)


def _absolute(name: str, value: Any, path: Path) -> Any:
    """A `root` is relative to the file that names it."""
    if name == "root" and isinstance(value, str) and "://" not in value:
        return str(path.parent / Path(value).expanduser())
    return value
