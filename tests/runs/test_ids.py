import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from kerasrun.runs import ids
from kerasrun.runs.errors import UsageError

NOW = datetime(2026, 11, 21, 22, 30, 15, tzinfo=UTC)


def test_an_id_is_the_utc_time_and_four_hex_digits() -> None:
    in_tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
    assert ids.new_id(in_tokyo, "a3f1") == "20261121-223015-a3f1"


def test_the_time_can_be_read_from_the_id() -> None:
    assert ids.started_at("20261121-223015-a3f1") == NOW


@pytest.mark.parametrize("name", [".trash", "notes", "20261121-223015", "20261121-223015-A3F1"])
def test_other_names_are_no_ids(name: str) -> None:
    assert not ids.is_run_id(name)


def test_a_taken_id_is_passed_over(tmp_path: Path) -> None:
    digits = iter(["a3f1", "a3f1", "77d0"])
    first = ids.claim(tmp_path, now=lambda: NOW, random_hex=lambda: next(digits))
    second = ids.claim(tmp_path, now=lambda: NOW, random_hex=lambda: next(digits))
    assert (first.name, second.name) == ("20261121-223015-a3f1", "20261121-223015-77d0")


def test_a_root_that_is_a_file_is_named_with_the_mend(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    root.write_text("")
    with pytest.raises(UsageError, match=r"cannot make a run under .*runs: .*--root"):
        ids.claim(root)


def test_eight_processes_claim_at_once_and_never_share(tmp_path: Path) -> None:
    # Few random digits, so that they do clash.
    code = (
        "import sys, random; from pathlib import Path; from kerasrun.runs import ids\n"
        "for _ in range(25): print(ids.claim(Path(sys.argv[1]), "
        "random_hex=lambda: f'{random.randrange(256):04x}').name)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "root")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(8)]
    claimed = [name for process in processes for name in process.communicate()[0].split()]
    assert len(claimed) == 200
    assert sorted(claimed) == sorted(path.name for path in (tmp_path / "root").iterdir())


def test_a_day_that_never_was_is_no_run() -> None:
    assert ids.is_run_id("20260228-000000-a3f1")
    assert not ids.is_run_id("20260231-000000-a3f1")
    assert not ids.is_run_id("20260228-250000-a3f1")
