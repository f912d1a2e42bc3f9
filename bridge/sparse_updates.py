"""Optimizer updates of large embedding tables, done on the rows that change.

Keras computes most of an update for every row of a table. What is done here comes to the same:

- Where the same row occurs twice in a batch, Keras's optimizers see its gradients one by one, so
  squares are summed, not the sum squared.
- Moments of rows that are not in a batch decay all the same. A row that was never in one has
  moments of 0, and does not change: of very large tables such rows are left alone.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from kerasrun.bridge.plain_variables import plain_variables
from kerasrun.bridge.repeated_rows import RepeatedRows, add_to
from kerasrun.bridge.seen_rows import AllRows, Rows, SeenRows
from kerasrun.bridge.xla_tracing import is_for_xla

_SMALL = 2**14  # numbers in a table: of fewer, Keras's own way is as fast
_HUGE = 2**22  # numbers in a table: of more, rows that have never been seen are left alone


class SparseUpdates:
    """Lets optimizers update large tables row by row; everything else they do as ever.

    Attributes:
        off: Whether they do everything as ever.
    """

    def __init__(self) -> None:
        self.off = False
        self._seen: dict[int, SeenRows] = {}
        self._repeated: dict[int, RepeatedRows] = {}
        self._rates: dict[int, tf.Variable] = {}

    @contextmanager
    def of(self, optimizer: keras.optimizers.Optimizer) -> Iterator[None]:
        """Within it `optimizer.apply` updates so what has sparse gradients."""
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        update = _UPDATES.get(type(inner))
        if self.off or update is None or "update_step" in vars(inner):
            yield
            return
        dense = inner.update_step

        def update_step(gradient: Any, variable: tf.Variable, learning_rate: Any) -> None:
            if not isinstance(gradient, tf.IndexedSlices) or _is_small(variable):
                dense(gradient, variable, learning_rate)
                return
            rate = tf.cast(learning_rate, variable.dtype)
            table = _Table(inner, variable, rate, lambda: dense(gradient, variable, learning_rate))
            update(self, table, gradient)

        vars(inner)["update_step"] = update_step
        try:
            yield
        finally:
            del vars(inner)["update_step"]

    def loaded(self) -> None:
        """The variables have been given other values."""
        for seen in self._seen.values():
            seen.find()
        for rate in self._rates.values():
            rate.assign(float("nan"))

    def rows(self, table: "_Table", moments: list[tf.Variable], rows: tf.Tensor) -> Rows:
        """The rows whose moments may be other than 0, those of this batch among them."""
        if table.variable.shape.num_elements() <= _HUGE:
            return AllRows()
        key = id(table.variable)
        if key not in self._seen:
            with plain_variables():
                self._seen[key] = SeenRows(moments)
        return self._seen[key].with_more(rows)

    def repeated(self, table: "_Table") -> RepeatedRows:
        """What adds up the gradients of a row that is in a batch more than once."""
        key = id(table.variable)
        if key not in self._repeated:
            with plain_variables():
                self._repeated[key] = RepeatedRows(table.variable.shape)
        return self._repeated[key]

    def same_rate(self, table: "_Table") -> tuple[tf.Tensor, tf.Variable]:
        """Whether the learning rate is that of the update before; and the variable to keep it."""
        key = id(table.variable)
        if key not in self._rates:
            with plain_variables():
                self._rates[key] = tf.Variable(float("nan"), dtype=table.rate.dtype)
        return tf.equal(self._rates[key], table.rate), self._rates[key]


class _Table(NamedTuple):
    """An optimizer's view of one table; `dense` is Keras's own update."""

    optimizer: Any
    variable: tf.Variable
    rate: tf.Tensor
    dense: Callable[[], None]

    def slot(self, name: str) -> tf.Variable:
        """One of the optimizer's variables for this table."""
        slots = getattr(self.optimizer, name)
        found = slots[self.optimizer._get_variable_index(self.variable)]
        return found.value if isinstance(found, keras.Variable) else found


def _is_small(variable: tf.Variable) -> bool:
    elements = variable.shape.num_elements()
    return elements is None or elements < _SMALL


def _adagrad(updates: SparseUpdates, table: _Table, gradient: tf.IndexedSlices) -> None:
    rows, values = gradient.indices, gradient.values
    sums, squares = updates.repeated(table).sums(rows, values, tf.square(values))
    accumulated = add_to(table.slot("_accumulators"), rows, squares)
    factor = -table.rate * tf.math.rsqrt(accumulated + table.optimizer.epsilon)
    add_to(table.variable, rows, factor * sums)


def _sgd(updates: SparseUpdates, table: _Table, gradient: tf.IndexedSlices) -> None:
    optimizer = table.optimizer
    if not optimizer.momentum:
        table.dense()  # touches the batch's rows only, as it is
        return
    momenta = table.slot("momentums")
    rows = updates.rows(table, [momenta], gradient.indices)
    step = _times(gradient, -table.rate)
    rows.decay(momenta, optimizer.momentum, step)
    if optimizer.nesterov:
        rows.add(table.variable, lambda read: optimizer.momentum * read(momenta))
        table.variable.scatter_add(step)
    else:
        rows.add(table.variable, lambda read: read(momenta))


