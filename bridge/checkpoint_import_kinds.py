"""What a variable in a checkpoint is: a weight, the optimizer's, a moving average, the step.

A checkpoint says nothing of it: it is told by names and shapes. Optimizers of TensorFlow 1 name
their state `dense/kernel/Adam`, those of `tf.keras` `training/Adam/dense/kernel/m`, those of
Keras 3 `adam/sequential_dense_kernel_momentum`, and ours `optimizer/dense/kernel/momentum`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

Shape = tuple[int, ...]

WEIGHT, OPTIMIZER, AVERAGE, STEP, OTHER = "weight", "optimizer", "average", "step", "other"
KINDS = (WEIGHT, OPTIMIZER, AVERAGE, STEP, OTHER)

_AVERAGE = "/ExponentialMovingAverage"
_PARTITION = re.compile(r"(part|t)_\d+")
_POWER = re.compile(r"(.*/)?beta[12]_power(_\d+)?")
_OPTIMIZER_SCOPE = re.compile(
    r"training|optimizer|((ada(m|mw|max|delta|grad|factor)|nadam|sgd|rmsprop|ftrl|lion|lamb|"
    r"loss_scale_optimizer|momentum)(_\d+)?)",
    re.IGNORECASE,
)
# Scalars that optimizers keep beside their slots.
_SCALARS = re.compile(
    r"iter|iterations?|decay|learning_rate(_power)?|beta(_[12])?|rho|momentum|epsilon|"
    r"l[12]_regularization_strength|current_loss_scale|good_steps|step_counter|dynamic_scale"
)
_SLOTS = {
    "Adam": "Adam m",
    "Adam_1": "Adam v",
    "Adadelta": "Adadelta accum",
    "Adadelta_1": "Adadelta accum_update",
    "Ftrl": "Ftrl accum",
    "Ftrl_1": "Ftrl linear",
    "RMSProp": "RMSProp rms",
    "RMSProp_1": "RMSProp momentum",
    "RMSProp_2": "RMSProp mean",
}
_OTHER = re.compile(r"(metrics/.*|.*seed_generator_state(_\d+)?|(.*/)?save_counter)")


class Kind(NamedTuple):
    """What a variable is.

    Attributes:
        kind: One of `KINDS`.
        of: Whose slot or average it is; None: of no single variable.
        slot: Which slot, such as `Adam m`; None: it is none.
    """

    kind: str
    of: str | None = None
    slot: str | None = None


def kind_of(name: str, shapes: Mapping[str, Shape], *, is_number: bool = True) -> Kind:
    """Tells what the variable `name` is.

    Args:
        name: One of `shapes`.
        shapes: Of all variables in the checkpoint, by name.
        is_number: Whether it holds numbers; strings are book-keeping.

    >>> shapes = {"out/kernel": (8, 1), "out/kernel/Adam_1": (8, 1)}
    >>> kind_of("out/kernel/Adam_1", shapes)
    Kind(kind='optimizer', of='out/kernel', slot='Adam v')
    """
    if not is_number or _OTHER.fullmatch(name):
        return Kind(OTHER)
    if name == "global_step":
        return Kind(STEP)
    if name.endswith(_AVERAGE):
        return Kind(AVERAGE, name.removesuffix(_AVERAGE))
    if _is_scalar_of_an_optimizer(name, shapes[name]):
        return Kind(OPTIMIZER)
    return _slot(name, shapes) or _flat_slot(name, shapes) or Kind(WEIGHT)


def _is_scalar_of_an_optimizer(name: str, shape: Shape) -> bool:
    if shape:
        return False
    *scopes, last = name.split("/")
    scoped = any(_OPTIMIZER_SCOPE.fullmatch(scope) for scope in scopes)
    return bool(_POWER.fullmatch(name) or (scoped and _SCALARS.fullmatch(last)))


def _slot(name: str, shapes: Mapping[str, Shape]) -> Kind | None:
    """`[scopes/]<variable>[/part_0]/<slot>`, where the two are of one shape."""
    parts = name.split("/")
    ends = [len(parts) - 1]
    if len(parts) > 2 and _PARTITION.fullmatch(parts[-2]):
        ends.append(len(parts) - 2)
    for start in range(len(parts) - 1):
        for end in ends:
            base = "/".join(parts[start:end])
            if base and shapes.get(base) == shapes[name]:
                return Kind(OPTIMIZER, base, _slot_name(parts[:start], parts[-1]))
    return None


def _slot_name(scopes: Sequence[str], slot: str) -> str:
    if scopes and scopes[-1] not in ("training", "optimizer"):
        return f"{scopes[-1]} {slot}"  # training/Adam/…/m
    return _SLOTS.get(slot, slot)


def _flat_slot(name: str, shapes: Mapping[str, Shape]) -> Kind | None:
    """`adam/sequential_dense_kernel_momentum`."""
    scope, slash, tail = name.partition("/")
    if not slash or "/" in tail or not _OPTIMIZER_SCOPE.fullmatch(scope):
        return None
    for base, shape in shapes.items():
        flat = base.replace("/", "_") + "_"
        if base != name and shape == shapes[name] and tail.startswith(flat):
            return Kind(OPTIMIZER, base, f"{scope} {tail.removeprefix(flat)}")
    return None
