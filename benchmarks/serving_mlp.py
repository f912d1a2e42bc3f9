"""A large model to serve: 1,024 numbers in, 31 million parameters, ten numbers out.

Usage: python -m benchmarks.serving_mlp FOLDER (writes a SavedModel, and prints how large it is)
"""

import itertools
import json
import sys

INPUTS = 1024
_SIZES = (INPUTS, 4096, 4096, 2500, 10)


def main() -> None:
    """Writes it, with weights made at random."""
    import tensorflow as tf

    module = tf.Module()
    module.weights = [
        tf.Variable(tf.random.normal([before, after], stddev=before**-0.5, seed=1))
        for before, after in itertools.pairwise(_SIZES)
    ]

    def call(x: tf.Tensor) -> dict[str, tf.Tensor]:
        for weight in module.weights[:-1]:
            x = tf.nn.relu(x @ weight)
        return {"y": x @ module.weights[-1]}

    spec = tf.TensorSpec([None, INPUTS], tf.float32, name="x")
    tf.saved_model.save(module, sys.argv[1], tf.function(call, input_signature=[spec]))
    print(json.dumps(sum(int(tf.size(weight)) for weight in module.weights)))


if __name__ == "__main__":
    main()