def _adam(updates: SparseUpdates, table: _Table, gradient: tf.IndexedSlices) -> None:
    optimizer = table.optimizer
    beta_1, beta_2, dtype = optimizer.beta_1, optimizer.beta_2, table.variable.dtype
    if optimizer.amsgrad or not 0 < beta_1 < 1 or not 0 < beta_2 < 1:
        table.dense()
        return
    moments, velocities = table.slot("_momentums"), table.slot("_velocities")
    rows = updates.rows(table, [moments, velocities], gradient.indices)
    step = tf.cast(optimizer.iterations + 1, dtype)
    power_1, power_2 = tf.pow(tf.cast(beta_1, dtype), step), tf.pow(tf.cast(beta_2, dtype), step)
    if isinstance(rows, AllRows):
        indices, values = gradient.indices, gradient.values
        sums, squares = updates.repeated(table).sums(indices, values, tf.square(values))
        # Added before the decay that follows for all rows, so enlarged by what that will take.
        add_to(moments, indices, sums * ((1 - beta_1) / beta_1))
        add_to(velocities, indices, squares * ((1 - beta_2) / beta_2))
        _written_in_place(table.variable, moments, velocities)
        tf.raw_ops.ResourceApplyAdam(
            var=table.variable.handle,
            m=moments.handle,
            v=velocities.handle,
            beta1_power=power_1,
            beta2_power=power_2,
            lr=table.rate,
            beta1=tf.cast(beta_1, dtype),
            beta2=tf.cast(beta_2, dtype),
            epsilon=tf.cast(optimizer.epsilon, dtype),
            grad=tf.zeros(table.variable.shape, dtype),
        )
        return
    alpha = table.rate * tf.sqrt(1 - power_2) / (1 - power_1)
    rows.decay(moments, beta_1, _times(gradient, 1 - beta_1))
    rows.decay(velocities, beta_2, _times(gradient, gradient.values * (1 - beta_2)))
    rows.add(
        table.variable,
        lambda read: -alpha * read(moments) / (tf.sqrt(read(velocities)) + optimizer.epsilon),
    )


def _rmsprop(updates: SparseUpdates, table: _Table, gradient: tf.IndexedSlices) -> None:
    optimizer, indices = table.optimizer, gradient.indices
    rho = optimizer.rho
    velocities = table.slot("_velocities")
    momenta = table.slot("_momentums") if optimizer.momentum > 0 else None
    averages = table.slot("_average_gradients") if optimizer.centered else None
    decaying = [one for one in (velocities, momenta, averages) if one is not None]
    rows = updates.rows(table, decaying, indices)
    rows.decay(velocities, rho, _times(gradient, (1 - rho) * gradient.values))
    denominator = tf.gather(velocities, indices) + optimizer.epsilon
    if averages is not None:
        rows.decay(averages, rho, _times(gradient, 1 - rho))
        denominator -= tf.square(tf.gather(averages, indices))
    step = _times(gradient, table.rate / tf.sqrt(denominator))
    if momenta is None:
        table.variable.scatter_sub(step)
    else:
        rows.decay(momenta, optimizer.momentum, step)
        rows.add(table.variable, lambda read: -read(momenta))


def _ftrl(updates: SparseUpdates, table: _Table, gradient: tf.IndexedSlices) -> None:
    optimizer = table.optimizer
    if optimizer.l2_shrinkage_regularization_strength:
        table.dense()
        return
    same, kept = updates.same_rate(table)

    def all_rows() -> None:
        table.dense()
        kept.assign(table.rate)

    def some_rows() -> None:
        _ftrl_rows(updates, table, gradient)

    # A row's value follows from its two slots and the rate: nothing changes where they do not.
    tf.cond(same, some_rows, all_rows)


def _ftrl_rows(updates: SparseUpdates, table: _Table, gradient: tf.IndexedSlices) -> None:
    optimizer = table.optimizer
    accumulators, linears = table.slot("_accumulators"), table.slot("_linears")
    power = -optimizer.learning_rate_power
    l1 = optimizer.l1_regularization_strength
    l2 = optimizer.l2_regularization_strength + optimizer.beta / (2.0 * table.rate)
    rows, values = gradient.indices, gradient.values
    sums, squares = updates.repeated(table).sums(rows, values, tf.square(values))
    old = tf.gather(accumulators, rows)
    new = old + squares
    change = (tf.pow(new, power) - tf.pow(old, power)) / table.rate
    linear = tf.gather(linears, rows) + sums - change * tf.gather(table.variable, rows)
    quadratic = tf.pow(new, power) / table.rate + 2 * l2
    value = (tf.clip_by_value(linear, -l1, l1) - linear) / quadratic
    for variable, values in ((accumulators, new), (linears, linear), (table.variable, value)):
        variable.scatter_update(tf.IndexedSlices(values, rows))


def _written_in_place(*variables: tf.Variable) -> None:
    """Variables whose rows were read or written are copied at each use, until told not to be."""
    if not is_for_xla():
        for one in variables:
            tf.raw_ops.DisableCopyOnRead(resource=one.handle)


def _times(gradient: tf.IndexedSlices, factor: Any) -> tf.IndexedSlices:
    return tf.IndexedSlices(gradient.values * factor, gradient.indices)


_UPDATES: Mapping[type, Callable[[SparseUpdates, _Table, tf.IndexedSlices], None]] = {
    keras.optimizers.Adagrad: _adagrad,
    keras.optimizers.Adam: _adam,
    keras.optimizers.Ftrl: _ftrl,
    keras.optimizers.RMSprop: _rmsprop,
    keras.optimizers.SGD: _sgd,
}
