"""A model that gets its shapes from data is built by those of an input function."""

import keras
import tensorflow as tf

from kerasrun.bridge.feature_keys import FeatureKeys
from kerasrun.bridge.input_pipeline import InputFn, dataset_from
from kerasrun.bridge.mode_keys import ModeKeys
from kerasrun.bridge.run_config import RunConfig
from kerasrun.bridge.symbolic_build import call_symbolically
from kerasrun.bridge.symbols import symbol_of


def build_for(model: keras.Model, input_fn: InputFn) -> None:
    """Makes the weights of a model for the features that `input_fn` gives; no batch is read.

    Args:
        model: A model that is not built.
        input_fn: As `Estimator.evaluate` takes it.

    Raises:
        KeyError: The features lack a key that the model asks for.
    """
    spec = dataset_from(input_fn, ModeKeys.EVAL, {}, RunConfig()).element_spec
    features = FeatureKeys(model).features(spec.features)
    call_symbolically(model, tf.nest.map_structure(symbol_of, features))
