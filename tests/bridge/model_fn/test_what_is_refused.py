"""What an Estimator is given, and what a `model_fn` returns, is checked."""

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from tests.bridge.model_fn.programs import X


def made(function: Any, model_dir: Path, **arguments: Any) -> Any:
    return tf_estimator.Estimator(function, str(model_dir), **arguments)


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda labels, mode: None, ValueError, "must take an argument 'features'"),
        (lambda features, extra: None, ValueError, "asks for extra"),
        (7, TypeError, "model_fn must be a function; received 7"),
    ],
)
def test_a_function_that_does_not_fit_is_refused(
    tmp_path: Path, function: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        made(function, tmp_path)


def test_what_it_returns_is_checked(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must return an EstimatorSpec"):
        made(lambda features: features, tmp_path / "a").train(lambda: ({"x": X}, None), steps=1)
    with pytest.raises(ValueError, match="takes no argument 'params'"):
        made(lambda features: features, tmp_path / "b", params={"rate": 1})
    spec = tf_estimator.EstimatorSpec
    with pytest.raises(ValueError, match="needs loss; it is missing"):
        spec("train")
    with pytest.raises(ValueError, match=r"one of .*; received 'training'.*mean 'train'"):
        spec("training")
    with pytest.raises(ValueError, match=r"loss must be a scalar.*\(3,\)"):
        spec("eval", loss=tf.zeros([3]))
    output = tf_estimator.export.PredictOutput(tf.zeros([3]))
    with pytest.raises(ValueError, match="one must be called 'serving_default'"):
        spec("infer", tf.zeros([3]), export_outputs={"a": output, "b": output})
