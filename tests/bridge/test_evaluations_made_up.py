"""Evaluations and exports that a killed training left undone are made up, each once."""

import errno
import json
import os
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from kerasrun.bridge.observer import Observer
from tests.bridge.conftest import Recorder, plain_model


class Killed(BaseException):
    """Ends everything at once, as SIGKILL does: nothing handles it."""


class KilledWhen(Observer):
    """Raises when the `n`th thing of one kind is told."""

    def __init__(self, what: str, n: int) -> None:
        self._what, self._left = what, n

    def _count(self, what: str) -> None:
        self._left -= what == self._what
        if self._left == 0 and what == self._what:
            raise Killed

    def checkpoint_saved(self, path: str, step: int) -> None:
        self._count("saved")

    def evaluated(self, name: str | None, result: Any, checkpoint_path: str) -> None:
        self._count("evaluated")

    def exported(self, exporter_name: str, path: str, examples: int, difference: float) -> None:
        self._count("exported")


class InterruptAt(tf_estimator.SessionRunHook):
    """Presses Ctrl-C after so many steps."""

    def __init__(self, step: int) -> None:
        self._step = step

    def next_iteration(self, done: int) -> int:
        return self._step

    def after_run(self, run_context: Any, run_values: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)


def estimator_in(folder: Path, *observers: Observer) -> tf_estimator.Estimator:
    """What a new process would make of the same program."""
    config = tf_estimator.RunConfig(save_checkpoints_steps=3)
    estimator = tf_estimator.model_to_estimator(plain_model(), model_dir=folder, config=config)
    for observer in observers:
        estimator.add_observer(observer)
    return estimator


def run(
    folder: Path,
    train_input_fn: Any,
    eval_input_fn: Any,
    *observers: Observer,
    max_steps: int | None = 9,
    hooks: Sequence[Any] = (),
    **spec: Any,
) -> Any:
    """Trains and evaluates."""
    exporters = [
        tf_estimator.LatestExporter("latest", exports_to_keep=1),
        tf_estimator.BestExporter("best"),
        tf_estimator.FinalExporter("final"),
    ]
    given: dict[str, Any] = {"throttle_secs": 0, "exporters": exporters, **spec}
    return tf_estimator.train_and_evaluate(
        estimator_in(folder, *observers),
        tf_estimator.TrainSpec(train_input_fn, max_steps=max_steps, hooks=hooks),
        tf_estimator.EvalSpec(eval_input_fn, **given),
    )


def exports(folder: Path) -> dict[str, int]:
    names = [path.parent.name for path in folder.glob("export/*/*") if path.name.isdigit()]
    return {name: names.count(name) for name in sorted(set(names))}


