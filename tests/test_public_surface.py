"""The public names, and what importing them costs."""

import subprocess
import sys

import pytest

import kerasrun
import kerasrun.estimator
import kerasrun.export
import kerasrun.feature_columns
import kerasrun.inputs


@pytest.mark.parametrize(
    "module",
    [
        kerasrun,
        kerasrun.estimator,
        kerasrun.export,
        kerasrun.feature_columns,
        kerasrun.inputs,
    ],
)
def test_every_name_is_there_and_sorted(module: object) -> None:
    names = module.__all__  # type: ignore[attr-defined]
    assert names == sorted(names)
    for name in names:
        assert getattr(module, name).__doc__, name
        assert name in dir(module)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'kerasrun' has no attribute 'Estimater'"):
        _ = kerasrun.Estimater


@pytest.mark.parametrize(
    "module",
    [
        "kerasrun",
        "kerasrun.estimator",
        "kerasrun.export",
        "kerasrun.feature_columns",
        "kerasrun.inputs",
    ],
)
def test_importing_imports_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    ).stdout.split()
    assert module in loaded
    assert not {"tensorflow", "keras", "pandas", "numpy"} & set(loaded)


def test_the_namespace_has_the_shape_of_tf_estimator() -> None:
    from kerasrun import estimator as tf_estimator

    assert tf_estimator.export.ServingInputReceiver.__name__ == "ServingInputReceiver"
    assert tf_estimator.Estimator is kerasrun.Estimator
    assert tf_estimator.TrainSpec is kerasrun.TrainSpec
