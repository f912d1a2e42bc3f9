"""BestExporter: which evaluations are exported, now and after a restart."""

import functools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from kerasrun.exporters import BestExporter

Export = Callable[..., bool]


@pytest.fixture
def export(estimator: Any, export_path: Path) -> Export:
    """Evaluates and says whether that was exported."""

    def call(exporter: BestExporter, loss: Any, step: int = 100, **others: Any) -> bool:
        path = exporter.export(
            estimator=estimator,
            export_path=str(export_path),
            checkpoint_path=f"model.ckpt-{step}",
            eval_result={"loss": loss, "global_step": step, **others},
            is_the_final_export=False,
        )
        return path is not None

    return call


def _write_events(folder: str, losses: dict[int, float], *, v2: bool) -> Path:
    """Writes evaluations by step as TensorFlow 1 or 2 writes them; returns the event file."""
    if v2:
        with tf.summary.create_file_writer(folder).as_default():
            for step, loss in losses.items():
                tf.summary.scalar("accuracy", 0.5, step)
                tf.summary.scalar("loss", loss, step)
    else:
        with tf.Graph().as_default():
            writer = tf.compat.v1.summary.FileWriter(folder)
            for step, loss in losses.items():
                value = tf.compat.v1.Summary.Value(tag="loss", simple_value=loss)
                writer.add_summary(tf.compat.v1.Summary(value=[value]), step)
            writer.close()
    return next(Path(folder).glob("*.tfevents.*"))


def test_only_a_better_evaluation_is_exported(export: Export) -> None:
    exporter = BestExporter()
    assert exporter.name == "best_exporter"
    exported = [export(exporter, loss) for loss in (0.5, 0.4, 0.4, 0.6, 0.3)]
    assert exported == [True, True, False, False, True]


def test_a_restart_does_not_export_a_worse_model(export: Export) -> None:
    assert export(BestExporter(), np.float32(0.25))
    assert not export(BestExporter(), np.float32(4.0), step=200)
    assert export(BestExporter(), np.float32(0.125), step=300)


def test_the_best_result_lies_in_a_readable_file(export: Export, export_path: Path) -> None:
    export(BestExporter(), np.float32(0.25), accuracy=np.float64(0.5), name=b"x", other=object)
    remembered = json.loads((export_path / "best_result.json").read_text())
    assert remembered["eval_result"]["loss"] == 0.25
    assert remembered["eval_result"]["accuracy"] == 0.5
    assert (export_path / remembered["export"] / "saved_model.pb").exists()
    assert not list(export_path.glob("*.tmp-*"))


class Killed(BaseException):
    """Ends everything, as SIGKILL does."""


@pytest.mark.parametrize("exported", [True, False])
def test_after_a_kill_amid_an_export_the_folder_tells_what_is_the_best(
    exported: bool, export: Export, estimator: Any, export_path: Path
) -> None:
    assert export(BestExporter(), 0.5)
    (before,) = (path.name for path in export_path.glob("[0-9]*"))
    write = estimator.export_saved_model

    def killed(*arguments: Any, **named: Any) -> None:
        if exported:
            write(*arguments, **named)
        raise Killed

    estimator.export_saved_model = killed
    with pytest.raises(Killed):
        export(BestExporter(), 0.25, step=200)
    estimator.export_saved_model = write
    finished = BestExporter().finished_since(str(export_path), before)
    assert (finished is not None) == exported
    assert export(BestExporter(), 0.375, step=300) != exported  # better than 0.5, not than 0.25


def test_a_damaged_file_is_said_and_the_events_count(
    export: Export, export_path: Path, estimator: Any, caplog: pytest.LogCaptureFixture
) -> None:
    export(BestExporter(), 0.25)
    (export_path / "best_result.json").write_text('{"eval_res')
    _write_events(estimator.model_dir + "/eval", {100: 0.25}, v2=True)
    assert not export(BestExporter(), 0.5, step=200)
    assert "best_result.json cannot be read" in caplog.text


def test_nan_is_never_better_and_always_beaten(export: Export) -> None:
    exporter = BestExporter()
    assert export(exporter, math.nan)  # the first export is unconditional
    assert not export(exporter, np.float32("nan"))
    assert export(exporter, 7.0)
    assert not export(exporter, math.nan)


def test_a_metric_to_be_raised(export: Export) -> None:
    exporter = BestExporter(metric="accuracy", mode="max")
    exported = [export(exporter, 1.0, accuracy=a) for a in (0.5, 0.7, 0.7, 0.6, 0.9)]
    assert exported == [True, True, False, False, True]


def test_a_metric_s_misspelling_is_named(export: Export) -> None:
    with pytest.raises(ValueError, match=r"no 'acuracy', it has .* Did you mean 'accuracy'\?"):
        export(BestExporter(metric="acuracy", mode="max"), 1.0, accuracy=0.5)


def test_a_result_without_loss_is_an_error_of_the_default(
    estimator: Any, export_path: Path
) -> None:
    exporter = BestExporter()
    arguments = {
        "estimator": estimator,
        "export_path": str(export_path),
        "checkpoint_path": None,
        "is_the_final_export": False,
    }
    assert exporter.export(eval_result={}, **arguments) is not None
    with pytest.raises(ValueError, match="evaluation result has no 'loss', it has nothing"):
        exporter.export(eval_result={"loss": 1.0}, **arguments)


def test_a_function_may_compare(export: Export) -> None:
    def larger(best_eval_result: dict[str, Any], current_eval_result: dict[str, Any]) -> Any:
        return np.bool_(current_eval_result["loss"] > best_eval_result["loss"])

    exporter = BestExporter(compare_fn=larger)
    assert [export(exporter, loss) for loss in (0.5, 0.4, 0.6)] == [True, False, True]


