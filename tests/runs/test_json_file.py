import math
from pathlib import Path

import pytest

from kerasrun.runs.json_file import (
    RESERVED_BYTES,
    read_json,
    reserve,
    write_json,
    write_reserved,
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"loss": 0.5, "name": "größer", "unknown": [1, None]})
    assert read_json(tmp_path / "a.json") == {"loss": 0.5, "name": "größer", "unknown": [1, None]}


def test_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {})
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_failed_write_keeps_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"old": True})
    with pytest.raises(TypeError, match="not JSON serializable"):
        write_json(path, {"new": object()})
    assert read_json(path) == {"old": True}
    assert [item.name for item in tmp_path.iterdir()] == ["a.json"]


def test_numbers_that_json_lacks_become_null(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"loss": math.nan, "worst": [math.inf, 1.0]})
    assert read_json(tmp_path / "a.json") == {"loss": None, "worst": [None, 1.0]}


def test_missing_and_blank_files_hold_nothing(tmp_path: Path) -> None:
    reserve(tmp_path / "exit.json")
    assert (tmp_path / "exit.json").stat().st_size == RESERVED_BYTES
    assert read_json(tmp_path / "exit.json") is None
    assert read_json(tmp_path / "none.json") is None


def test_the_last_word_needs_no_new_space(tmp_path: Path) -> None:
    path = tmp_path / "exit.json"
    reserve(path)
    before = path.stat()
    write_reserved(path, {"status": "failed"})
    after = path.stat()
    assert (after.st_size, after.st_ino) == (before.st_size, before.st_ino)
    assert read_json(path) == {"status": "failed"}


def test_too_long_a_last_word_is_refused(tmp_path: Path) -> None:
    reserve(tmp_path / "exit.json")
    with pytest.raises(ValueError, match=r"exit\.json: \d+ bytes, room for 4096"):
        write_reserved(tmp_path / "exit.json", {"reason": "x" * 5000})
    assert read_json(tmp_path / "exit.json") is None


def test_a_list_is_no_record(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[1]")
    with pytest.raises(ValueError, match=r"a\.json holds list, expected an object"):
        read_json(tmp_path / "a.json")


def test_what_a_killed_writer_left_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / ".a.json.tmp").write_text('{"half": ')
    write_json(tmp_path / "a.json", {"whole": True})
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    assert read_json(tmp_path / "a.json") == {"whole": True}


def test_a_write_that_fails_names_its_file(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "a.json"
    with pytest.raises(FileNotFoundError) as error:
        write_json(path, {})
    assert error.value.filename == str(path)
    with pytest.raises(FileNotFoundError) as error:
        reserve(path)
    assert error.value.filename == str(path)


def test_blanks_are_written_over_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "exit.json"
    path.write_text("x" * 5000)
    before = path.stat().st_ino
    reserve(path)
    assert path.read_bytes() == b"\n" * RESERVED_BYTES
    assert path.stat().st_ino == before, "its space was kept"


@pytest.mark.parametrize("text", ['{"a": "\\ud83d"}', "[" * 100_000, '{"a": ' * 100_000])
def test_what_cannot_be_shown_is_no_record(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ValueError, match=r"surrogates|nested too deeply"):
        read_json(tmp_path / "a.json")
