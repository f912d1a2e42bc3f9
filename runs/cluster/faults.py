"""What went wrong first in a run of several processes, and whether to start it again."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from kerasrun.runs.outcome import WORKER_LOST_CODE, Outcome, outcome_of_death

_ORDERLY = (0, 130, 143)


@dataclass(frozen=True)
class Fault:
    """How one process failed.

    Attributes:
        name: Which: `worker 1`.
        reason: Why, in a line.
        code: What it exited with; 128 + n where signal n killed it.
        signal: `SIGKILL` and the like, where one killed it.
        own: Whether the program itself is wrong: it would fail again.
        silent: Whether it had to be ended, as it did not answer.
    """

    name: str
    reason: str
    code: int = WORKER_LOST_CODE
    signal: str | None = None
    own: bool = False
    silent: bool = False

    @property
    def lost_another(self) -> bool:
        """Whether it says only that another process was lost."""
        return not (self.own or self.signal or self.silent)


def fault_of(name: str, returncode: int, reason: str, *, out_of_memory: bool) -> Fault | None:
    """How a process failed that ended with this code; None if it ended in order.

    Args:
        name: Which.
        returncode: As `subprocess` gives it.
        reason: What it said itself.
        out_of_memory: Whether the kernel killed a process for lack of memory meanwhile.
    """
    if returncode in _ORDERLY:
        return None
    said = outcome_of_death(returncode, attempt=1, out_of_memory=out_of_memory)
    if said.signal is not None:
        if said.status == "stopped":
            return None
        return Fault(name, said.reason, said.code, said.signal)
    own = returncode != WORKER_LOST_CODE
    return Fault(name, reason or said.reason, returncode, own=own)


@dataclass(frozen=True)
class Verdict:
    """What an attempt came to.

    Attributes:
        outcome: What shall stand in `exit.json`.
        what: What happened, for the screen.
        again: Whether another attempt may end better.
        fault: That of the peer that failed first; None if it was none of them.
    """

    outcome: Outcome
    what: str
    again: bool
    fault: Fault | None = None


def verdict(
    outcome: Outcome,
    faults: Sequence[Fault],
    *,
    leader: str,
    leader_was_ended: bool,
    failed_before: Sequence[Fault],
    step: int | None,
) -> Verdict:
    """Judges an attempt that was not ended on request.

    An error of the program's own is the cause, wherever it was; else the process that a signal
    killed first; else one that did not answer; else what the process that leads says.

    Args:
        outcome: That of the process that leads.
        faults: Those of the peers.
        leader: What it is called.
        leader_was_ended: Whether it had to be ended, as it did not end by itself.
        failed_before: Which of `faults` were there before the end of the process that leads.
        step: How far it had come, as far as is known.
    """
    where = f" at step ~{step}" if step else ""
    if outcome.status in ("completed", "stopped") and not leader_was_ended:
        return Verdict(outcome, "", again=False)
    lost = outcome.code == WORKER_LOST_CODE or leader_was_ended
    if outcome.status == "failed" and not lost:
        return Verdict(outcome, outcome.reason, again=False)
    first = _first(faults, failed_before, lost=lost)
    if first is None and leader_was_ended:
        first = Fault(leader, "it did not answer", silent=True)
    if first is None:
        if outcome.signal is None:
            return Verdict(outcome, outcome.reason, again=True)
        return Verdict(outcome, f"{leader} was killed ({outcome.reason}){where}", again=True)
    return _of_fault(first, outcome, where)


def _first(faults: Sequence[Fault], before: Sequence[Fault], *, lost: bool) -> Fault | None:
    """The peer's fault that is the cause, if one is."""
    own = [fault for fault in faults if fault.own]
    if own:
        return own[0]
    # A peer that dies after the process that leads was killed dies of that.
    killed = [fault for fault in (faults if lost else before) if fault.signal]
    silent = [fault for fault in faults if fault.silent] if lost else []
    return next(iter([*killed, *silent]), None)


def _of_fault(fault: Fault, outcome: Outcome, where: str) -> Verdict:
    status = "killed" if fault.signal else "failed"
    if fault.signal:
        what = f"{fault.name} was killed ({fault.reason}){where}"
    elif fault.silent:
        what = f"{fault.name} did not answer any more{where}"
    else:
        what = f"{fault.name}: {fault.reason}"
    reason = f"{fault.name}: {fault.reason}{'' if fault.own else where}"
    changed = dataclasses.replace(
        outcome, status=status, code=fault.code, signal=fault.signal, reason=reason
    )
    return Verdict(changed, what, again=not fault.own, fault=fault)