@pytest.mark.parametrize(
    "compare_fn",
    [
        lambda best_eval_result: True,
        lambda current_eval_result: True,
        lambda best_eval_result, current_eval_result, other: True,
        lambda a, b: True,
    ],
)
def test_a_function_of_other_arguments_is_refused(compare_fn: Any) -> None:
    with pytest.raises(ValueError, match="called by keyword with best_eval_result and"):
        BestExporter(compare_fn=compare_fn)


def test_no_function_is_refused() -> None:
    with pytest.raises(ValueError, match=r"compare_fn must be a function.*received None"):
        BestExporter(compare_fn=None)  # type: ignore[arg-type]


def test_function_and_metric_together_are_refused() -> None:
    compare_fn = functools.partial(lambda **results: True)
    BestExporter(compare_fn=compare_fn)
    with pytest.raises(ValueError, match="either compare_fn or metric and mode, not both"):
        BestExporter(compare_fn=compare_fn, metric="accuracy")
    with pytest.raises(ValueError, match="mode must be 'min' or 'max'; received 'up'"):
        BestExporter(metric="accuracy", mode="up")  # type: ignore[arg-type]


def test_exports_to_keep_must_be_positive() -> None:
    with pytest.raises(ValueError, match="positive number"):
        BestExporter(exports_to_keep=0)


def test_only_the_newest_bests_are_kept(export: Export, export_path: Path) -> None:
    exporter = BestExporter(exports_to_keep=2)
    assert all(export(exporter, loss) for loss in (0.5, 0.4, 0.3))
    assert len(list(export_path.glob("[0-9]*"))) == 2


def test_the_checkpoint_tells_the_step_where_the_result_does_not(
    estimator: Any, export_path: Path
) -> None:
    (export_path / "1500000000").mkdir(parents=True)
    _write_events(estimator.model_dir + "/eval", {100: 50.0}, v2=False)
    exported = [
        BestExporter().export(
            estimator=estimator,
            export_path=str(export_path),
            checkpoint_path=f"model.ckpt-{step}",
            eval_result={"loss": 50.0},
            is_the_final_export=False,
        )
        for step in (200, 100)
    ]
    assert [path is not None for path in exported] == [False, True]


@pytest.mark.parametrize("v2", [False, True])
class TestAFolderOfTheOriginal:
    """Exports are there, `best_result.json` is not: the event files say what was best."""

    @pytest.fixture(autouse=True)
    def _exported_before(self, export_path: Path) -> None:
        (export_path / "1500000000").mkdir(parents=True)

    def test_the_events_must_be_beaten(self, export: Export, estimator: Any, v2: bool) -> None:
        _write_events(estimator.model_dir + "/eval", {1: 60.0, 2: 50.0, 3: 55.0}, v2=v2)
        assert not export(BestExporter(), 51.0)
        assert export(BestExporter(), 49.0)

    def test_its_own_event_does_not_stand_in_the_way(
        self, export: Export, estimator: Any, v2: bool
    ) -> None:
        _write_events(estimator.model_dir + "/eval", {1: 60.0, 100: 50.0}, v2=v2)
        assert export(BestExporter(), 50.0, step=100)

    def test_a_damaged_tail_is_skipped(self, export: Export, estimator: Any, v2: bool) -> None:
        file = _write_events(estimator.model_dir + "/eval", {1: 50.0, 2: 1.0}, v2=v2)
        file.write_bytes(file.read_bytes()[:-5])
        assert not export(BestExporter(), 51.0)
        assert export(BestExporter(), 49.0)

    def test_an_event_without_values_is_ignored(
        self, export: Export, estimator: Any, v2: bool
    ) -> None:
        folder = estimator.model_dir + "/eval"
        with tf.Graph().as_default():
            writer = tf.compat.v1.summary.FileWriter(folder)
            writer.add_summary(tf.compat.v1.Summary(), 1)
            writer.add_graph(tf.compat.v1.get_default_graph())
            writer.close()
        _write_events(folder, {2: 50.0}, v2=v2)
        assert not export(BestExporter(), 51.0)
        assert export(BestExporter(), 49.0)

    def test_other_event_files_and_no_pattern(
        self, export: Export, estimator: Any, v2: bool
    ) -> None:
        _write_events(estimator.model_dir + "/eval_named", {1: 50.0}, v2=v2)
        named = BestExporter(event_file_pattern="eval_named/*.tfevents.*")
        assert not export(named, 51.0)
        assert export(BestExporter(event_file_pattern=None), 51.0)


def test_the_first_export_into_an_empty_folder_is_unconditional(
    export: Export, estimator: Any
) -> None:
    _write_events(estimator.model_dir + "/eval", {1: 50.0, 2: 60.0}, v2=False)
    exporter = BestExporter()
    assert [export(exporter, loss) for loss in (100.0, 10.0, 20.0)] == [True, True, False]


@given(st.lists(st.floats(width=32), min_size=1, max_size=20))
def test_what_is_remembered_is_what_was_best(losses: list[float]) -> None:
    from kerasrun.exporters.better import loss_smaller

    best = {"loss": losses[0]}
    for loss in losses[1:]:
        if loss_smaller(best_eval_result=best, current_eval_result={"loss": loss}):
            best = {"loss": loss}
    numbers = [loss for loss in losses if not math.isnan(loss)]
    assert best["loss"] == min(numbers) if numbers else math.isnan(best["loss"])
