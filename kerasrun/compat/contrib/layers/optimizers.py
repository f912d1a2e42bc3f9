"""`optimize_loss`: the operation that does one update, in one call."""

import numbers
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.suggest import did_you_mean

Gradients = list[tuple[Any, Any]]

OPTIMIZER_CLS_NAMES: dict[str, Callable[..., Any]] = {
    "Adagrad": v1.train.AdagradOptimizer,
    "Adam": v1.train.AdamOptimizer,
    "Ftrl": v1.train.FtrlOptimizer,
    "Momentum": lambda learning_rate: v1.train.MomentumOptimizer(learning_rate, momentum=0.9),
    "RMSProp": v1.train.RMSPropOptimizer,
    "SGD": v1.train.GradientDescentOptimizer,
}
OPTIMIZER_SUMMARIES = [
    "learning_rate",
    "loss",
    "gradients",
    "gradient_norm",
    "global_gradient_norm",
]
_USUAL_SUMMARIES = ["loss", "learning_rate", "global_gradient_norm"]


def optimize_loss(
    loss: Any,
    global_step: Any,
    learning_rate: Any,
    optimizer: Any,
    gradient_noise_scale: float | None = None,
    gradient_multipliers: Mapping[Any, Any] | None = None,
    clip_gradients: float | Callable[[Gradients], Gradients] | None = None,
    learning_rate_decay_fn: Callable[[Any, Any], Any] | None = None,
    update_ops: Sequence[Any] | None = None,
    variables: Sequence[Any] | None = None,
    name: str | None = None,
    summaries: Sequence[str] | None = None,
    colocate_gradients_with_ops: bool = False,
    increment_global_step: bool = True,
) -> Any:
    """Returns what does one update when it is computed: the loss, a scalar.

    Args:
        loss: A float tensor, a scalar.
        global_step: The step's variable. None: that of the graph, if there is one.
        learning_rate: A float, which becomes the variable `learning_rate`; a tensor; or None where
            the optimizer has one of its own.
        optimizer: A name of `OPTIMIZER_CLS_NAMES`, a class, a function from the learning rate to an
            optimizer, or an optimizer.
        gradient_noise_scale: Not supported.
        gradient_multipliers: Variable, or its name, to a factor of its gradient.
        clip_gradients: The greatest norm of all gradients together; or a function from pairs
            (gradient, variable) to such pairs.
        learning_rate_decay_fn: Takes the learning rate and the step, and returns the rate at it.
        update_ops: Operations that run before. None: those in the collection `update_ops`.
        variables: What is trained. None: all trainable variables.
        name: Scope of what it makes. None: `OptimizeLoss`.
        summaries: Some of `OPTIMIZER_SUMMARIES`. None: the loss, the learning rate and the norm of
            all gradients.
        colocate_gradients_with_ops: As in `tf.gradients`.
        increment_global_step: Whether the step is counted.

    Raises:
        ValueError: The loss is no scalar, an argument is none of these, or there is nothing to
            train.
    """
    loss = _scalar(loss)
    wanted = _checked_summaries(summaries)
    if gradient_noise_scale is not None:
        raise ValueError(
            "optimize_loss: gradient_noise_scale is not supported. Give clip_gradients a function "
            "that adds the noise."
        )
    if global_step is None:
        global_step = v1.train.get_global_step()
    with v1.variable_scope(name, "OptimizeLoss", [loss, global_step]):
        before = v1.get_collection(v1.GraphKeys.UPDATE_OPS) if update_ops is None else update_ops
        with tf.control_dependencies(list(before)):
            loss = tf.identity(loss)
        rate = _decayed(_rate_tensor(learning_rate), learning_rate_decay_fn, global_step)
        if rate is not None and "learning_rate" in wanted:
            v1.summary.scalar("learning_rate", rate)
        made = _optimizer(optimizer, rate)
        gradients = made.compute_gradients(
            loss,
            v1.trainable_variables() if variables is None else variables,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
        )
        if all(gradient is None for gradient, _ in gradients):
            names = [variable.op.name for _, variable in gradients]
            raise ValueError(f"optimize_loss: the loss depends on none of the variables {names}.")
        gradients = _multiplied(gradients, gradient_multipliers)
        if "global_gradient_norm" in wanted:
            v1.summary.scalar("global_norm/gradient_norm", _norm(gradients))
        gradients = _clipped(gradients, clip_gradients)
        _summarise(loss, gradients, wanted, clipped=clip_gradients is not None)
        counted = global_step if increment_global_step else None
        update = made.apply_gradients(gradients, global_step=counted, name="train")
        with tf.control_dependencies([update]):
            return tf.identity(loss)


def _scalar(loss: Any) -> tf.Tensor:
    loss = tf.convert_to_tensor(loss)
    if loss.shape.rank not in (0, None):
        raise ValueError(
            f"optimize_loss: loss must be a scalar; its shape is {loss.shape}. Reduce it over the "
            "batch, with tf.reduce_mean for example."
        )
    return loss


