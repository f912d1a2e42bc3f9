"""Exporters that do not look at the evaluation."""

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from kerasrun.exporters import Exporter, FinalExporter, LatestExporter


def _export(exporter: Exporter, estimator: Any, path: Path, final: bool = False) -> str | None:
    return exporter.export(
        estimator=estimator,
        export_path=str(path),
        checkpoint_path=None,
        eval_result={"loss": 1.0},
        is_the_final_export=final,
    )


def test_latest_exports_every_time_and_keeps_the_newest(estimator: Any, export_path: Path) -> None:
    exporter = LatestExporter("it", exports_to_keep=2)
    written = [_export(exporter, estimator, export_path) for _ in range(3)]
    assert written == sorted(written, key=str)
    assert sorted(map(str, export_path.iterdir())) == written[1:]


def test_latest_leaves_alone_what_is_not_an_export(estimator: Any, export_path: Path) -> None:
    others = ["temp-15000000001", "123456789", "12345678901", "1500000000-old", "notes"]
    for name in [*others, "1500000000"]:
        (export_path / name).mkdir(parents=True)
    path = _export(LatestExporter("it", exports_to_keep=1), estimator, export_path)
    assert {p.name for p in export_path.iterdir()} == {*others, Path(str(path)).name}


def test_latest_counts_folders_of_a_store_that_lists_them_with_a_slash(
    estimator: Any, export_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = tf.io.gfile.listdir

    def with_slashes(path: str) -> list[str]:
        return [f"{name}/" if (Path(path) / name).is_dir() else name for name in plain(path)]

    monkeypatch.setattr(tf.io.gfile, "listdir", with_slashes)
    exporter = LatestExporter("it", exports_to_keep=2)
    written = [_export(exporter, estimator, export_path) for _ in range(3)]
    assert sorted(map(str, export_path.iterdir())) == written[1:]


def test_latest_keeps_all_if_told_so(estimator: Any, export_path: Path) -> None:
    for number in range(1500000000, 1500000008):
        (export_path / str(number)).mkdir(parents=True)
    _export(LatestExporter("it", exports_to_keep=None), estimator, export_path)
    assert len(list(export_path.iterdir())) == 9


@pytest.mark.parametrize("keep", [0, -1])
def test_latest_must_keep_something(keep: int) -> None:
    with pytest.raises(ValueError, match=r"exports_to_keep must be a positive number.*received"):
        LatestExporter("it", exports_to_keep=keep)


def test_final_exports_at_the_end_only(estimator: Any, export_path: Path) -> None:
    exporter = FinalExporter("it")
    assert _export(exporter, estimator, export_path) is None
    assert not export_path.exists()
    assert Path(str(_export(exporter, estimator, export_path, final=True))).exists()
