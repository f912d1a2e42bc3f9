"""What a model file imports from beside it is kept with it."""

from pathlib import Path

import pytest

from kerasrun.runs.layout import RunFiles
from kerasrun.runs.local_imports import local_imports
from kerasrun.runs.source import keep_model_file, model_source


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    texts = {
        "net.py": "import json, layers\nfrom pack.deep import thing\nfrom pack import other\n",
        "layers.py": "def f():\n    import late\n",
        "late.py": "import net\n",
        "unused.py": "",
        "pack/__init__.py": "",
        "pack/deep.py": "from . import sibling\nfrom .sibling import x\n",
        "pack/sibling.py": "x = 1\n",
        "pack/other.py": "def broken(:\n",
        "pack/unused.py": "",
    }
    for name, text in texts.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "project" / "net.py"


def test_they_are_found_without_being_run(model_file: Path) -> None:
    found = [str(path.relative_to(model_file.parent)) for path in local_imports(model_file)]
    assert found == [
        *["late.py", "layers.py", "pack/__init__.py", "pack/deep.py", "pack/other.py"],
        "pack/sibling.py",
    ]


def test_the_copies_are_used_once_one_of_them_has_changed(model_file: Path, tmp_path: Path) -> None:
    files = RunFiles(tmp_path / "run")
    files.folder.mkdir()
    model = keep_model_file(files, model_file, None)
    assert (files.source / "pack" / "sibling.py").read_text() == "x = 1\n"
    assert model_source(files, model) == (model_file, model_file)
    (model_file.parent / "pack" / "sibling.py").write_text("x = 2\n")
    assert model_source(files, model) == (files.source / "net.py", model_file)
