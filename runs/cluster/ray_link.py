"""What binds one of Ray's workers to the others and to the command. It imports Ray."""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import ray

from kerasrun.runs.cluster.places import Place, places_of
from kerasrun.runs.cluster.ray_board import Report, View

GROUP_VARIABLE = "KERASRUN_RAY_GROUP"
_LOOK_SECS = 0.3
_ANSWER_SECS = 60.0


@dataclass(frozen=True)
class Group:
    """One start of all processes, and which of them this is.

    Attributes:
        name: Of the start; no two have the same.
        number: Of this process; 0 leads.
        addresses: Those of all, by number.
    """

    name: str
    number: int
    addresses: tuple[str, ...]

    @property
    def places(self) -> list[Place]:
        """Theirs in the cluster, by number; none where there is only one process."""
        return places_of(self.addresses) if len(self.addresses) > 1 else []

    def to_text(self) -> str:
        """As it stands in the environment."""
        return json.dumps(asdict(self))

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> "Group":
        """What `to_text` has written there."""
        found = json.loads(environ[GROUP_VARIABLE])
        return cls(found["name"], found["number"], tuple(found["addresses"]))


class Link:
    """A process's way to the board.

    Args:
        board: The actor, see `kerasrun.runs.cluster.ray_board`.
        group: Where this process stands.
    """

    def __init__(self, board: Any, group: Group) -> None:
        self.group = group
        self._board = board
        self._view = View()
        self._looked = 0.0

    def begin(self) -> tuple[int, bool]:
        """See `Board.begin`."""
        before: tuple[int, bool] = self._answer(self._board.begin.remote(self.group.name))
        return before

    def view(self) -> View:
        """What this process is to know; asked for a few times a second."""
        if time.monotonic() - self._looked >= _LOOK_SECS:
            self._view = self._answer(self._board.look.remote(self.group.name, self.group.number))
            self._looked = time.monotonic()
        return self._view

    def report(self, said: Report) -> None:
        """See `Board.report`."""
        self._answer(self._board.report.remote(self.group.name, self.group.number, said))

    def order(self, number: int, signal: int) -> None:
        """See `Board.order`."""
        self._board.order.remote(self.group.name, number, signal)

    def end(self) -> None:
        """See `Board.end`."""
        self._answer(self._board.end.remote(self.group.name))

    def tell(self, kind: str, what: Any) -> None:
        """See `Board.tell`; does not wait."""
        self._board.tell.remote(kind, what)

    def event(self, event: Mapping[str, Any]) -> None:
        """As a listener: for the screen."""
        self.tell("event", dict(event))

    def output(self, line: str) -> None:
        """As a listener: for the screen."""
        self.tell("output", line)

    def notice(self, text: str) -> None:
        """As a listener: for the screen."""
        self.tell("notice", text)

    def _answer(self, asked: Any) -> Any:
        return ray.get(asked, timeout=_ANSWER_SECS)
