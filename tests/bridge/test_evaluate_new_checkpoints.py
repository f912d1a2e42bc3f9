"""The separate evaluator: it evaluates what a training elsewhere saves."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import pytest

from kerasrun import estimator as tf_estimator
from kerasrun.bridge.watching import evaluate_new_checkpoints
from tests.bridge.conftest import Recorder, plain_model


@pytest.fixture
def model() -> keras.Model:
    """What is trained does not matter here."""
    return plain_model()


class Clock:
    """Time that passes only where somebody sleeps; what is to happen happens then."""

    def __init__(self, *happenings: Callable[[], Any]) -> None:
        self.now = 0.0
        self.slept: list[float] = []
        self._happenings = list(happenings)

    def __call__(self) -> float:
        return self.now

    def sleep(self, secs: float) -> None:
        self.slept.append(secs)
        self.now += secs
        if self._happenings:
            self._happenings.pop(0)()


class Noting(tf_estimator.Exporter):
    """Writes down the step of each call, and whether it is the final one."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, bool]] = []

    @property
    def name(self) -> str:
        return "noting"

    def export(self, **given: Any) -> str:  # type: ignore[override]
        assert given["checkpoint_path"].endswith(f"-{given['eval_result']['global_step']}")
        step = int(given["eval_result"]["global_step"])
        self.calls.append((step, given["is_the_final_export"]))
        return f"export of {step}"


@pytest.fixture
def trained(endless: Any, make_estimator: Any) -> Callable[[int], Callable[[], Any]]:
    """What trains, when it is called, another Estimator of the same folder to `max_steps`."""
    return lambda max_steps: (
        lambda: make_estimator(plain_model()).train(endless, max_steps=max_steps)
    )


@pytest.fixture
def warnings() -> Iterator[list[str]]:
    texts: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            texts.append(record.getMessage())

    handler, logger = Kept(logging.WARNING), logging.getLogger("tensorflow")
    logger.addHandler(handler)
    yield texts
    logger.removeHandler(handler)


def test_each_new_checkpoint_is_evaluated_and_exported_until_max_steps(
    model: keras.Model, input_fn: Any, make_estimator: Any, recorder: Recorder, trained: Any
) -> None:
    trained(2)()
    exporter, estimator = Noting(), make_estimator(model)
    estimator.add_observer(recorder)
    clock = Clock(lambda: None, trained(4), lambda: None, trained(6))
    spec = tf_estimator.EvalSpec(
        input_fn, steps=None, exporters=exporter, start_delay_secs=0, throttle_secs=0
    )
    result, exports = evaluate_new_checkpoints(estimator, spec, 6, clock=clock, sleep=clock.sleep)
    assert recorder.evaluations == [2, 4, 6]
    assert exporter.calls == [(2, False), (4, False), (6, True)]
    assert result == estimator.evaluate(input_fn)
    assert exports == ["export of 6"]


def test_the_newest_is_taken_and_that_of_step_0_too(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any, recorder: Recorder
) -> None:
    estimator = make_estimator(model)
    estimator.add_observer(recorder)

    class Diverging(tf_estimator.SessionRunHook):
        def after_run(self, run_context: Any, run_values: Any) -> None:
            raise ValueError("diverged")

    def train_by_single_steps() -> None:
        make_estimator(plain_model(), save_checkpoints_steps=1).train(endless, max_steps=5)

    with pytest.raises(ValueError, match="diverged"):
        make_estimator(plain_model()).train(endless, hooks=[Diverging()])
    clock = Clock(lambda: None, train_by_single_steps)
    spec = tf_estimator.EvalSpec(input_fn, start_delay_secs=0, throttle_secs=0)
    evaluate_new_checkpoints(estimator, spec, 5, clock=clock, sleep=clock.sleep)
    assert recorder.evaluations == [0, 5]


def test_it_waits_before_the_first_and_between_evaluations(
    model: keras.Model, input_fn: Any, make_estimator: Any, trained: Any
) -> None:
    clock = Clock(trained(1), trained(2))
    spec = tf_estimator.EvalSpec(input_fn, start_delay_secs=90, throttle_secs=30)
    evaluate_new_checkpoints(make_estimator(model), spec, 2, clock=clock, sleep=clock.sleep)
    assert clock.slept == [90, 30]


def test_throttle_secs_count_from_the_start_of_an_evaluation(
    model: keras.Model, input_fn: Any, make_estimator: Any, trained: Any
) -> None:
    def slow_input_fn() -> Any:
        clock.now += 20
        return input_fn()

    clock = Clock(trained(1), trained(2))
    spec = tf_estimator.EvalSpec(slow_input_fn, start_delay_secs=0, throttle_secs=30)
    evaluate_new_checkpoints(make_estimator(model), spec, 2, clock=clock, sleep=clock.sleep)
    assert clock.slept[0] == 0
    assert clock.slept[1] <= 10, "an evaluation of 20 s leaves 10 s at most"


