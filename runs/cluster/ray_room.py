"""What the workers of a training need of a Ray cluster, and what it has."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kerasrun.runs.errors import UsageError

_CPU, _GPU = "CPU", "GPU"


@dataclass(frozen=True)
class Share:
    """What is asked for.

    Attributes:
        workers: How many.
        cpus: Of each.
        gpus: Of each.
    """

    workers: int
    cpus: float = 1
    gpus: float = 0

    def __str__(self) -> str:
        """In words.

        >>> str(Share(2, cpus=1.5)), str(Share(1, gpus=1))
        ('2 processes with 1.5 CPUs each', '1 process with 1 CPU and 1 GPU')
        """
        each = _counted(self.cpus, _CPU) + (f" and {_counted(self.gpus, _GPU)}" * (self.gpus > 0))
        return f"{_counted(self.workers, 'process')} with {each}{' each' * (self.workers > 1)}"

    @property
    def resources(self) -> dict[str, float]:
        """As Ray names them."""
        return {_CPU: self.cpus, **({_GPU: self.gpus} if self.gpus else {})}


def check_room(share: Share, nodes: Sequence[Mapping[str, float]]) -> None:
    """Raises unless these nodes, when idle, have room.

    Args:
        share: What is asked for.
        nodes: What each has, as Ray names it.

    Raises:
        UsageError: They have not.
    """
    if sum(_workers_of(node, share) for node in nodes) < share.workers:
        raise UsageError(
            f"{share} do not fit: there are {room_of(nodes)}. "
            "See --workers, --cpus-per-worker and --gpus-per-worker"
        )


def room_of(nodes: Sequence[Mapping[str, float]]) -> str:
    """What nodes have, in words.

    >>> room_of([{"CPU": 4.0}, {"CPU": 8.0, "GPU": 1.0}])
    '2 nodes with 12 CPUs and 1 GPU'
    """
    cpus, gpus = (sum(node.get(kind, 0.0) for node in nodes) for kind in (_CPU, _GPU))
    have = f"{_counted(cpus, _CPU)} and {_counted(gpus, _GPU)}"
    return have if len(nodes) == 1 else f"{len(nodes)} nodes with {have}"


def _workers_of(node: Mapping[str, float], share: Share) -> int:
    asked = share.resources.items()
    return min(math.floor(node.get(kind, 0.0) / each) for kind, each in asked if each)


def _counted(number: float, what: str) -> str:
    plural = "es" if what.endswith("s") else "s"
    return f"{number:g} {what}{plural * (number != 1)}"