@pytest.fixture(scope="module")
def unbroken_run(flowers: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """The folder of a run that was left alone, and its last result."""
    folder = tmp_path_factory.mktemp("unbroken") / "model_dir"
    features, labels = flowers

    def input_fn() -> tf.data.Dataset:
        return tf.data.Dataset.from_tensor_slices(({"iris_input": features}, labels)).batch(8)

    result, _ = run(folder, lambda: input_fn().repeat(), input_fn, max_steps=6)
    return folder, result


@pytest.mark.parametrize(
    ("what", "n"),
    [
        *[("saved", n) for n in (1, 2)],
        ("evaluated", 1),
        *[("exported", n) for n in (1, 2, 5)],  # two of an evaluation, and the last
    ],
)
def test_after_a_kill_it_comes_to_the_same(
    what: str,
    n: int,
    unbroken_run: tuple[Path, Any],
    endless: Any,
    input_fn: Any,
    scalars: Any,
    tmp_path: Path,
) -> None:
    killed = tmp_path / "killed"
    with pytest.raises(Killed):
        run(killed, endless, input_fn, KilledWhen(what, n), max_steps=6)
    result, _ = run(killed, endless, input_fn, max_steps=6)
    unbroken, expected = unbroken_run
    assert result == expected
    assert scalars(f"{killed}/eval") == scalars(f"{unbroken}/eval")
    assert exports(killed) == exports(unbroken) == {"best": 2, "final": 1, "latest": 1}
    assert best_result(killed) == best_result(unbroken)


def best_result(folder: Path) -> Any:
    return json.loads((folder / "export/best/best_result.json").read_text())["eval_result"]


def test_a_finished_training_leaves_nothing_to_make_up(
    unbroken_run: tuple[Path, Any], endless: Any, input_fn: Any, recorder: Recorder, tmp_path: Path
) -> None:
    finished = shutil.copytree(unbroken_run[0], tmp_path / "finished")
    assert run(finished, endless, input_fn, recorder, max_steps=6) == (None, None)
    assert recorder.evaluations == []
    assert recorder.exports == []


def test_a_checkpoint_that_was_saved_for_an_interruption_is_not_evaluated(
    endless: Any, input_fn: Any, recorder: Recorder, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, endless, input_fn, hooks=[InterruptAt(4)], exporters=())
    run(tmp_path, endless, input_fn, recorder, exporters=())
    assert recorder.evaluations == [6, 9]


def test_what_the_user_evaluated_at_an_interruption_stays(
    endless: Any, input_fn: Any, scalars: Any, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, endless, input_fn, hooks=[InterruptAt(4)], exporters=())
    estimator_in(tmp_path).evaluate(input_fn)
    run(tmp_path, endless, input_fn, exporters=())
    assert [step for step, _ in scalars(f"{tmp_path}/eval")["loss"]] == [3, 4, 6, 9]


def test_data_that_ended_are_not_trained_on_again_for_a_missing_evaluation(
    input_fn: Any, recorder: Recorder, tmp_path: Path
) -> None:
    with pytest.raises(Killed):  # the data are four batches: checkpoints 0, 3 and 4
        run(tmp_path, input_fn, input_fn, KilledWhen("saved", 3), max_steps=None)
    run(tmp_path, input_fn, input_fn, recorder, max_steps=None)
    assert recorder.evaluations == [4]
    assert recorder.checkpoints == []
    assert exports(tmp_path)["final"] == 1


def test_throttled_evaluations_stay_throttled(
    endless: Any, input_fn: Any, recorder: Recorder, tmp_path: Path
) -> None:
    def throttled(observer: Observer) -> None:
        how: dict[str, Any] = {"throttle_secs": 600, "exporters": ()}
        run(tmp_path, endless, input_fn, observer, max_steps=12, **how)

    with pytest.raises(Killed):  # of 3, 6, 9, 12 only the first and the last are evaluated
        throttled(KilledWhen("saved", 3))
    throttled(recorder)
    assert recorder.evaluations == [12]


def test_those_of_several_specs_are_made_up_each_for_itself(
    endless: Any, input_fn: Any, scalars: Any, tmp_path: Path
) -> None:
    def several(folder: str, *observers: Observer) -> None:
        estimator = estimator_in(tmp_path / folder, *observers)
        specs = [
            tf_estimator.EvalSpec(input_fn, throttle_secs=0),
            tf_estimator.EvalSpec(input_fn, name="seldom", every_steps=4),
        ]
        tf_estimator.train_and_evaluate(estimator, tf_estimator.TrainSpec(endless, 8), specs)

    several("unbroken")
    for n in (1, 3):  # amid the first spec's, and the second's
        with pytest.raises(Killed):
            several(f"killed {n}", KilledWhen("evaluated", n))
        several(f"killed {n}")
        for folder in ("eval", "eval_seldom"):
            found = scalars(f"{tmp_path}/killed {n}/{folder}")
            assert found == scalars(f"{tmp_path}/unbroken/{folder}")


class OnAFullDisk(tf_estimator.Exporter):
    """An exporter of one's own, whose disk is full at first."""

    def __init__(self, full_for: int) -> None:
        self._full_for = full_for
        self.exported: list[str] = []

    @property
    def name(self) -> str:
        return "own"

    def export(
        self,
        estimator: Any,
        export_path: str,
        checkpoint_path: str | None,
        eval_result: Any,
        is_the_final_export: bool,
    ) -> str | None:
        self._full_for -= 1
        if self._full_for >= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), export_path)
        self.exported.append(str(checkpoint_path))
        return export_path


def test_an_export_that_has_no_room_does_not_end_the_training(
    endless: Any, input_fn: Any, tmp_path: Path
) -> None:
    exporter, notices = OnAFullDisk(1), Recorder()
    run(tmp_path, endless, input_fn, notices, exporters=exporter)
    assert [path[-1] for path in exporter.exported] == ["6", "9"]
    assert notices.said == [
        "The exporter 'own' could not write the model of step 3: No space left on device. Training "
        "goes on; the next evaluation is exported again."
    ]


def test_the_last_export_without_room_is_an_error_and_is_made_up_for(
    endless: Any, input_fn: Any, tmp_path: Path
) -> None:
    with pytest.raises(OSError, match="No space left"):
        run(tmp_path, endless, input_fn, exporters=OnAFullDisk(3))
    exporter = OnAFullDisk(0)
    run(tmp_path, endless, input_fn, exporters=exporter)
    assert [path[-1] for path in exporter.exported] == ["9"]
