"""Operations that draw random numbers, by their types in a graph."""

from collections.abc import Set as AbstractSet

# Those that keep a state of their own in their kernels, which each graph begins anew.
_STATEFUL = {
    "Multinomial",
    "ParameterizedTruncatedNormal",
    "RandomGamma",
    "RandomPoisson",
    "RandomPoissonV2",
    "RandomShuffle",
    "RandomStandardNormal",
    "RandomUniform",
    "RandomUniformInt",
    "TruncatedNormal",
}


def keeps_random_state(operations: AbstractSet[str]) -> bool:
    """Whether another graph of the same step would draw other numbers."""
    return bool(operations & _STATEFUL)


def draws_otherwise_under_xla(operations: AbstractSet[str]) -> bool:
    """Whether there is any that XLA computes: by other formulas, so other numbers come out."""
    return any("Random" in one or "Multinomial" in one for one in operations)
