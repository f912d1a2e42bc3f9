"""What the processes of a cluster agree on between two calls of their loops.

TensorFlow tells the collective operations of one call of a function from those of the next: so all
processes must make the same calls, of as many steps each. How many is found by time and by hooks,
which differ: before each call they tell each other, and the fewest is taken. With that goes whether
somebody wants to stop, so that all end at the same step; and what data they have read.
"""

from collections.abc import Sequence

import tensorflow as tf

from kerasrun.bridge.distribute.fingerprint import PRINTS, fingerprint
from kerasrun.bridge.distribute.replicas import Replicas

_LOOK_EVERY_STEPS = 64
_NO, _STOP, _SIGNAL = 0, 1, 2


class Agreement:
    """Of one training.

    Args:
        replicas: Who agrees.
        own_data: Whether each process reads data of its own, which then may differ.

    Attributes:
        stop: Whether somebody wants to stop: then all do.
        interrupted: Whether that is because of a signal.
        differ: Whether the processes have been seen to read different data.
    """

    def __init__(self, replicas: Replicas, *, own_data: bool) -> None:
        self._replicas, self._looks = replicas, not own_data
        with tf.init_scope():
            self._seen = tf.Variable(0.0, trainable=False, dtype=tf.float64)
        self.begin()

    def begin(self) -> None:
        """Nothing has been asked for, nothing has been read."""
        self._wish = _NO
        self.stop = self.interrupted = self.differ = False
        self._seen.assign(0.0)

    def wish_to_stop(self, *, interrupted: bool) -> None:
        """To be told to the others; whether by a signal, or as training has come to its end."""
        self._wish = max(self._wish, _SIGNAL if interrupted else _STOP)

    def agreed(self, limit: int) -> int:
        """How many steps all processes take in the next call; called by all of them.

        Args:
            limit: How many this one would take.

        Returns:
            0 where somebody wants to stop.
        """
        if not self._replicas.several_processes:
            self.stop, self.interrupted = self._wish >= _STOP, self._wish == _SIGNAL
        else:
            limit = self._heard(self._replicas.told_by_all([limit, self._wish, float(self._seen)]))
        return 0 if self.stop or self.differ else limit

    def read(self, batch: object, step: tf.Tensor) -> None:
        """In a graph: this process has read a batch, the same as the others, as it should be."""
        if not self._looks or not self._replicas.several_processes:
            return

        def with_this() -> tf.Tensor:
            return (31.0 * self._seen + fingerprint(batch)) % PRINTS

        looks = tf.equal(step % _LOOK_EVERY_STEPS, 0)
        self._seen.assign(tf.cond(looks, with_this, lambda: tf.identity(self._seen)))

    def had_more(self, more: tf.Tensor) -> None:
        """In a graph: whether this process has a batch still, where another has no more."""
        if self._looks:
            self._seen.assign(tf.where(more, PRINTS - self._seen, self._seen))

    def _heard(self, told: Sequence[Sequence[float]]) -> int:
        limits, wishes, prints = zip(*told, strict=True)
        self.stop, self.interrupted = max(wishes) >= _STOP, max(wishes) == _SIGNAL
        self.differ = len(set(prints)) > 1
        return int(min(limits))
