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
# Those whose numbers XLA computes to the same bits. Normal ones it makes by another formula.
_SAME_UNDER_XLA = {
    "StatelessRandomGetAlg",
    "StatelessRandomGetKeyCounter",
    "StatelessRandomUniform",
    "StatelessRandomUniformV2",
}


def keeps_random_state(operations: AbstractSet[str]) -> bool:
    """Whether another graph of the same step would draw other numbers."""
    return bool(operations & _STATEFUL)


def draws_otherwise_under_xla(operations: AbstractSet[str]) -> bool:
    """Whether XLA would draw other numbers than TensorFlow's kernels do."""
    drawing = {one for one in operations if "Random" in one or "Multinomial" in one}
    return bool(drawing - _SAME_UNDER_XLA) or keeps_random_state(operations)
