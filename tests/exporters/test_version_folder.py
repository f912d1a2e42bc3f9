"""Two programs that export to one folder at the same second."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from kerasrun.exporters.version_folder import VersionFolder

OTHER_PROCESS = """
import sys, time
from kerasrun._tensorflow_import import import_tensorflow
import_tensorflow()
from kerasrun.exporters.version_folder import VersionFolder
with VersionFolder(sys.argv[1], lambda: 1500000000.0) as folder:
    open(f"{folder.temporary}/half", "w").close()
    print("at work", flush=True)
    time.sleep(60)
"""


def _now() -> float:
    return 1500000000.0


def test_what_a_killed_process_left_is_removed_and_that_of_a_living_one_is_not(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-c", OTHER_PROCESS, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"at work\n"
        with VersionFolder(str(tmp_path), _now) as folder:
            folder.commit()
        assert (tmp_path / "temp-1500000000" / "half").exists()
        other.kill()
    with VersionFolder(str(tmp_path), _now) as folder:
        assert [p.name for p in tmp_path.glob("temp-*")] == [os.path.basename(folder.temporary)]
        folder.commit()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["1500000001", "1500000002"]


def test_names_rise_in_the_order_of_commits(tmp_path: Path) -> None:
    with VersionFolder(str(tmp_path), _now) as slow:
        with VersionFolder(str(tmp_path), _now) as quick:
            assert slow.temporary != quick.temporary
            first = quick.commit()
        second = slow.commit()
    assert os.path.basename(first) < os.path.basename(second)
    assert {str(path) for path in tmp_path.iterdir()} == {first, second}


def test_a_store_that_cannot_rename_folders_is_named() -> None:
    with VersionFolder("ram://exports", _now) as folder:
        tf.io.write_file(f"{folder.temporary}/saved_model.pb", "x")
        with pytest.raises(RuntimeError, match="exports/1500000000 came out without its content"):
            folder.commit()


def test_nothing_is_left_of_an_interrupted_one(tmp_path: Path) -> None:
    def write_half() -> None:
        with VersionFolder(str(tmp_path), _now) as folder:
            (Path(folder.temporary) / "saved_model.pb").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert list(tmp_path.iterdir()) == []


def test_a_name_taken_by_a_file_is_stepped_over(tmp_path: Path) -> None:
    with VersionFolder(str(tmp_path), _now) as folder:
        (tmp_path / "1500000000").write_text("a file")
        path = folder.commit()
    assert os.path.basename(path) == "1500000001"
