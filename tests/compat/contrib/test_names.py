"""Which names of `tf.contrib` there are, and what is said of the others."""

import subprocess
import sys

import pytest

from kerasrun.compat import contrib
from kerasrun.runs.old_programs.contrib_here import HERE


def test_importing_it_imports_no_tensorflow() -> None:
    code = "import sys, kerasrun.compat.contrib as c; c.part(''); dir(c); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    ).stdout.split()
    assert "kerasrun.compat.contrib" in loaded
    assert not {"tensorflow", "keras", "numpy"} & set(loaded)


@pytest.mark.slow
def test_the_names_are_those_that_doctor_tells_of() -> None:
    names = {f"contrib.{part}.{name}" for part in contrib.__all__ for name in listed(part)}
    assert names == HERE


def listed(part: str) -> list[str]:
    module = getattr(contrib, part)
    names: list[str] = module.__all__
    assert set(names) <= set(dir(module))
    for name in names:
        assert getattr(module, name) is not None
    return names


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "name", "said"),
    [
        ("layers", "fuly_connected", r"no tf.contrib.layers.fuly_connected here. Did you mean 'fu"),
        ("layers", "conv2d_transpose", r"ended with .* 1.15; instead: tf.compat.v1.layers.conv2d_"),
        ("tpu", "TPUEstimator", r"no tf.contrib.tpu.TPUEstimator here.*: tf.estimator.Estimator"),
        ("tpu", "whatever", r"1.15: there are no TPUs here: use tf.estimator.Estimator."),
        ("metrics", "streaming_f1", r"no tf.contrib.metrics.streaming_f1 here"),
        ("learn", "Experiment", r"tf.estimator.train_and_evaluate"),
        ("slim", "nets", r"tf_slim"),
    ],
)
def test_of_another_name_it_is_said_what_to_use(part: str, name: str, said: str) -> None:
    with pytest.raises(AttributeError, match=said):
        getattr(getattr(contrib, part), name)


def test_of_another_part_too() -> None:
    with pytest.raises(AttributeError, match=r"no tf.contrib.boosted_trees here.* YDF"):
        _ = contrib.boosted_trees
    assert not hasattr(contrib, "crf")


@pytest.mark.slow
def test_parts_are_found_by_private_paths() -> None:
    assert contrib.part("layers.python.layers.optimizers") is contrib.layers
    assert contrib.part("learn.python.learn.learn_io") is contrib.learn.learn_io
    assert contrib.part("") is contrib
    assert contrib.part("tpu.python.tpu").__name__.endswith(".tpu")
