"""The processes that train beside the one that leads: started after it, watched, ended with it."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from kerasrun.runs.cluster.faults import Fault, fault_of
from kerasrun.runs.cluster.places import TF_CONFIG, TIMEOUT_VARIABLE, Place
from kerasrun.runs.events import EventReader
from kerasrun.runs.host import oom_kills
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.worker_process import module_command, start_process

GRACE_SECS = 15.0
_GRACE_AT_START_SECS = 3.0
_DEATH_SECS = 5.0
_PEER_DEATH_SECS = 1.0  # it has nothing to save
_POLL_SECS = 0.05


class Peer:
    """One process that trains beside the one that leads.

    Args:
        place: Where it stands.
        process: What was started.
        events: What it tells.
        log: What it prints.

    Attributes:
        fault: How it failed; None while it has not.
    """

    def __init__(
        self, place: Place, process: subprocess.Popen[bytes], events: EventReader, log: Path
    ) -> None:
        self.place = place
        self.fault: Fault | None = None
        self._process = process
        self._events = events
        self._log = log
        self._ended = self._silent = False
        self._told: dict[str, Any] = {}
        self._oom_before = oom_kills()

    def poll(self) -> bool:
        """Whether it has ended; then its fault is known."""
        if self._ended:
            return True
        returncode = self._process.poll()
        for event in self._events.read():
            self._told = {**self._told, **event}
        if returncode is None:
            return False
        self._ended = True
        self._events.close()
        oom = oom_kills() > self._oom_before
        self.fault = fault_of(
            self.place.name, returncode, str(self._told.get("reason", "")), out_of_memory=oom
        )
        if self._silent and self.fault is not None:
            self.fault = Fault(self.place.name, "it did not answer", silent=True)
        return True

    def end(self, number: signal.Signals) -> None:
        """Ends it, as it has not done so by itself."""
        if not self.poll():
            self._silent = True
            send(self._process, number)

    def traceback(self) -> str:
        """What it printed about its failure; empty when it did not fail so."""
        if "log_offset" not in self._told:
            return ""
        with contextlib.suppress(OSError), self._log.open("rb") as log:
            log.seek(int(self._told["log_offset"]))
            return log.read().decode(errors="replace")
        return ""


class Peers:
    """The peers of one attempt; see `kerasrun.runs.supervisor.Company`.

    They are started once the process that leads has entered its attempt, so that they read the
    same record, and none is started in a run that another process works on. While entered; what is
    left of them at the end is killed.

    Args:
        files: The run's.
        places: That of the process that leads, then theirs.
        devices: For each of them, what its environment has besides.
        timeout_secs: How long they wait for each other at the start.
        cwd: Where they run.
        command: What to start instead of `python -m kerasrun.runs.cluster.peer`.
        asked: The signal to end that came while none was at work, if one did.
        grace_secs: How long the others may take to end by themselves, once one has failed.
        monotonic: A clock in seconds.
    """

    def __init__(
        self,
        files: RunFiles,
        places: Sequence[Place],
        devices: Sequence[Mapping[str, str]],
        *,
        timeout_secs: float,
        cwd: Path | None = None,
        command: Sequence[str] | None = None,
        asked: Callable[[], signal.Signals | None] = lambda: None,
        grace_secs: float = GRACE_SECS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._files = files
        self._places = places
        self._devices = devices
        self._timeout_secs = timeout_secs
        self._cwd = cwd
        self._command = command or module_command("kerasrun.runs.cluster.peer", str(files.folder))
        self._asked = asked
        self._grace_secs = grace_secs
        self._monotonic = monotonic
        self._peers: list[Peer] = []
        self._failed_at: float | None = None
        self._sent: signal.Signals | None = None
        self._begun = self._passed_on = False
        self.step: int | None = None

    def __enter__(self) -> "Peers":
        """Nothing is started yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Kills those that are left."""
        for peer in self._peers:
            peer.end(signal.SIGKILL)

    @property
    def environment(self) -> Mapping[str, str]:
        """That of the process that leads."""
        return self._environment(0) if self._places else {}

    @property
    def leader_was_ended(self) -> bool:
        """Whether the process that leads had to be ended, as it did not end by itself."""
        return self._sent is not None

    @property
    def faults(self) -> list[Fault]:
        """How those that failed did, in the order of their numbers."""
        return [peer.fault for peer in self._peers if peer.fault is not None]

    def event(self, event: Mapping[str, Any]) -> None:
        """Starts the peers at the beginning of the attempt, and notes how far it is."""
        if event["event"] == "started":
            self._begun = True
            self._start()
        elif event["event"] in ("progress", "ready", "checkpoint"):
            self.step = int(event["step"])

    def look(self, worker: subprocess.Popen[bytes]) -> None:
        """Ends the process that leads if a peer has failed and it goes on for too long."""
        if (number := self._asked()) and not self._passed_on and self._begun:
            self._passed_on = True
            send(worker, number)
        for peer in self._peers:
            peer.poll()
        if not self.faults:
            return
        now = self._monotonic()
        self._failed_at = now if self._failed_at is None else self._failed_at
        # Before its training it has nothing to save, and may wait for the one that has failed.
        grace_secs = self._grace_secs if self.step is not None else _GRACE_AT_START_SECS
        late = now - self._failed_at - grace_secs
        if late > _DEATH_SECS and self._sent is not signal.SIGKILL:
            self._sent = signal.SIGKILL
        elif late > 0 and self._sent is None:
            self._sent = signal.SIGTERM
        else:
            return
        send(worker, self._sent)

    def end(self, secs: float) -> None:
        """Waits until all have ended: so long by themselves, then SIGTERM, then SIGKILL."""
        for number, patience in (
            (None, secs),
            (signal.SIGTERM, _PEER_DEATH_SECS),
            (signal.SIGKILL, _DEATH_SECS),
        ):
            if number is not None:
                for peer in self._peers:
                    peer.end(number)
            if self._wait(patience):
                return

    def traceback_of(self, fault: Fault) -> str:
        """What the peer that failed so printed about it."""
        found = [peer.traceback() for peer in self._peers if peer.fault == fault]
        return found[0] if found else ""

    def _wait(self, secs: float) -> bool:
        deadline = self._monotonic() + secs
        while sum(peer.poll() for peer in self._peers) < len(self._peers):  # each is asked
            if self._monotonic() >= deadline:
                return False
            time.sleep(_POLL_SECS)
        return True

    def _start(self) -> None:
        for number, place in enumerate(self._places[1:], start=1):
            log = self._files.worker_log(place.index)
            process, events = start_process(
                self._command, log, self._cwd, self._environment(number)
            )
            self._peers.append(Peer(place, process, events, log))

    def _environment(self, number: int) -> Mapping[str, str]:
        return {
            TF_CONFIG: self._places[number].tf_config,
            TIMEOUT_VARIABLE: str(self._timeout_secs),
            **self._devices[number],
        }


def send(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signals a process of ours; SIGKILL goes to all of its session, as it cannot pass it on."""
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        if number is signal.SIGKILL:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
