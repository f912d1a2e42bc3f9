"""Which variable of a checkpoint belongs to which weight: by names and shapes, with the reason.

A pair is made only where one answer is left. What could be one of several is left to a person, and
shapes are never turned.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from kerasrun.bridge.checkpoint_import_kinds import Shape

Shapes = Mapping[str, Shape]
Key = tuple[str, Shape]
_Series = tuple[tuple[str, ...], tuple[int, ...]]

# What Keras and the layers of TensorFlow 1 call the same thing.
_SAME_ROLE = {
    "weights": "kernel",
    "w": "kernel",
    "biases": "bias",
    "b": "bias",
    "bias_weights": "bias",
    "embedding_weights": "embeddings",
    "embedding": "embeddings",
    "embedding_table": "embeddings",
}
_ROLES = {
    *_SAME_ROLE.values(),
    *("gamma", "beta", "moving_mean", "moving_variance"),
    *("recurrent_kernel", "depthwise_kernel", "pointwise_kernel"),
}

_LAST_NUMBER = re.compile(r"(.*?)(?:_(\d+))?")


class Reasoned(NamedTuple):
    """A variable of the checkpoint, and why it is the one."""

    old: str
    why: str


def paired(new: Shapes, old: Shapes, known: Mapping[str, str]) -> dict[str, Reasoned]:
    """Finds for weights their variables in a checkpoint.

    Args:
        new: The weights' shapes by name, in the model's order.
        old: The variables' shapes by name, in the order of their names.
        known: Pairs that are settled, of names that are in neither: they tell of their layers.

    Returns:
        For each weight that has one answer, the variable and the reason.
    """
    pairing = _Pairing(new, old, known)
    pairing.same_name()
    pairing.same_suffix()
    while pairing.beside() or pairing.only_layer() or pairing.in_order() or pairing.only_shape():
        pass
    return pairing.found


def candidates(name: str, shape: Shape, left: Shapes) -> list[str]:
    """Those left in the checkpoint that could be the weight's, by their shape and last word."""
    return [one for one, other in left.items() if other == shape and _may_be(name, one)]


