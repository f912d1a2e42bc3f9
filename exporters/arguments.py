"""What every exporter checks of its arguments, with one wording."""

from collections.abc import Callable
from typing import Any

ServingInputReceiverFn = Callable[[], Any]


def checked_name(exporter: str, name: str) -> str:
    """Returns `name`.

    Raises:
        ValueError: It is no string or an empty one.
    """
    if not isinstance(name, str) or not name:
        raise ValueError(f"{exporter}: name must be a string that is not empty; received {name!r}.")
    return name


def checked_receiver_fn(
    exporter: str, serving_input_receiver_fn: ServingInputReceiverFn | None
) -> ServingInputReceiverFn | None:
    """Returns `serving_input_receiver_fn`.

    Raises:
        TypeError: It is neither None nor something to call.
    """
    if serving_input_receiver_fn is None or callable(serving_input_receiver_fn):
        return serving_input_receiver_fn
    raise TypeError(
        f"{exporter}: serving_input_receiver_fn must be a function without arguments that returns "
        f"a ServingInputReceiver, or None; received {serving_input_receiver_fn!r}. If this is the "
        "receiver itself, pass the function that makes it."
    )
