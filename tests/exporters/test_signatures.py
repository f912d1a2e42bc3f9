"""Several signatures of one export."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import tensorflow as tf

from kerasrun.exporters import Signature, write_saved_model
from tests.exporters.conftest import linear, raw


def test_two_names_of_one_function_are_one_trace(tmp_path: Path, weight: Any) -> None:
    traces = []
    once = linear(weight, "serving_default")

    def counted(features: Any) -> Any:
        traces.append(features)
        return once.function(features)

    one = [replace(once, function=counted)]
    size = os.path.getsize(os.path.join(_written(tmp_path, one), "saved_model.pb"))
    assert len(traces) == 1
    path = _written(tmp_path, [*one, replace(one[0], name="predict")])
    assert len(traces) == 2
    assert os.path.getsize(os.path.join(path, "saved_model.pb")) < 1.6 * size
    signatures = tf.saved_model.load(path).signatures
    assert [signatures[n](x=tf.ones([1, 2]))["y"].numpy() for n in signatures] == [5.0, 5.0]
    _written(tmp_path, [*one, replace(one[0], name="b", receiver=raw(x=[3, 2]))])
    assert len(traces) == 4, "another receiver is another trace"


def _written(tmp_path: Path, signatures: list[Signature]) -> str:
    return write_saved_model(str(tmp_path), signatures, []).path
