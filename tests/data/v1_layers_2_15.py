"""Writes v1_layers_2_15.npz: what TensorFlow 2.15 computes of tests' layers and cells.

In an environment of its own, from the folder above tests/:

    python -m venv .venv-legacy
    .venv-legacy/bin/pip install tensorflow-cpu==2.15.1
    PYTHONPATH=. .venv-legacy/bin/python tests/data/v1_layers_2_15.py

The file holds, for each case, names, outputs, gradients and more (`CASE/outputs`, …), from
weights that are `pattern(shape)`.
"""

from pathlib import Path

import numpy as np

PATH = Path(__file__).with_suffix(".npz")


def main() -> None:
    """Computes and writes."""
    import tensorflow as tf

    from tests.bridge.v1_layers import cases

    v1 = tf.compat.v1
    found = {
        f"{name}/{key}": value
        for name, case in cases.all_cases(v1.layers, v1.nn.rnn_cell).items()
        for key, value in cases.computed(case).items()
    }
    found["signatures"] = np.array(cases.signatures(v1.layers, v1.nn.rnn_cell))
    np.savez_compressed(PATH, **found)
    print(f"{PATH}: {PATH.stat().st_size} bytes, {len(found)} arrays")


if __name__ == "__main__":
    main()
