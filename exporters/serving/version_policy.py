"""Which versions of a model to serve, of those that are there."""

import dataclasses
from collections.abc import Iterable
from typing import Any

from kerasrun.exporters.serving.errors import ServingError


@dataclasses.dataclass(frozen=True)
class Latest:
    """The newest ones that can be loaded.

    Attributes:
        count: How many.
    """

    count: int = 1

    def choose(self, versions: Iterable[int]) -> set[int]:
        """Returns those of `versions` that are to be served."""
        return set(sorted(versions, reverse=True)[: self.count])


@dataclasses.dataclass(frozen=True)
class Specific:
    """These, where they are there."""

    versions: tuple[int, ...]

    def choose(self, versions: Iterable[int]) -> set[int]:
        """Returns those of `versions` that are to be served."""
        return set(versions).intersection(self.versions)


@dataclasses.dataclass(frozen=True)
class All:
    """Every one."""

    def choose(self, versions: Iterable[int]) -> set[int]:
        """Returns those of `versions` that are to be served."""
        return set(versions)


VersionPolicy = Latest | Specific | All
NEWEST = Latest(1)


def policy_from_proto(policy: Any) -> VersionPolicy:
    """Returns the policy of a `ServableVersionPolicy`; an empty one is the newest version.

    Raises:
        ServingError: It names no specific version.
    """
    kind = policy.WhichOneof("policy_choice")
    if kind == "all":
        return All()
    if kind == "specific":
        if not policy.specific.versions:
            raise ServingError(
                "INVALID_ARGUMENT",
                "model_version_policy: specific without versions. Expected one at least, such as "
                "specific { versions: 3 }.",
            )
        return Specific(tuple(policy.specific.versions))
    return Latest(policy.latest.num_versions or NEWEST.count)
