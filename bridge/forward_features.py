"""`forward_features`: features among the predictions, such as a key to tell examples apart."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from kerasrun.bridge.estimator import Estimator
from kerasrun.bridge.hooks.hook_calls import HookCalls
from kerasrun.bridge.keras_signatures import PREDICT, SERVING_DEFAULT
from kerasrun.bridge.mode_keys import ModeKeys
from kerasrun.bridge.program import Program
from kerasrun.bridge.suggest import did_you_mean
from kerasrun.exporters import Signature, TracedReceiver

Outputs = dict[str, tf.Tensor]


def forward_features(
    estimator: Estimator,
    keys: str | Sequence[str] | None = None,
    sparse_default_values: Mapping[str, Any] | None = None,
) -> Estimator:
    """Returns an Estimator whose predictions have features too; see `tf.contrib.estimator`.

    `predict` answers with them, and so do exports: their signatures `serving_default` and
    `predict`. It shares the model, the `model_dir` and the config of the given one. Its features
    must be a dict.

    Args:
        estimator: The Estimator.
        keys: Which features. None: all of them.
        sparse_default_values: For sparse features, by key: what stands where there is no value.

    Raises:
        TypeError: A key is no string.
        ValueError: There is none; or later, when it predicts: there is no such feature, or it is
            sparse and has no default value, or a prediction has the name.
    """
    chosen = [keys] if isinstance(keys, str) else None if keys is None else list(keys)
    if chosen is not None and not chosen:
        raise ValueError("forward_features: keys is empty; None stands for all features.")
    for key in chosen or ():
        if not isinstance(key, str):
            raise TypeError(f"forward_features: keys must be strings; received {key!r}.")
    program = _WithFeatures(estimator.program, chosen, dict(sparse_default_values or {}))
    return Estimator.of(program, config=estimator.config, params=estimator.params)


class _WithFeatures:
    """A program with features in its predictions; otherwise as it is."""

    bare_prediction = None  # there is more than one

    def __init__(
        self, program: Program, keys: Sequence[str] | None, defaults: Mapping[str, Any]
    ) -> None:
        self._program, self._keys, self._defaults = program, keys, defaults

    def __getattr__(self, name: str) -> Any:
        return getattr(self._program, name)

    def predict_step(self, features: Any) -> Outputs:
        """The predictions, and the features."""
        return self._with_features(self._program.predict_step(features), features)

    def hook_session(self, mode: str, *args: Any, **kwargs: Any) -> HookCalls:
        """That of the program; where it predicts itself, the features are added."""
        session = self._program.hook_session(mode, *args, **kwargs)
        predict = session.step
        if mode == ModeKeys.PREDICT and predict is not None:
            session.step = lambda batch: self._with_features(predict(batch), batch.features)
        return session

    def serving_signatures(self, receiver: TracedReceiver) -> list[Signature]:
        """Those of the program; the two that answer with all predictions get the features."""
        answering: dict[Any, Any] = {}  # signatures of one function have one here, too

        def with_features(signature: Signature) -> Signature:
            if signature.name not in (SERVING_DEFAULT, PREDICT):
                return signature
            if signature.method_name != tf.saved_model.PREDICT_METHOD_NAME:
                return signature
            function = signature.function
            made = answering.setdefault(function, self._answering(function))
            return dataclasses.replace(signature, function=made)

        return [with_features(each) for each in self._program.serving_signatures(receiver)]

    def _answering(self, function: Callable[[Any], Mapping[str, Any]]) -> Callable[[Any], Outputs]:
        return lambda features: self._with_features(function(features), features)

    def _with_features(self, outputs: Mapping[str, Any], features: Any) -> Outputs:
        if not isinstance(features, Mapping):
            raise ValueError(
                f"forward_features needs features in a dict; they are {type(features).__name__}."
            )
        found = dict(outputs)
        for key in features if self._keys is None else self._keys:
            if key not in features:
                raise ValueError(
                    f"forward_features: there is no feature {key!r}; there are "
                    f"{sorted(features)}.{did_you_mean(key, features)}"
                )
            if key in outputs:
                raise ValueError(
                    f"forward_features: a prediction is called {key!r} already; predictions are "
                    f"{sorted(outputs)}."
                )
            found[key] = self._dense(key, features[key])
        return found

    def _dense(self, key: str, feature: Any) -> tf.Tensor:
        if not isinstance(feature, tf.SparseTensor):
            return tf.identity(feature)
        if key not in self._defaults:
            raise ValueError(
                f"forward_features: the feature {key!r} is sparse; give sparse_default_values="
                f"{{{key!r}: ...}}, what stands where there is no value."
            )
        return tf.sparse.to_dense(feature, self._defaults[key])
