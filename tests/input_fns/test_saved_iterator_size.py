"""A saved iterator does not grow with how fast its batches are taken."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from kerasrun.bridge.loop_graph import one_thread
from kerasrun.input_fns import numpy_input_fn


def test_rows_in_memory_take_little_room_in_a_checkpoint(tmp_path: Path) -> None:
    """tf.data would put a buffer of a thousand batches behind a pipeline that ends without one."""
    rows = np.zeros((120, 4), "float32")
    input_fn = numpy_input_fn({"x": rows}, batch_size=32, num_epochs=None, shuffle=True)
    iterator = iter(input_fn())

    @tf.function(autograph=False)
    def take(count: tf.Tensor) -> Any:
        def one(taken: tf.Tensor) -> tf.Tensor:
            return taken + tf.minimum(tf.size(iterator.get_next()["x"]), 1)

        return tf.while_loop(lambda taken: taken < count, one, [0], parallel_iterations=1)

    for _ in range(3):
        with one_thread():
            take(tf.constant(20_000))
    tf.train.Checkpoint(iterator=iterator).write(str(tmp_path / "position"))
    size = sum(file.stat().st_size for file in tmp_path.glob("position.data-*"))
    assert size < 2**18
