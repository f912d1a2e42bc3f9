"""Single steps are profiled."""

from pathlib import Path

import pytest

from kerasrun import estimator as tf_estimator
from tests.bridge.model_fn.programs import input_fn, model_fn


@pytest.mark.slow
def test_profiles_are_written_where_tensorboard_finds_them(tmp_path: Path) -> None:
    hook = tf_estimator.ProfilerHook(save_steps=6, output_dir=str(tmp_path / "profile"))
    tf_estimator.Estimator(model_fn, str(tmp_path / "model"), params={}).train(
        input_fn, max_steps=10, hooks=[hook]
    )
    found = list((tmp_path / "profile" / "plugins" / "profile").rglob("*.xplane.pb"))
    assert found
    assert all(path.stat().st_size for path in found)


def test_when_it_profiles_must_be_told() -> None:
    with pytest.raises(ValueError, match="save_steps or save_secs, one of them"):
        tf_estimator.ProfilerHook(output_dir="x")
    with pytest.raises(ValueError, match="-1 is not above 0"):
        tf_estimator.ProfilerHook(save_steps=-1)
    assert tf_estimator.ProfilerHook(save_steps=6).next_iteration(0) == 1
    assert tf_estimator.ProfilerHook(save_steps=6).next_iteration(1) == 7