def _checked_summaries(summaries: Sequence[str] | None) -> list[str]:
    wanted = _USUAL_SUMMARIES if summaries is None else list(summaries)
    for each in wanted:
        if each not in OPTIMIZER_SUMMARIES:
            raise ValueError(
                f"optimize_loss: summaries may be {OPTIMIZER_SUMMARIES}; received {each!r}."
                f"{did_you_mean(str(each), OPTIMIZER_SUMMARIES)}"
            )
    return wanted


def _rate_tensor(learning_rate: Any) -> Any:
    """The learning rate: of a number, a variable that checkpoints hold."""
    if learning_rate is None or tf.is_tensor(learning_rate):
        if learning_rate is not None and learning_rate.shape.rank not in (0, None):
            raise ValueError(
                "optimize_loss: learning_rate must be a scalar; its shape is "
                f"{learning_rate.shape}."
            )
        return learning_rate
    if isinstance(learning_rate, bool) or not isinstance(learning_rate, numbers.Real):
        raise ValueError(
            "optimize_loss: learning_rate must be a number, a tensor or None; received "
            f"{learning_rate!r}."
        )
    if learning_rate < 0:
        raise ValueError(
            f"optimize_loss: learning_rate must not be below 0; received {learning_rate!r}."
        )
    return v1.get_variable(
        "learning_rate",
        [],
        trainable=False,
        initializer=v1.constant_initializer(float(learning_rate)),
    )


def _decayed(rate: Any, decay: Callable[[Any, Any], Any] | None, global_step: Any) -> Any:
    if rate is None or decay is None:
        return rate
    if global_step is None:
        raise ValueError("optimize_loss: learning_rate_decay_fn needs a global_step.")
    return decay(rate, global_step)


def _optimizer(optimizer: Any, rate: Any) -> Any:
    if isinstance(optimizer, str):
        if optimizer not in OPTIMIZER_CLS_NAMES:
            names = sorted(OPTIMIZER_CLS_NAMES)
            raise ValueError(
                f"optimize_loss: optimizer may be called {names}; received {optimizer!r}."
                f"{did_you_mean(optimizer, names)}"
            )
        if rate is None:
            raise ValueError(f"optimize_loss: {optimizer} needs a learning_rate.")
        return OPTIMIZER_CLS_NAMES[optimizer](learning_rate=rate)
    if isinstance(optimizer, type) and issubclass(optimizer, v1.train.Optimizer):
        if rate is None:
            raise ValueError(f"optimize_loss: {optimizer.__name__} needs a learning_rate.")
        return optimizer(learning_rate=rate)
    made = optimizer
    if callable(optimizer) and not isinstance(optimizer, v1.train.Optimizer):
        made = optimizer() if rate is None else optimizer(rate)
    if not isinstance(made, v1.train.Optimizer):
        raise ValueError(
            "optimize_loss: optimizer must be a name, a class, a function or an instance of a "
            f"tf.compat.v1.train.Optimizer; received {made!r}."
        )
    return made


def _multiplied(gradients: Gradients, factors: Mapping[Any, Any] | None) -> Gradients:
    if not factors:
        return gradients
    named = {each if isinstance(each, str) else each.op.name: by for each, by in factors.items()}

    def times(gradient: Any, by: Any) -> Any:
        by = tf.cast(by, gradient.dtype)
        if isinstance(gradient, tf.IndexedSlices):
            return tf.IndexedSlices(gradient.values * by, gradient.indices, gradient.dense_shape)
        return gradient * by

    return [
        (times(gradient, named[variable.op.name]), variable)
        if gradient is not None and variable.op.name in named
        else (gradient, variable)
        for gradient, variable in gradients
    ]


def _clipped(
    gradients: Gradients, clip: float | Callable[[Gradients], Gradients] | None
) -> Gradients:
    if clip is None:
        return gradients
    if callable(clip):
        return clip(gradients)
    if isinstance(clip, bool) or not isinstance(clip, numbers.Real):
        raise ValueError(
            f"optimize_loss: clip_gradients must be a number or a function; received {clip!r}."
        )
    values, variables = zip(*gradients, strict=True)
    shortened, _ = tf.clip_by_global_norm(values, clip)
    return list(zip(shortened, variables, strict=True))


def _summarise(
    loss: tf.Tensor, gradients: Gradients, wanted: Sequence[str], *, clipped: bool
) -> None:
    if "loss" in wanted:
        v1.summary.scalar("loss", loss)
    for gradient, variable in gradients:
        if gradient is None:
            continue
        values = gradient.values if isinstance(gradient, tf.IndexedSlices) else gradient
        called = variable.op.name.replace(":", "_")
        if "gradients" in wanted:
            v1.summary.histogram(f"gradients/{called}", values)
        if "gradient_norm" in wanted:
            v1.summary.scalar(f"gradient_norm/{called}", tf.linalg.global_norm([values]))
    if clipped and "global_gradient_norm" in wanted:
        v1.summary.scalar("global_norm/clipped_gradient_norm", _norm(gradients))


def _norm(gradients: Gradients) -> tf.Tensor:
    return tf.linalg.global_norm([gradient for gradient, _ in gradients if gradient is not None])
