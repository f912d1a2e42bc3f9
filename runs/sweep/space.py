"""What a sweep tries: `lr=0.001,0.01` are choices, `lr=log:1e-4..1e-1` is a range.

NAME=A,B,C            choices; NAME=A is one
NAME=A,B|C,D          choices that hold commas
NAME=LOW..HIGH        any number between them
NAME=LOW..HIGH/STEP   choices: LOW, LOW + STEP, … up to HIGH
NAME=int:LOW..HIGH    any whole number from LOW to HIGH
NAME=log:LOW..HIGH    the same number of draws in each order of magnitude; also int:log:
"""

import itertools
import math
import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kerasrun.runs.errors import UsageError

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"((?:int:|log:)*)({_NUMBER})\.\.({_NUMBER})(?:/({_NUMBER}))?")
_MOST = 100_000
Params = dict[str, str]


@dataclass(frozen=True)
class Choices:
    """One of these.

    Attributes:
        texts: As they would be given to `mlrun train -p`; each once.
    """

    texts: tuple[str, ...]

    def draw(self, chance: random.Random) -> str:
        """One of them, each as likely as any other."""
        return chance.choice(self.texts)


@dataclass(frozen=True)
class Range:
    """A number from `low` to `high`.

    Attributes:
        low: The least.
        high: The greatest.
        whole: Whether it is a whole number.
        log: Whether its logarithm is drawn evenly.
    """

    low: float
    high: float
    whole: bool = False
    log: bool = False

    def draw(self, chance: random.Random) -> str:
        """Any of them, to six digits where it is not whole."""
        if self.whole and not self.log:
            return str(chance.randint(int(self.low), int(self.high)))
        # A whole number has the half on either side of it.
        half = 0.5 if self.whole else 0.0
        low, high = self.low - half, self.high + half
        if self.log:
            value = math.exp(chance.uniform(math.log(low), math.log(high)))
        else:
            value = chance.uniform(low, high)
        value = min(max(value, self.low), self.high)
        return str(round(value)) if self.whole else f"{value:.6g}"


Domain = Choices | Range
Space = Mapping[str, Domain]


def parse_space(texts: Iterable[str]) -> dict[str, Domain]:
    """What each `NAME=…` stands for, by name.

    >>> parse_space(["units=8,16"])
    {'units': Choices(texts=('8', '16'))}

    Raises:
        UsageError: One is not of that form, is empty, or a name comes twice.
    """
    found: dict[str, Domain] = {}
    for text in texts:
        name, sign, said = text.partition("=")
        if not sign or not name.isidentifier():
            raise UsageError(
                f"-p {text}: expected NAME=VALUE,VALUE,… or NAME=LOW..HIGH, such as -p lr=0.01,0.1"
            )
        if name in found:
            raise UsageError(f"-p {name} is given twice: expected all its values in one -p")
        found[name] = _domain(name, said)
    return found


def grid(space: Space) -> list[Params]:
    """Every combination of choices; the last name changes fastest.

    Raises:
        UsageError: There is a range, or there are more than 100,000 combinations.
    """
    for name, domain in space.items():
        if isinstance(domain, Range):
            raise UsageError(
                f"-p {name} is a range: a grid needs values. Give --random N, or --optuna tpe "
                f"--n N, or a step, such as {name}=0..1/0.25"
            )
    if (count := combinations(space)) > _MOST:
        raise UsageError(f"{count:,.0f} combinations, at most {_MOST:,} are tried: use --random N")
    choices = [domain.texts for domain in space.values() if isinstance(domain, Choices)]
    return [dict(zip(space, values, strict=True)) for values in itertools.product(*choices)]


def random_draws(space: Space, number: int, seed: int) -> list[Params]:
    """`number` different combinations, drawn at random; the same for the same seed.

    Raises:
        UsageError: There are not as many.
    """
    if (count := combinations(space)) < number:
        raise UsageError(
            f"--random {number}: there are only {count:,.0f} combinations; without --random all of "
            "them are tried"
        )
    chance = random.Random(seed)
    drawn: dict[tuple[str, ...], Params] = {}
    for _ in range(1000 * number):
        values = tuple(domain.draw(chance) for domain in space.values())
        drawn.setdefault(values, dict(zip(space, values, strict=True)))
        if len(drawn) == number:
            return list(drawn.values())
    raise UsageError(f"--random {number}: only {len(drawn)} different combinations were found")


def combinations(space: Space) -> float:
    """How many there are; infinite where a number is not whole."""
    return math.prod(
        len(domain.texts)
        if isinstance(domain, Choices)
        else (domain.high - domain.low + 1 if domain.whole else math.inf)
        for domain in space.values()
    )


def _domain(name: str, said: str) -> Domain:
    if found := _RANGE.fullmatch(said):
        return _range(name, said, *found.groups())
    if re.match(r"(?:int:|log:)", said):
        raise UsageError(f"-p {name}={said}: expected LOW..HIGH, such as {name}=log:1e-4..1e-1")
    texts = said.split("|") if "|" in said else said.split(",")
    texts = [text.strip() for text in texts]
    if "|" in said and not texts[-1]:
        texts.pop()
    if not all(texts):
        raise UsageError(f"-p {name}={said}: a value is empty")
    if len(set(texts)) < len(texts):
        raise UsageError(f"-p {name}={said}: a value comes twice; --repeats N repeats trials")
    return Choices(tuple(texts))


def _range(name: str, said: str, kinds: str, low: str, high: str, step: str | None) -> Domain:
    whole, log = "int:" in kinds, "log:" in kinds
    least, greatest = float(low), float(high)
    if not (math.isfinite(least) and math.isfinite(greatest) and least < greatest):
        raise UsageError(f"-p {name}={said}: expected LOW..HIGH with LOW less than HIGH")
    if whole and not (least.is_integer() and greatest.is_integer()):
        raise UsageError(f"-p {name}={said}: expected whole numbers after int:")
    if log and (least <= 0 or (whole and least < 1)):
        raise UsageError(f"-p {name}={said}: expected numbers above 0 after log:")
    if step is None:
        return Range(least, greatest, whole, log)
    by = float(step)
    if log or by <= 0 or (whole and not by.is_integer()):
        raise UsageError(f"-p {name}={said}: expected a step above 0, whole after int:, no log:")
    if (greatest - least) / by >= _MOST:
        raise UsageError(f"-p {name}={said}: at most {_MOST:,} values")
    number = math.floor((greatest - least) / by + 1e-9) + 1
    if whole:
        return Choices(tuple(str(int(least) + index * int(by)) for index in range(number)))
    return Choices(tuple(f"{least + index * by:.10g}" for index in range(number)))
