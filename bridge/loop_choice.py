"""How a loop is to be run, and how it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class LoopSettings:
    """What a RunConfig says of the loop: see there.

    Attributes:
        steps_per_loop: Most steps a call, or "auto".
        jit_compile: Whether XLA compiles the loop, or "auto".
        fixed: Why one loop runs from beginning to end; empty: the fastest does.
    """

    steps_per_loop: int | str = "auto"
    jit_compile: bool | str = "auto"
    fixed: str = ""


@dataclass(frozen=True)
class LoopChoice:
    """The loop that runs the steps.

    Attributes:
        loop: `graph`, `one thread` or `xla`.
        why: In words.
        secs_per_step: What was measured, by loop.
    """

    loop: str
    why: str
    secs_per_step: Mapping[str, float] = field(default_factory=dict)
