"""The five optimizers that the `tf.estimator` classes know by name, as Keras computed them there.

Keras 3's own optimizers keep their state where a graph of TensorFlow 1 does not look, and compute a
little differently. These are the formulas and the names of the state in checkpoints of
`tf.keras.optimizers.legacy`, which is what the pre-made Estimators trained with.
"""

from typing import Any, ClassVar

import tensorflow as tf

from kerasrun.bridge.canned.update_rule import Slots, UpdateRule

_EPSILON = 1e-7
_SLOT_START = 0.1


class SGD(UpdateRule):
    """Steps against the gradient, with momentum or without.

    Args:
        learning_rate: Step size; a float, a schedule, or a function that returns it.
        momentum: How much of the last step goes on.
        nesterov: Whether the gradient counts once more.
    """

    name = "SGD"
    uses: ClassVar = {"momentum": 0.0, "nesterov": False}

    def __init__(self, learning_rate: Any = 0.01, **others: Any) -> None:
        super().__init__(learning_rate, **others)
        self.slots = {"momentum": 0.0} if self.momentum else {}

    def dense(self, var: Any, grad: tf.Tensor, slots: Slots) -> Any:
        """One update of all of a variable."""
        if not slots:
            return var.assign_sub(self.rate() * grad, read_value=False)
        return tf.raw_ops.ResourceApplyKerasMomentum(
            var=var.handle,
            accum=slots["momentum"].handle,
            lr=self.rate(),
            grad=grad,
            momentum=self.momentum,
            use_nesterov=self.nesterov,
        )

    def sparse(self, var: Any, grad: tf.Tensor, rows: tf.Tensor, slots: Slots) -> Any:
        """One update of some rows of a variable."""
        if not slots:
            return var.scatter_sub(tf.IndexedSlices(self.rate() * grad, rows))
        return tf.raw_ops.ResourceSparseApplyKerasMomentum(
            var=var.handle,
            accum=slots["momentum"].handle,
            lr=self.rate(),
            grad=grad,
            indices=rows,
            momentum=self.momentum,
            use_nesterov=self.nesterov,
        )


class Adagrad(UpdateRule):
    """Steps that shrink with the squares added up; Duchi, Hazan and Singer, 2011.

    Args:
        learning_rate: As for `SGD`.
        initial_accumulator_value: What the squares begin with.
        epsilon: Keeps the divisor above zero.
    """

    name = "Adagrad"
    uses: ClassVar = {"initial_accumulator_value": _SLOT_START, "epsilon": _EPSILON}

    def __init__(self, learning_rate: Any = 0.001, **others: Any) -> None:
        super().__init__(learning_rate, **others)
        self.slots = {"accumulator": self.initial_accumulator_value}

    def dense(self, var: Any, grad: tf.Tensor, slots: Slots) -> Any:
        """One update of all of a variable."""
        return tf.raw_ops.ResourceApplyAdagradV2(
            var=var.handle,
            accum=slots["accumulator"].handle,
            lr=self.rate(),
            epsilon=self.epsilon,
            grad=grad,
        )

    def sparse(self, var: Any, grad: tf.Tensor, rows: tf.Tensor, slots: Slots) -> Any:
        """One update of some rows of a variable."""
        return tf.raw_ops.ResourceSparseApplyAdagradV2(
            var=var.handle,
            accum=slots["accumulator"].handle,
            lr=self.rate(),
            epsilon=self.epsilon,
            grad=grad,
            indices=rows,
        )


