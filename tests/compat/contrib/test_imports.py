"""How programs import parts of `tf.contrib`."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import tensorflow as tf
import tensorflow.contrib.layers as by_import
from tensorflow.contrib import layers, rnn
from tensorflow.contrib.layers.python.layers import initializers, l2_regularizer
from tensorflow.contrib.training.python.training.hparam import HParams
from tensorflow.contrib.learn.python.learn.learn_io import numpy_input_fn

assert by_import is layers is tf.contrib.layers
assert initializers.xavier_initializer is layers.xavier_initializer
assert (HParams, rnn) == (tf.contrib.training.HParams, tf.contrib.rnn)
try:
    from tensorflow.contrib import crf
except ImportError as error:
    print(error)
try:
    from tensorflow.contrib.layers import fuly_connected
except ImportError as error:
    print(error)
print(tf.placeholder is tf.compat.v1.placeholder)
"""


@pytest.mark.slow
def test_every_way_leads_to_the_same_module(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    code = (
        "from kerasrun._tensorflow_import import import_tensorflow; import_tensorflow()\n"
        "from kerasrun.compat.running import run_program; run_program('program.py')"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    crf, near, same = ran.stdout.splitlines()
    assert crf.startswith("There is no tf.contrib.crf here. tf.contrib ended with TensorFlow 1.15")
    assert "no tf.contrib.layers.fuly_connected here. Did you mean 'fully_connected'?" in near
    assert same == "True"
