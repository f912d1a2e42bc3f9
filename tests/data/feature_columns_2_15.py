"""Writes feature_columns_2_15.npz: what TensorFlow 2.15 computes of tests' feature columns.

In an environment of its own, from the folder above tests/:

    python -m venv .venv-legacy
    .venv-legacy/bin/pip install tensorflow-cpu==2.15.1
    PYTHONPATH=. .venv-legacy/bin/python tests/data/feature_columns_2_15.py

The file holds the rows (`features/KEY`) and the values of each variant (`dense/NAME`, …), from
weights that are `pattern(shape)`.
"""

import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

PATH = Path(__file__).with_suffix(".npz")


def main() -> None:
    """Computes and writes."""
    import tensorflow as tf

    from tests.bridge.feature_columns import variants

    linear_model = import_module("tensorflow_estimator.python.estimator.canned.linear")
    features = variants.rows()
    tensors = variants.tensors(features)
    found: dict[str, Any] = {f"features/{key}": value for key, value in features.items()}
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as vocabulary:
        vocabulary.write("\n".join(variants.COLORS) + "\n")
        vocabulary.flush()
        for name, columns in variants.dense(vocabulary.name).items():
            found[f"dense/{name}"] = _called(tf.keras.layers.DenseFeatures(columns), tensors)
        for name, columns in variants.linear(vocabulary.name).items():
            for units, combiner in ((1, "sum"), (2, "mean"), (3, "sqrtn")):
                model = linear_model.LinearModel(columns, units, combiner)
                found[f"linear/{name} {units} {combiner}"] = _called(model, tensors)
        for name, columns in variants.sequences().items():
            layer = tf.keras.experimental.SequenceFeatures(columns)
            values, steps = _called(layer, tensors)
            found[f"sequences/{name}"], found[f"steps/{name}"] = values, steps
    found["dense/shared"] = _shared(tf, features, variants)
    np.savez_compressed(PATH, **found)
    print(f"{PATH}: {PATH.stat().st_size} bytes, {len(found)} arrays")


def _called(layer: Any, features: Any) -> Any:
    from tests.bridge.feature_columns.variants import pattern

    layer(features)
    layer.set_weights([pattern(weight.shape) for weight in layer.weights])
    outputs = layer(features)
    return [one.numpy() for one in outputs] if isinstance(outputs, tuple) else outputs.numpy()


def _shared(tf: Any, features: Any, variants: Any) -> Any:
    """In a graph: shared_embeddings refuses anything else."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        columns = variants.shared(tf.feature_column.shared_embeddings)
        outputs = tf.keras.layers.DenseFeatures(columns)(variants.tensors(features))
        (table,) = tf.compat.v1.global_variables()
        session.run(tf.compat.v1.tables_initializer())
        table.load(variants.pattern(table.shape), session)
        return session.run(outputs)


if __name__ == "__main__":
    main()
