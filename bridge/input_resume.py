"""The training input of a training that goes on: where it was, read over, or begun anew."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from kerasrun.bridge.input_pipeline import Example
from kerasrun.bridge.input_position import InputPosition, read_position
from kerasrun.bridge.interrupts import Interrupts
from kerasrun.bridge.loop import CompiledLoop, Running

REPLAY, RESTART = "replay", "restart"


def cannot_save(why: str) -> str:
    """The sentence for an input whose position cannot be saved."""
    return (
        f"The position of the training input cannot be saved ({why}): Python code, as in a "
        "generator or tf.numpy_function, and stateful random operations do not tell where they "
        "are. A training that is interrupted reads over the batches that it has seen when it goes "
        "on; RunConfig(input_resume='restart') begins the data anew instead."
    )


def large_position(input_bytes: int, model_bytes: int) -> str:
    """The sentence for a position that takes more room than the model."""
    return (
        f"The position of the training input takes {_size(input_bytes)} in each checkpoint, the "
        f"model {_size(model_bytes)}: a shuffle buffer or a cache is saved with the examples that "
        "it holds. Shuffle file names or row numbers rather than examples, or leave it out with "
        "RunConfig(save_input_position=False)."
    )


def resume_input(
    running: Running,
    position: InputPosition,
    path: str,
    how: str | None,
    notice: Callable[[str], None],
    interrupts: Interrupts,
) -> None:
    """Brings the input to where it was when the checkpoint `path` was saved.

    Args:
        running: The pass over the training data, at its beginning.
        position: Its position.
        path: The checkpoint's prefix.
        how: What to do if the position was not saved, or cannot be restored: `replay` reads over
            as many batches, `restart` begins with the first.
        notice: Told of either.
        interrupts: End the reading over.
    """
    saved = read_position(path)
    if not saved.batches:  # it is at its beginning, or of a checkpoint that does not tell
        return
    why = position.restore(saved)
    if why is None:
        return
    told = f"The training input cannot go on where it was ({why})"
    if how == RESTART:
        notice(f"{told}: its data begin anew, as RunConfig(input_resume='restart') asks.")
        return
    notice(
        f"{told}: {saved.batches:,} batches that were trained on are read over first. "
        "RunConfig(input_resume='restart') begins the data anew instead."
    )
    _read_over(running, saved.batches, interrupts)


def _read_over(running: Running, batches: int, interrupts: Interrupts) -> None:
    reading, more = CompiledLoop(_nothing).over(running), True
    while more and reading.batches < batches and not interrupts.received:
        more = reading.run_up_to(batches - reading.batches).more
    running.goes_on_at(reading.batches)
    reading.close()


def _nothing(batch: Example) -> Any:
    return tf.constant(0.0)


def _size(count: float) -> str:
    """`8.0 MiB`."""
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.1f} {unit}" if unit != "bytes" else f"{count:.0f} bytes"
        count /= 1024
    return f"{count:.1f} GiB"
