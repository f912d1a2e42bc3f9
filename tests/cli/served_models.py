"""Models of TensorFlow Serving's pages and tests, written as SavedModels."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_times(base: Path, factors: Mapping[int, float]) -> None:
    """A version for each number, which multiplies by its factor."""
    import tensorflow as tf

    class Times(tf.Module):
        def __init__(self, factor: float) -> None:
            super().__init__()
            self.factor = tf.Variable(factor)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def predict(self, x: Any) -> Any:
            return {"y": x * self.factor}

    for version, factor in factors.items():
        model = Times(factor)
        tf.saved_model.save(model, str(base / str(version)), model.predict)


def write_half_plus_three(base: Path) -> None:
    """`x / 2 + 3` as version 123, asked in all three ways."""
    import tensorflow as tf

    examples = tf.TensorSpec([None], tf.string, name="inputs")

    class HalfPlusThree(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.half = tf.Variable(0.5)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def predict(self, x: Any) -> Any:
            return {"y": x * self.half + 3.0}

        @tf.function(input_signature=[examples])
        def regress(self, inputs: Any) -> Any:
            return {"outputs": self._column(inputs)}

        @tf.function(input_signature=[examples])
        def classify(self, inputs: Any) -> Any:
            column = self._column(inputs)
            classes = tf.tile([["few", "many"]], [tf.shape(column)[0], 1])
            return {"scores": tf.concat([column, column + 1], 1), "classes": classes}

        def _column(self, inputs: Any) -> Any:
            spec = {"x": tf.io.FixedLenFeature([1], tf.float32)}
            return tf.io.parse_example(inputs, spec)["x"] * self.half + 3.0

    model = HalfPlusThree()
    signatures = {
        "serving_default": model.predict,
        "tensorflow/serving/regress": model.regress,
        "tensorflow/serving/classify": model.classify,
    }
    tf.saved_model.save(model, str(base / "123"), signatures)


def write_features(base: Path) -> None:
    """Three features of different shapes and kinds, as version 1."""
    import tensorflow as tf

    specs = [
        tf.TensorSpec([None], tf.string, name="tag"),
        tf.TensorSpec([None, 5], tf.int32, name="signal"),
        tf.TensorSpec([None, 2, 2], tf.float32, name="sensor"),
    ]

    @tf.function(input_signature=specs)
    def predict(tag: Any, signal: Any, sensor: Any) -> Any:
        total = tf.cast(tf.reduce_sum(signal, 1), tf.float32) + tf.reduce_sum(sensor, [1, 2])
        return {"name": tag + "!", "total": total}

    tf.saved_model.save(tf.Module(), str(base / "1"), predict)
