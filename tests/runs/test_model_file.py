import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kerasrun.runs.errors import ModelFileError
from kerasrun.runs.model_file import existing_model_file, load_model_file, split_name


@pytest.fixture(autouse=True)
def imports_as_before() -> Iterator[None]:
    modules, path = dict(sys.modules), list(sys.path)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - set(modules):
        del sys.modules[name]


def file_with(folder: Path, text: str, name: str = "iris_net.py") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_file_finds_its_neighbours_and_itself(tmp_path: Path) -> None:
    file_with(tmp_path, "UNITS = 7\n", "iris_parts.py")
    path = file_with(tmp_path, "import iris_parts\nunits = iris_parts.UNITS\nhome = __file__\n")
    file = load_model_file(path)
    assert file.get("units") == 7
    assert file.get("home") == str(path)
    assert sys.path[-1] == str(tmp_path)
    assert sys.modules["iris_net"] is file.module


def test_what_it_defines_can_be_pickled(tmp_path: Path) -> None:
    file = load_model_file(file_with(tmp_path, "class Point:\n    x = 3\n"))
    point = file.asked("Point")()
    assert pickle.loads(pickle.dumps(point)).x == 3


def test_a_name_that_is_taken_stays_with_its_owner(tmp_path: Path) -> None:
    file = load_model_file(file_with(tmp_path, "x = 1\n", "json.py"))
    assert file.module.__name__ == "kerasrun_model_file_json"
    assert sys.modules["json"] is not file.module


def test_a_file_beside_cannot_hide_a_package(tmp_path: Path) -> None:
    file_with(tmp_path, "raise RuntimeError('the wrong one')\n", "textwrap.py")
    load_model_file(file_with(tmp_path, "import textwrap\n"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\ny = x / 0\n", "iris_net.py, line 2: ZeroDivisionError: division by zero"),
        ("x = 1\n\ndef f(:\n", "iris_net.py, line 3: SyntaxError: invalid syntax"),
        ("import no_such_thing\n", "iris_net.py, line 1: ModuleNotFoundError: No module named"),
        ("raise SystemExit(2)\n", "iris_net.py, line 1: it ended the program by sys.exit(2)"),
        ("raise ValueError('a\\nb')\n", "iris_net.py, line 1: ValueError: a b"),
        ("def f():\n    {}['k']\nf()\n", "iris_net.py, line 2: KeyError: 'k'"),
    ],
)
def test_a_file_that_raises_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ModelFileError) as caught:
        load_model_file(file_with(tmp_path, text))
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
    assert "Traceback" in caught.value.detail or "SyntaxError" in caught.value.detail
    assert "iris_net" not in sys.modules


def test_a_function_that_raises_says_where(tmp_path: Path) -> None:
    file = load_model_file(
        file_with(tmp_path, "def train_input_fn(n=1):\n    return [][n]\n", "inputs.py")
    )
    function = file.function("train_input_fn")
    assert function is not None
    with pytest.raises(ModelFileError, match=r"inputs\.py, line 2: IndexError: list index out"):
        function()


def test_a_function_that_is_none_is_refused(tmp_path: Path) -> None:
    file = load_model_file(file_with(tmp_path, "train_input_fn = 3\n"))
    with pytest.raises(ModelFileError, match="train_input_fn is a int, expected a function"):
        file.function("train_input_fn")
    assert file.function("eval_input_fn") is None


def test_a_near_name_is_suggested(tmp_path: Path) -> None:
    file = load_model_file(file_with(tmp_path, "def make_net(): ...\n"))
    with pytest.raises(ModelFileError, match=r"defines no 'mak_net'\. Did you mean 'make_net'\?"):
        file.asked("mak_net")


def test_a_changed_file_can_be_run_as_it_was(tmp_path: Path) -> None:
    original = file_with(tmp_path, "x = 'new'\n")
    (tmp_path / "source").mkdir()
    copy = file_with(tmp_path / "source", "x = 'old'\nhome = __file__\n")
    file = load_model_file(copy, original)
    assert (file.get("x"), file.get("home")) == ("old", str(original))


def test_a_missing_file_suggests_its_neighbour(tmp_path: Path) -> None:
    file_with(tmp_path, "")
    with pytest.raises(ModelFileError, match=r"no model file iris_nte\.py\. Did you mean 'iris_n"):
        existing_model_file("iris_nte.py", tmp_path)
    with pytest.raises(ModelFileError, match="is a folder, expected a Python file"):
        existing_model_file(".", tmp_path)


def test_a_colon_in_a_file_name_is_left_alone(tmp_path: Path) -> None:
    path = file_with(tmp_path, "", "a:b")
    assert split_name(str(path)) == (str(path), None)
    assert split_name("iris_net.py:build") == ("iris_net.py", "build")