class _Pairing:
    """What is left on both sides; each rule makes pairs and says whether it made any."""

    def __init__(self, new: Shapes, old: Shapes, known: Mapping[str, str]) -> None:
        self.new, self.old, self.known = dict(new), dict(old), known
        self.found: dict[str, Reasoned] = {}

    @property
    def settled(self) -> list[tuple[str, str]]:
        """The pairs there are, those known from the beginning among them."""
        return [*self.known.items(), *((name, found.old) for name, found in self.found.items())]

    def same_name(self) -> bool:
        return self._take(
            (name, name, "same name")
            for name, shape in list(self.new.items())
            if self.old.get(name) == shape
        )

    def same_suffix(self) -> bool:
        """The last two words or more are the same, and those of no other."""
        longest = max((name.count("/") + 1 for name in self.new), default=0)
        done = False
        for length in range(longest, 1, -1):

            def suffix(name: str, shape: Shape, length: int = length) -> Key | None:
                words = _words(name)
                return ("/".join(words[-length:]), shape) if len(words) >= length else None

            pairs = _one_to_one(_by(self.new, suffix), _by(self.old, suffix))
            done |= self._take((one, other, f"same suffix {k[0]}") for one, other, k in pairs)
        return done

    def beside(self) -> bool:
        """The rest of a layer, one of whose weights has been found."""
        layers = defaultdict(set)
        for name, other in self.settled:
            layers[_layer(name)].add(_layer(other))
        pairs = []
        for name, shape in self.new.items():
            old_layers = layers.get(_layer(name), set())
            if _layer(name) and len(old_layers) == 1 and "" not in old_layers:
                (old_layer,) = old_layers
                fits = [
                    other
                    for other, its in self.old.items()
                    if _layer(other) == old_layer and _role(other) == _role(name) and its == shape
                ]
                if len(fits) == 1:
                    pairs.append((name, fits[0], f"beside the others of {old_layer}"))
        return self._take(pairs)

    def only_layer(self) -> bool:
        """Layers whose weights are of the same words and shapes, one on each side."""
        return self._take_layers(
            (ones, others, lambda _: "the only layer of its shapes")
            for ones, others in self._alike()
            if len(ones) == len(others) == 1
        )

    def in_order(self) -> bool:
        """Several such layers, as many on each side, numbered on both."""
        chosen = []
        for ones, others in self._alike():
            one_series, other_series = _in_series(ones), _in_series(others)
            if len(ones) == len(others) and one_series and other_series:
                count = len(ones)
                chosen.append(
                    (one_series, other_series, lambda i, n=count: f"in order, {i + 1} of {n}")
                )
        return self._take_layers(chosen)

    def only_shape(self) -> bool:
        """One of a shape is left on each side; a scalar says too little."""
        pairs = []
        for name, shape in self.new.items():
            fits = candidates(name, shape, self.old)
            if shape and len(fits) == 1 and candidates(fits[0], shape, self.new) == [name]:
                pairs.append((name, fits[0], f"the only one left of {list(shape)}"))
        return self._take(pairs)

    def _alike(self) -> Iterable[tuple[list[str], list[str]]]:
        """The names of untouched layers that hold the same, on the left and on the right."""
        sides = []
        touched_new = {_layer(name) for name, _ in self.settled}
        touched_old = {_layer(other) for _, other in self.settled}
        for side, touched in ((self.new, touched_new), (self.old, touched_old)):
            layers: dict[str, list[Key]] = defaultdict(list)
            for name, shape in side.items():
                layers[_layer(name)].append((_role(name), shape))
            groups: dict[tuple[Key, ...], list[str]] = defaultdict(list)
            for layer, held in layers.items():
                clear = layer and len({role for role, _ in held}) == len(held)
                if clear and layer not in touched and any(shape for _, shape in held):
                    groups[tuple(sorted(held))].append(layer)
            sides.append(groups)
        new, old = sides
        return [(new[held], old[held]) for held in new if held in old]

    def _take_layers(
        self, chosen: Iterable[tuple[list[str], list[str], Callable[[int], str]]]
    ) -> bool:
        pairs = []
        for ones, others, why in list(chosen):
            for index, (one, other) in enumerate(zip(ones, others, strict=True)):
                roles = {_role(n): n for n in self.old if _layer(n) == other}
                for name in [name for name in self.new if _layer(name) == one]:
                    pairs.append((name, roles[_role(name)], why(index)))
        return self._take(pairs)

    def _take(self, pairs: Iterable[tuple[str, str, str]]) -> bool:
        done = False
        for name, other, why in list(pairs):
            if name in self.new and other in self.old:
                del self.new[name], self.old[other]
                self.found[name] = Reasoned(other, why)
                done = True
        return done


def _by(side: Shapes, key_of: Callable[[str, Shape], Key | None]) -> dict[Key, list[str]]:
    groups = defaultdict(list)
    for name, shape in side.items():
        if (key := key_of(name, shape)) is not None:
            groups[key].append(name)
    return groups


def _one_to_one(
    new: Mapping[Key, list[str]], old: Mapping[Key, list[str]]
) -> list[tuple[str, str, Key]]:
    return [
        (names[0], old[key][0], key)
        for key, names in new.items()
        if len(names) == 1 and len(old.get(key, ())) == 1
    ]


def _layer(name: str) -> str:
    return name.rpartition("/")[0]


def _role(name: str) -> str:
    last = name.rpartition("/")[2]
    return _SAME_ROLE.get(last, last)


def _words(name: str) -> list[str]:
    return [*name.split("/")[:-1], _role(name)]


def _may_be(one: str, other: str) -> bool:
    """Whether two last words do not speak against each other."""
    first, second = _role(one), _role(other)
    return first == second or not {first, second} <= _ROLES


def _in_series(layers: list[str]) -> list[str] | None:
    """The layers in the order of their numbers, if they differ in nothing but these."""
    numbered = sorted((_series(layer), layer) for layer in layers)
    words = {series[0] for series, _ in numbered}
    numbers = {series[1] for series, _ in numbered}
    one_series = len(words) == 1 and len(numbers) == len(layers)
    return [layer for _, layer in numbered] if one_series else None


def _series(layer: str) -> _Series:
    """`dnn/hiddenlayer_0` to words and numbers; `dense`, the first of Keras's, comes before all."""
    words: list[str] = []
    numbers: list[int] = []
    for part in layer.split("/"):
        head, last = _LAST_NUMBER.fullmatch(part).groups()  # type: ignore[union-attr]
        words.append(re.sub(r"\d+", "#", head))
        numbers += [*map(int, re.findall(r"\d+", head)), int(last or -1)]
    return tuple(words), tuple(numbers)
