"""What is installed is what is here, under one name."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = ("bridge", "cli", "exporters", "input_fns", "runs")


def modules_here() -> set[str]:
    """The modules of the package as they are named once installed."""
    paths = [*(ROOT / "kerasrun").glob("*.py"), *(ROOT / "kerasrun" / "compat").rglob("*.py")]
    own = {str(path.relative_to(ROOT)) for path in paths}
    return own | files_here(".py")


def files_here(*suffixes: str) -> set[str]:
    """The files of the parts that end so, as they are named once installed."""
    paths = [path for part in PARTS for path in (ROOT / part).rglob("*")]
    return {f"kerasrun/{path.relative_to(ROOT)}" for path in paths if path.suffix in suffixes}


def test_every_package_is_listed() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = {Path(module).parent for module in modules_here()}
    assert set(settings["packages"]) == {str(folder).replace("/", ".") for folder in folders}
    assert settings["package-dir"] == {f"kerasrun.{part}": part for part in PARTS}


@pytest.mark.parametrize("part", PARTS)
def test_each_part_is_linked(part: str) -> None:
    link = ROOT / "kerasrun" / part
    assert link.is_symlink()
    assert link.readlink() == Path("..", part)


@pytest.mark.slow
def test_the_wheel_holds_all_of_it_and_nothing_else(tmp_path: Path) -> None:
    source = tmp_path / "source"
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout.splitlines()
    for name in files:
        copy = source / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_symlink():
            copy.symlink_to((ROOT / name).readlink())
        elif (ROOT / name).exists():
            copy.write_bytes((ROOT / name).read_bytes())
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--quiet", "wheel", "--no-deps", "--no-build-isolation"),
            *("--wheel-dir", str(tmp_path), str(source)),
        ],
        check=True,
        timeout=240,
    )
    (wheel,) = tmp_path.glob("kerasrun-*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == modules_here() | {"kerasrun/py.typed"} | files_here(".css", ".js")