def test_it_says_that_it_waits_but_not_often(
    model: keras.Model, input_fn: Any, make_estimator: Any, trained: Any, warnings: list[str]
) -> None:
    idle: list[Callable[[], Any]] = [lambda: None] * 700
    clock = Clock(*idle, trained(1), *idle, trained(2))
    estimator = make_estimator(model)
    spec = tf_estimator.EvalSpec(input_fn, start_delay_secs=0, throttle_secs=0)
    evaluate_new_checkpoints(estimator, spec, 2, clock=clock, sleep=clock.sleep)
    folder = estimator.model_dir
    assert warnings == [
        f"Waiting: there is no checkpoint in {folder} yet.",
        f"Waiting: there is no checkpoint in {folder} yet.",
        f"Waiting: there is no checkpoint after step 1 in {folder} yet.",
    ]
    assert max(clock.slept) == 1, "it looks every second"


def test_it_ends_with_the_training_when_its_last_checkpoint_is_done(
    model: keras.Model, input_fn: Any, make_estimator: Any, recorder: Recorder, trained: Any
) -> None:
    """The training is over before the evaluator sees its last checkpoint."""
    exporter, estimator = Noting(), make_estimator(model)
    estimator.add_observer(recorder)
    over: list[bool] = []

    def train_and_be_over() -> None:
        trained(5)()
        over.append(True)

    clock = Clock(trained(3), train_and_be_over)
    spec = tf_estimator.EvalSpec(input_fn, exporters=exporter, start_delay_secs=0, throttle_secs=0)
    _, exports = evaluate_new_checkpoints(
        estimator, spec, until=lambda: bool(over), clock=clock, sleep=clock.sleep
    )
    assert recorder.evaluations == [3, 5]
    assert [step for step, _ in exporter.calls] == [3, 5]
    assert exports == ["export of 5"]


def test_exporters_that_declined_are_told_of_the_end(
    model: keras.Model, input_fn: Any, make_estimator: Any, trained: Any
) -> None:
    trained(3)()
    spec = tf_estimator.EvalSpec(
        input_fn, exporters=tf_estimator.FinalExporter("final"), start_delay_secs=0
    )
    _, exports = evaluate_new_checkpoints(
        make_estimator(model), spec, until=lambda: True, sleep=lambda secs: None
    )
    assert exports is not None
    assert Path(exports[0]).is_dir()


def test_a_training_without_a_checkpoint_gives_no_result(
    model: keras.Model, input_fn: Any, make_estimator: Any
) -> None:
    spec = tf_estimator.EvalSpec(input_fn, start_delay_secs=0)
    outcome = evaluate_new_checkpoints(make_estimator(model), spec, until=lambda: True)
    assert outcome == (None, None)


def test_every_steps_takes_each_multiple_and_the_last(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any, recorder: Recorder
) -> None:
    make_estimator(plain_model(), save_checkpoints_steps=1, keep_checkpoint_max=0).train(
        endless, max_steps=7
    )
    estimator = make_estimator(model)
    estimator.add_observer(recorder)
    spec = tf_estimator.EvalSpec(input_fn, every_steps=3, start_delay_secs=0)
    evaluate_new_checkpoints(estimator, spec, 7, sleep=lambda secs: None)
    assert recorder.evaluations == [0, 3, 6, 7]


def test_it_writes_nothing_but_its_evaluations(
    model: keras.Model, input_fn: Any, make_estimator: Any, trained: Any
) -> None:
    trained(3)()
    estimator = make_estimator(model)
    folder = Path(estimator.model_dir)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    spec = tf_estimator.EvalSpec(input_fn, name="apart", start_delay_secs=0)
    evaluate_new_checkpoints(estimator, spec, 3)
    after = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    new = {path.parent.name for path in after if after[path] != before.get(path)}
    assert new == {"eval_apart"}


def test_a_checkpoint_that_the_training_removes_is_passed_over(
    model: keras.Model, input_fn: Any, make_estimator: Any, recorder: Recorder, trained: Any
) -> None:
    """It is there when it is chosen, and gone when it is to be loaded."""
    trained(1)()
    estimator = make_estimator(model)
    estimator.add_observer(recorder)
    folder = Path(estimator.model_dir)

    def input_fn_that_takes_long() -> Any:
        if not (folder / "model.ckpt-2.index").exists():
            trained(2)()
            (folder / "model.ckpt-1.index").unlink()
        return input_fn()

    spec = tf_estimator.EvalSpec(input_fn_that_takes_long, start_delay_secs=0, throttle_secs=0)
    evaluate_new_checkpoints(estimator, spec, 2)
    assert recorder.evaluations == [2]


def test_an_error_of_the_evaluation_ends_it(
    model: keras.Model, make_estimator: Any, trained: Any
) -> None:
    trained(1)()

    def broken() -> Any:
        raise ValueError("no such data")

    spec = tf_estimator.EvalSpec(broken, start_delay_secs=0)
    with pytest.raises(ValueError, match="no such data"):
        evaluate_new_checkpoints(make_estimator(model), spec, 1)
