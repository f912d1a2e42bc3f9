"""How rows become batches: the arguments that every input_fn shares, and what they must be."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Batching:
    """Batch size, epochs and order of an input_fn; checked when it is made.

    Attributes:
        batch_size: rows in a batch, at least 1. The last batch of all may be shorter.
        num_epochs: how often every row comes; None means for ever, 0 means never.
        shuffle: True for a new random order in each epoch, False for the given order.
        seed: makes the random order the same in every run; None leaves it to `tf.random.set_seed`.

    Raises:
        TypeError: `batch_size`, `num_epochs` or `seed` is not a whole number.
        ValueError: `shuffle` is not said, or a number is out of range.
    """

    batch_size: int
    num_epochs: int | None
    shuffle: bool
    seed: int | None

    def __post_init__(self) -> None:
        """Refuses what no input can be batched by."""
        if not isinstance(self.shuffle, bool):
            raise ValueError(
                f"shuffle must be True or False, got {self.shuffle!r}. "
                "Say shuffle=True for training, shuffle=False for evaluation and prediction."
            )
        require_whole_number("batch_size", self.batch_size, at_least=1)
        if self.num_epochs is not None:
            require_whole_number("num_epochs", self.num_epochs, at_least=0, or_none=" or None")
        if self.seed is not None:
            require_whole_number("seed", self.seed, at_least=0, or_none=" or None")


def require_whole_number(name: str, value: Any, *, at_least: int, or_none: str = "") -> None:
    """Raises TypeError or ValueError, naming the argument, unless `value` is such a number."""
    expected = f"{name} must be a whole number of at least {at_least}{or_none}, got {value!r}"
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{expected} ({type(value).__name__}).")
    if value < at_least:
        raise ValueError(f"{expected}.")
