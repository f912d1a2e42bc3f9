"""The functional form of a layer: `conv2d(inputs, …)` of `Conv2D(…)`."""

import inspect
from collections.abc import Callable
from typing import Any

from kerasrun.bridge.v1_layers.layer import Layer

_INPUTS = inspect.Parameter("inputs", inspect.Parameter.POSITIONAL_OR_KEYWORD)
_REUSE = inspect.Parameter("reuse", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None)


def as_function(layer: type[Layer], name: str, *, has_variables: bool = True) -> Callable[..., Any]:
    """Returns a function that makes a layer and calls it once.

    It takes the inputs, then the arguments of the layer in their order, then, where the layer has
    variables, `reuse`: True takes the variables of the layer of this name, and None does as the
    variable scope around it.

    Args:
        layer: A class.
        name: Of the function.
        has_variables: Whether the layer has some.
    """
    own = list(inspect.signature(layer).parameters.values())
    taken = [each for each in own if each.kind is not inspect.Parameter.VAR_KEYWORD]
    signature = inspect.Signature([_INPUTS, *taken, *([_REUSE] if has_variables else [])])

    def function(*arguments: Any, **named: Any) -> Any:
        try:
            given = signature.bind(*arguments, **named).arguments
        except TypeError as error:
            raise TypeError(f"{name}() {error}.") from None
        inputs = given.pop("inputs")
        if has_variables:
            given.update(_reuse=given.pop("reuse", None), _scope=given.get("name"))
        return layer(**given)(inputs)

    function.__name__ = function.__qualname__ = name
    function.__module__ = layer.__module__
    function.__doc__ = f"Calls a `{layer.__name__}` layer once; see there for the arguments."
    function.__signature__ = signature  # type: ignore[attr-defined] # read by inspect and help
    return function