class Adam(UpdateRule):
    """Steps by running means of gradients and their squares; Kingma and Ba, 2014.

    The means of a sparse variable fade in all rows.

    Args:
        learning_rate: As for `SGD`.
        beta_1: How slowly the mean of gradients follows.
        beta_2: How slowly the mean of squares follows.
        epsilon: Keeps the divisor above zero; "epsilon hat" of the paper.
    """

    name = "Adam"
    uses: ClassVar = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": _EPSILON}
    slots: ClassVar[dict[str, float]] = {"m": 0.0, "v": 0.0}  # type: ignore[misc]

    def __init__(self, learning_rate: Any = 0.001, **others: Any) -> None:
        super().__init__(learning_rate, **others)

    def dense(self, var: Any, grad: tf.Tensor, slots: Slots) -> Any:
        """One update of all of a variable."""
        count = tf.cast(self.step + 1, tf.float32)
        return tf.raw_ops.ResourceApplyAdam(
            var=var.handle,
            m=slots["m"].handle,
            v=slots["v"].handle,
            beta1_power=tf.pow(self.beta_1, count),
            beta2_power=tf.pow(self.beta_2, count),
            lr=self.rate(),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=grad,
        )

    def sparse(self, var: Any, grad: tf.Tensor, rows: tf.Tensor, slots: Slots) -> Any:
        """One update from the gradient of some rows."""
        count = tf.cast(self.step + 1, tf.float32)
        mean = self._faded(slots["m"], self.beta_1, grad, rows)
        square = self._faded(slots["v"], self.beta_2, tf.square(grad), rows)
        rate = (
            self.rate() * tf.sqrt(1 - tf.pow(self.beta_2, count)) / (1 - tf.pow(self.beta_1, count))
        )
        step = rate * mean / (tf.sqrt(square) + self.epsilon)
        return var.assign_sub(step, read_value=False)

    @staticmethod
    def _faded(slot: Any, keep: float, value: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        faded = slot.assign(slot * keep, read_value=False)
        with tf.control_dependencies([faded]):
            added = slot.scatter_add(tf.IndexedSlices((1 - keep) * value, rows))
        return tf.convert_to_tensor(added)


class RMSprop(UpdateRule):
    """Steps divided by the root of a running mean of squares; Tieleman and Hinton, 2012.

    Args:
        learning_rate: As for `SGD`.
        rho: How slowly the mean of squares follows.
        momentum: How much of the last step goes on.
        epsilon: Keeps the divisor above zero.
        centered: Whether the variance is divided by, in place of the squares.
    """

    name = "RMSprop"
    uses: ClassVar = {"rho": 0.9, "momentum": 0.0, "epsilon": _EPSILON, "centered": False}

    def __init__(self, learning_rate: Any = 0.001, **others: Any) -> None:
        super().__init__(learning_rate, **others)
        named = {"rms": True, "momentum": self.momentum, "mg": self.centered}
        self.slots = {slot: 0.0 for slot, wanted in named.items() if wanted}

    def dense(self, var: Any, grad: tf.Tensor, slots: Slots) -> Any:
        """One update of all of a variable."""
        keep = self.rho
        squares = slots["rms"].assign(keep * slots["rms"] + (1 - keep) * tf.square(grad))
        spread = tf.convert_to_tensor(squares)
        if self.centered:
            mean = slots["mg"].assign(keep * slots["mg"] + (1 - keep) * grad)
            spread = spread - tf.square(mean)
        if not self.momentum:
            step = self.rate() * grad / (tf.sqrt(spread) + self.epsilon)
            return var.assign_sub(step, read_value=False)
        # With momentum the original keeps the divisor above zero within the root.
        pushed = self.rate() * grad * tf.math.rsqrt(spread + self.epsilon)
        step = slots["momentum"].assign(self.momentum * slots["momentum"] + pushed)
        return var.assign_sub(tf.convert_to_tensor(step), read_value=False)

    def sparse(self, var: Any, grad: tf.Tensor, rows: tf.Tensor, slots: Slots) -> Any:
        """One update from the gradient of some rows: as if those of the others were zero."""
        if self.momentum:
            return self._sparse_with_momentum(var, grad, rows, slots)
        return self.dense(var, tf.convert_to_tensor(_spread_out(var, grad, rows)), slots)

    def _sparse_with_momentum(
        self, var: Any, grad: tf.Tensor, rows: tf.Tensor, slots: Slots
    ) -> Any:
        """Only the rows touched change."""
        shared = {
            "var": var.handle,
            "ms": slots["rms"].handle,
            "mom": slots["momentum"].handle,
            "lr": self.rate(),
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "grad": grad,
            "indices": rows,
        }
        if self.centered:
            return tf.raw_ops.ResourceSparseApplyCenteredRMSProp(mg=slots["mg"].handle, **shared)
        return tf.raw_ops.ResourceSparseApplyRMSProp(**shared)


class Ftrl(UpdateRule):
    """Follows the regularized leader; McMahan and others, 2013.

    Args:
        learning_rate: As for `SGD`.
        learning_rate_power: How steps shrink; zero or below.
        initial_accumulator_value: What the squares begin with.
        l1_regularization_strength: Pulls weights to zero, and holds them there.
        l2_regularization_strength: Pulls weights towards zero.
        l2_shrinkage_regularization_strength: Likewise, by a term of the loss.
        beta: Added to the root of the squares.
    """

    name = "Ftrl"
    uses: ClassVar = {
        "learning_rate_power": -0.5,
        "initial_accumulator_value": _SLOT_START,
        "l1_regularization_strength": 0.0,
        "l2_regularization_strength": 0.0,
        "l2_shrinkage_regularization_strength": 0.0,
        "beta": 0.0,
    }

    def __init__(self, learning_rate: Any = 0.001, **others: Any) -> None:
        super().__init__(learning_rate, **others)
        self.slots = {"accumulator": self.initial_accumulator_value, "linear": 0.0}

    def dense(self, var: Any, grad: tf.Tensor, slots: Slots) -> Any:
        """One update of all of a variable."""
        return tf.raw_ops.ResourceApplyFtrlV2(grad=grad, **self._shared(var, slots))

    def sparse(self, var: Any, grad: tf.Tensor, rows: tf.Tensor, slots: Slots) -> Any:
        """One update of some rows of a variable."""
        return tf.raw_ops.ResourceSparseApplyFtrlV2(
            grad=grad, indices=rows, **self._shared(var, slots)
        )

    def _shared(self, var: Any, slots: Slots) -> dict[str, Any]:
        rate = self.rate()
        return {
            "var": var.handle,
            "accum": slots["accumulator"].handle,
            "linear": slots["linear"].handle,
            "lr": rate,
            "l1": self.l1_regularization_strength,
            "l2": self.l2_regularization_strength + self.beta / (2 * rate),
            "l2_shrinkage": self.l2_shrinkage_regularization_strength,
            "lr_power": self.learning_rate_power,
        }


RULES: dict[str, type[UpdateRule]] = {
    rule.name.lower(): rule for rule in (Adagrad, Adam, Ftrl, RMSprop, SGD)
}


def rule_of(optimizer: Any) -> UpdateRule:
    """The rule of a Keras optimizer, with its hyperparameters.

    Raises:
        ValueError: It is of another kind, or asks for what these do not do.
    """
    kind = type(optimizer).__name__.lower()
    if kind not in RULES:
        raise ValueError(
            f"optimizer: keras.optimizers.{type(optimizer).__name__} is not supported in a "
            f"pre-made Estimator or a head; there are {[rule.name for rule in RULES.values()]}. "
            "Any tf.compat.v1.train optimizer will do, too."
        )
    return RULES[kind].like(optimizer)


def _spread_out(var: Any, grad: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
    """The gradient of all rows, zero where there is none."""
    return tf.scatter_nd(rows[:, tf.newaxis], grad, tf.shape(var, out_type=rows.dtype))
