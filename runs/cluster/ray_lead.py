"""The one of Ray's workers that leads: it follows its process, and judges how the attempt ended.

It imports Ray: only who runs on Ray may import it.
"""

import dataclasses
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from kerasrun.runs.attempt import Request
from kerasrun.runs.cluster.job import Job, Plan
from kerasrun.runs.cluster.peers import GRACE_SECS, Peer, Peers, send
from kerasrun.runs.cluster.places import Place
from kerasrun.runs.cluster.ray_board import LOST
from kerasrun.runs.cluster.ray_link import Link
from kerasrun.runs.errors import NoSuchRun, Refused, RunError
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.lock import is_locked
from kerasrun.runs.outcome import WORKER_LOST_CODE, Outcome, write_outcome
from kerasrun.runs.records import read_outcome
from kerasrun.runs.run import read_run
from kerasrun.runs.signals import SignalRelay
from kerasrun.runs.stop import stop
from kerasrun.runs.supervisor import Ended

_POLL_SECS = 0.2


class RemotePeer(Peer):
    """A peer that another of Ray's workers has started and watches.

    Args:
        place: Where it stands.
        number: Which it is.
        link: The way to it.
    """

    def __init__(self, place: Place, number: int, link: Link) -> None:
        self.place = place
        self.fault = None
        self._number = number
        self._link = link

    def poll(self) -> bool:
        """Whether it has ended; then its fault is known."""
        report = self._link.view().reports.get(self._number)
        if report is not None:
            self.fault = report.fault
        return report is not None

    def end(self, number: signal.Signals) -> None:
        """Has it ended, as it has not done so by itself."""
        if not self.poll():
            self._link.order(self._number, int(number))

    def traceback(self) -> str:
        """What it printed about its failure; empty when it did not fail so."""
        report = self._link.view().reports.get(self._number)
        return report.traceback if report else ""


class RemotePeers(Peers):
    """The peers of one attempt, each on its own node.

    Args:
        link: The way to them.
        given: See `Peers`.
    """

    def __init__(self, link: Link, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named, asked=self._first_signal)
        self._link = link
        self._killed = False

    def look(self, worker: subprocess.Popen[bytes]) -> None:
        """Passes on what the command was sent, too; the second interrupt kills."""
        if self._link.view().signals.count(signal.SIGINT) > 1 and not self._killed:
            self._killed = True
            send(worker, signal.SIGKILL)
        super().look(worker)

    def _first_signal(self) -> signal.Signals | None:
        signals = self._link.view().signals
        return signal.Signals(signals[0]) if signals else None

    def _start(self) -> None:
        """They are there already, and wait for the process that leads."""
        places = enumerate(self._places[1:], start=1)
        self._peers = [RemotePeer(place, number, self._link) for number, place in places]


class LeadJob(Job):
    """The processes of one start, of which this one started the one that leads.

    Args:
        link: The way to the others.
        given: See `Job`.
    """

    def __init__(self, link: Link, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named, listener=link)
        self._link = link

    def once(self, request: Request, restarts: int) -> tuple[Ended, str]:
        """Follows them to their end.

        Args:
            request: What the run is asked.
            restarts: How many starts there were before.

        Returns:
            How it ended, and what has happened where all is to be started again, else nothing.

        Raises:
            Refused, UsageError, RunError: See `kerasrun.runs.supervisor.supervise`.
        """
        ended, judged = self._attempt(request, SignalRelay(self._link.notice))
        if not judged.again or self._link.view().signals or self._files.stop_asked.exists():
            return ended, ""
        if restarts >= self._plan.max_restarts:
            return self._given_up(ended, judged, restarts), ""
        self._say_restart(judged.what, restarts + 1)
        return ended, judged.what

    def say_lost(self, restarts: int) -> None:
        """Says why this start comes, where the one before has not."""
        self._say_restart(LOST, restarts)

    def _places(self) -> list[Place]:
        return self._link.group.places

    def _peers(
        self, places: Sequence[Place], asked: Callable[[], signal.Signals | None]
    ) -> RemotePeers:
        return RemotePeers(
            self._link,
            self._files,
            places,
            self._plan.devices,
            timeout_secs=self._plan.timeout_secs,
            grace_secs=self._grace_secs,
        )


def lead(
    link: Link, folder: Path, plan: Plan, command_for: Callable[[Request], list[str]], **given: Any
) -> None:
    """Starts the process that leads, and fails where all is to be started again.

    Args:
        link: The way to the others.
        folder: The run's.
        plan: How many, and how often.
        command_for: What to start, by what the run is asked.
        given: `request`, `attempts` before the first start, `cwd`, `verbose`.

    Raises:
        RuntimeError: All is to be started again.
    """
    restarts, told = link.begin()
    files = RunFiles(folder)
    what = ""
    try:
        request = _request(folder, given["request"], given["attempts"], restarts)
        job = LeadJob(
            *(link, folder, plan),
            cwd=given["cwd"],
            verbose=given["verbose"],
            commands=(command_for(request), ()),
        )
        if not told:
            job.say_lost(restarts)
            _make_room(files)
            _note_loss(files)
        ended, what = job.once(request, restarts)
        link.tell("ended", (ended, bool(what)))
    except RunError as error:
        link.tell("error", (error.exit_code, str(error), error.detail))
    finally:
        link.end()
    if what:
        raise RuntimeError(what)


def _request(folder: Path, first: Request, attempts: int, restarts: int) -> Request:
    """What the run is asked at this start: at all but the first, to go on."""
    if len(read_run(folder).attempts) > attempts:
        return Request(argv=first.argv, restart=restarts)
    return dataclasses.replace(first, restart=restarts)


def _note_loss(files: RunFiles) -> None:
    """A process that was killed with its worker has left no word."""
    attempts = len(read_run(files.folder).attempts)
    if attempts and read_outcome(files, attempts) is None and not is_locked(files.lock):
        lost = Outcome("failed", WORKER_LOST_CODE, reason=LOST, began=True, attempt=attempts)
        write_outcome(files, lost)


def _make_room(files: RunFiles) -> None:
    """The process of a worker that was lost ends by itself; else it is ended, if it is here."""
    deadline = time.monotonic() + GRACE_SECS
    while is_locked(files.lock):
        if time.monotonic() >= deadline:
            try:
                stop(read_run(files.folder), grace_secs=0.0)
            except NoSuchRun:
                return
            except Refused:  # elsewhere, or just ended: whoever asks for the lock is told
                return
        time.sleep(_POLL_SECS)
