"""Which files are read, and what is said of those that cannot be."""

from pathlib import Path

import pytest

from kerasrun.runs.errors import UsageError
from kerasrun.runs.old_programs.report import examine

OLD = b"import tensorflow as tf\ntf.Session()\n"


def test_a_folder_is_read_without_what_is_not_its_own(tmp_path: Path) -> None:
    for folder in ("a/b", ".git", ".venv/lib", "node_modules", "x/__pycache__", "mine/lib"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "program.py").write_bytes(OLD)
    (tmp_path / "mine" / "pyvenv.cfg").touch()
    (tmp_path / "notes.txt").write_bytes(OLD)
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "dangling.py").symlink_to("nowhere")
    (tmp_path / "again.py").symlink_to(tmp_path / "a" / "b" / "program.py")
    reports = examine([str(tmp_path), str(tmp_path / "a")])
    assert [report.path for report in reports] == [tmp_path / "again.py"]
    assert [one.symbol for one in reports[0].findings] == ["tf.Session"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'print "x"\n', "line 1 is Python 2: convert the program to Python 3 first"),
        (b"try:\n    f()\nexcept E, e:\n    pass\n", "line 3 is Python 2"),
        (b"x = 0777 # tensorflow\n", "line 1 is Python 2"),
        (b"tensorflow = 10L\n", "line 1 is Python 2"),
        (b"raise E, 'x'\n", "line 1 is Python 2"),
        (b"import tensorflow\ndef f(:\n", "line 2 is no Python: invalid syntax"),
        (b"x = '\xe9'\n", "is not in the encoding it should be"),
        (b"# coding: nonsense\n", "is not in the encoding it should be"),
        (b"import tensorflow\0\n", "null bytes"),
        (b"tensorflow = " + b"(" * 3000 + b")" * 3000, "too many nested parentheses"),
        (b"x = tensorflow" + b".b" * 5000, "nested too deeply"),
        (b"x = '" + b"a" * 4_000_000 + b"'", "is larger than 4 MB"),
    ],
)
def test_what_cannot_be_read_is_said(content: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_bytes(content)
    (tmp_path / "works.py").write_bytes(b"import tensorflow as tf\ntf.estimator.RunConfig()\n")
    unread, other = examine([str(tmp_path)])
    deep = ("maximum recursion", "nested too deeply")  # which depends on how deep one is already
    assert why in unread.error or (why in deep and any(each in unread.error for each in deep))
    assert not unread.is_ready
    assert other.is_ready


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + OLD.replace(b"\n", b"\r\n"),
        b"# -*- coding: latin-1 -*-\nx = '\xe9'\n" + OLD,
        OLD + b"'\\d'\n",  # of which Python warns
    ],
)
def test_encodings_and_line_ends_are_known(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_bytes(content)
    (report,) = examine([str(tmp_path)])
    assert [one.symbol for one in report.findings] == ["tf.Session"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere", "nowhere: no such file or folder"),
        ("notes.txt", r"notes.txt: expected a Python program \(\*.py\) or a folder of them"),
        ("empty", r"empty: no Python program \(\*.py\) there"),
    ],
)
def test_what_is_no_program_is_a_mistake(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=message):
        examine([str(tmp_path / name)])


def test_a_file_that_does_not_speak_of_tensorflow_is_not_parsed(tmp_path: Path) -> None:
    (tmp_path / "template.py").write_text("class {{ name }}:\n    printed = 1\n")
    (report,) = examine([str(tmp_path)])
    assert (report.error, report.findings) == ("", [])
