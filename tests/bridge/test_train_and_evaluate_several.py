"""Several EvalSpecs in one `train_and_evaluate`: one training, evaluations by name."""

from pathlib import Path
from typing import Any

import keras
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from kerasrun.bridge.observer import Observer


class Named(Observer):
    """Writes down the evaluations as (name, step)."""

    def __init__(self) -> None:
        self.evaluations: list[tuple[str | None, int]] = []

    def evaluated(self, name: str | None, result: Any, checkpoint_path: str) -> None:
        self.evaluations.append((name, int(result["global_step"])))


def test_each_is_evaluated_in_its_own_cadence(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    estimator, named = make_estimator(model, save_checkpoints_steps=4), Named()
    estimator.add_observer(named)
    specs = [
        tf_estimator.EvalSpec(input_fn, throttle_secs=0),
        tf_estimator.EvalSpec(input_fn, name="often", every_steps=3),
        tf_estimator.EvalSpec(input_fn, name="rarely", throttle_secs=600),
    ]
    tf_estimator.train_and_evaluate(estimator, tf_estimator.TrainSpec(endless, 10), specs)
    assert named.evaluations == [
        *[(None, 3), ("often", 3), ("rarely", 3)],
        (None, 4),
        *[(None, 6), ("often", 6)],
        (None, 8),
        *[(None, 9), ("often", 9)],
        *[(None, 10), ("often", 10), ("rarely", 10)],
    ]


def test_results_and_exports_come_by_name(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any, scalars: Any
) -> None:
    estimator = make_estimator(model)
    few = tf_estimator.EvalSpec(
        lambda: input_fn().take(1),
        name="few",
        exporters=[tf_estimator.LatestExporter("few"), tf_estimator.FinalExporter("final")],
    )
    every = tf_estimator.EvalSpec(input_fn, exporters=tf_estimator.LatestExporter("all"))
    results, exports = tf_estimator.train_and_evaluate(
        estimator, tf_estimator.TrainSpec(endless, 3), (few, every)
    )
    assert results == {
        "few": estimator.evaluate(lambda: input_fn().take(1)),
        None: estimator.evaluate(input_fn),
    }
    assert results["few"]["loss"] != results[None]["loss"], "each sees its own data"
    assert exports is not None
    folders = {name: [Path(path).parent.name for path in exports[name]] for name in exports}
    assert folders == {"few": ["few", "final"], None: ["all"]}
    assert [step for step, _ in scalars(estimator.eval_dir("few"))["loss"]] == [3]


def test_a_finished_model_gives_no_results(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    estimator = make_estimator(model).train(endless, steps=3)
    outcome = tf_estimator.train_and_evaluate(
        estimator, tf_estimator.TrainSpec(endless, 3), [tf_estimator.EvalSpec(input_fn)]
    )
    assert outcome == (None, None)


def test_the_training_data_is_read_once(
    model: keras.Model, input_fn: Any, make_estimator: Any
) -> None:
    calls = []

    def train_input_fn(mode: str) -> tf.data.Dataset:
        calls.append(mode)
        return input_fn()

    estimator = make_estimator(model, save_checkpoints_steps=1)
    specs = [tf_estimator.EvalSpec(input_fn, name=name, throttle_secs=0) for name in ("a", "b")]
    results, _ = tf_estimator.train_and_evaluate(
        estimator, tf_estimator.TrainSpec(train_input_fn), specs
    )
    assert calls == ["train"]
    assert results is not None
    assert [result["global_step"] for result in results.values()] == [4, 4], "all four batches"


@pytest.mark.parametrize(
    ("specs", "message"),
    [
        ([], "must hold one EvalSpec at least"),
        ([{}, {}], "each name may be used by one EvalSpec, .* None is used 2 times"),
        ([{}, {"name": ""}], "None is used 2 times"),
        ([{"name": "a"}, {"name": "b"}, {"name": "a"}], "'a' is used 2 times"),
        (
            [
                {"name": "a", "exporters": tf_estimator.LatestExporter("x")},
                {"name": "b", "exporters": tf_estimator.FinalExporter("x")},
            ],
            "each exporter name may be used by one EvalSpec, .* 'x' is used 2 times",
        ),
    ],
)
def test_what_shares_a_folder_is_refused(
    model: keras.Model,
    input_fn: Any,
    make_estimator: Any,
    specs: list[dict[str, Any]],
    message: str,
) -> None:
    made = [tf_estimator.EvalSpec(input_fn, **spec) for spec in specs]
    with pytest.raises(ValueError, match=message):
        tf_estimator.train_and_evaluate(
            make_estimator(model), tf_estimator.TrainSpec(input_fn, 1), made
        )


def test_a_list_holds_eval_specs_only(
    model: keras.Model, input_fn: Any, make_estimator: Any
) -> None:
    specs: Any = [tf_estimator.EvalSpec(input_fn), input_fn]
    with pytest.raises(TypeError, match="of type EvalSpec, or a list of them; received <function"):
        tf_estimator.train_and_evaluate(
            make_estimator(model), tf_estimator.TrainSpec(input_fn, 1), specs
        )
