"""Runs the trials of a sweep on this machine, some at once, each in a process of its own.

This process starts and watches them and imports no TensorFlow. It may be killed at any moment: the
trials at work go on, and the next process waits for them (see `kerasrun.runs.sweep.claim`).
"""

import contextlib
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Protocol

from kerasrun.runs.errors import RunError
from kerasrun.runs.labels import change_labels
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.sweep.claim import claim_trial
from kerasrun.runs.sweep.devices import shares, visible_devices
from kerasrun.runs.sweep.early_end import EarlyEnd
from kerasrun.runs.sweep.files import SweepFiles
from kerasrun.runs.sweep.job import Job
from kerasrun.runs.sweep.plan import Plan, Trial
from kerasrun.runs.sweep.states import LOST, TrialState, state_of
from kerasrun.runs.sweep.supply import Supply
from kerasrun.runs.sweep.to_do import sorted_out, why_give_up

GRACE_SECS = 60.0
_POLL_SECS = 0.25
INTERRUPTED = "interrupted: the trials save a checkpoint and end (again to kill them)"


class SweepListener(Protocol):
    """What shows a sweep on the screen."""

    def began(self, trial: Trial, how: str) -> None:
        """A trial was `started`, `resumed`, or is at work already (`joined`)."""

    def ended(self, state: TrialState) -> None:
        """A trial has ended."""

    def moved(self) -> None:
        """Called again and again while trials are at work."""

    def notice(self, text: str) -> None:
        """There is something to say."""


class LocalSweep:
    """Starts trials, watches them, and takes up again those whose process was killed.

    Args:
        files: The sweep's, whose lock this process holds.
        plan: What is tried.
        supply: Where trials come from that have no run yet.
        listener: Told what happens.
        retry_failed: Whether those that have failed by their own error are tried again.
    """

    def __init__(
        self,
        files: SweepFiles,
        plan: Plan,
        supply: Supply,
        listener: SweepListener,
        *,
        retry_failed: bool = False,
    ) -> None:
        self._files, self._plan, self._supply, self._listener = files, plan, supply, listener
        jobs = plan.execution.jobs
        devices = plan.execution.devices or visible_devices()
        self._shares = shares(devices, jobs)
        self._early = EarlyEnd(files, plan)
        self._running: list[Job] = []
        self._restarts: Counter[int] = Counter()
        self._ended: list[str] = []
        self._wake = threading.Event()
        self._interrupts = 0
        self._obeyed = 0
        self._gives_up = ""
        joined, self._again = sorted_out(files, plan, supply, retry_failed=retry_failed)
        for trial in joined:
            self._join(trial)

    def interrupt(self) -> None:
        """Has all trials save a checkpoint and end; the second time, kills them."""
        self._interrupts += 1  # no more: this is called by a handler of signals

    def run(self) -> str:
        """Does all that is left to be done; returns why it was ended before, empty if it was not.

        Raises:
            UsageError: No trial has the metric that is sought.
        """
        try:
            while True:
                self._reap()
                self._obey()
                if not (self._interrupts or self._gives_up):
                    self._fill()
                if not self._running:
                    return "interrupted" if self._interrupts else self._gives_up
                self._watch()
                self._listener.moved()
                self._wake.wait(_POLL_SECS)
                self._wake.clear()
        except RunError:
            self._end_all()
            raise

    def _fill(self) -> None:
        """Starts trials while there is room."""
        while len(self._running) < self._plan.execution.jobs:
            trial = self._again.pop(0) if self._again else self._supply.next()
            if trial is None:
                return
            self._start(trial)

    def _start(self, trial: Trial) -> None:
        claim_trial(self._files, self._plan, trial)
        before = self._state(trial).run
        how = "resumed" if before and before.attempts else "started"
        job = self._new_job(trial)
        job.start(self._plan.argv, Path(self._plan.cwd), self._shares[job.slot])
        self._running.append(job)
        self._listener.began(trial, how)

    def _join(self, trial: Trial) -> None:
        job = self._new_job(trial)
        job.adopt()
        self._running.append(job)
        self._listener.began(trial, "joined")

    def _new_job(self, trial: Trial) -> Job:
        taken = {job.slot for job in self._running}
        slot = next((one for one in range(len(self._shares)) if one not in taken), 0)
        return Job(trial, self._folder(trial), slot, self._wake.set)

    def _reap(self) -> None:
        for job in [one for one in self._running if one.ended]:
            self._running.remove(job)
            state = self._state(job.trial)
            if self._takes_up_again(job, state):
                self._restarts[job.trial.number] += 1
                self._again.insert(0, job.trial)
                self._listener.notice(_again(state))
                continue
            self._ended.append(state.state)
            self._supply.ended(state)
            self._listener.ended(state)
            if state.state == "completed":
                self._early.check_metric(state)
            self._gives_up = why_give_up(self._ended)

    def _takes_up_again(self, job: Job, state: TrialState) -> bool:
        restarts = self._restarts[job.trial.number]
        return (
            state.state in LOST
            and not (job.stopping or self._interrupts)
            and restarts < self._plan.execution.max_restarts
        )

    def _watch(self) -> None:
        """Ends trials that take too long, or that need not go on."""
        for job in self._running:
            if not job.stopping and self._early.judge(job):
                self._tag(job)
                job.stop(GRACE_SECS)

    def _tag(self, job: Job) -> None:
        """`mlrun runs` shows why it was stopped."""
        how = (job.trial.mark or {}).get("how", "")
        with contextlib.suppress(RunError):
            change_labels(RunFiles(job.folder), add=[how.replace(" ", "-")])

    def _obey(self) -> None:
        """At the first interrupt the trials are asked to end, at the second they are killed."""
        while self._obeyed < self._interrupts:
            self._obeyed += 1
            if self._obeyed == 1:
                self._listener.notice(INTERRUPTED)
            grace = GRACE_SECS if self._obeyed == 1 else 0.0
            for job in self._running:
                job.stop(grace)

    def _end_all(self) -> None:
        for job in self._running:
            job.stop(GRACE_SECS)
        while not all(job.ended for job in self._running):
            self._obey()
            time.sleep(_POLL_SECS)

    def _state(self, trial: Trial) -> TrialState:
        return state_of(self._files.root, trial, self._plan.objective)

    def _folder(self, trial: Trial) -> Path:
        return self._files.root / (trial.run or "")


def _again(state: TrialState) -> str:
    run_id = state.run.id if state.run else ""
    return f"trial {state.trial.number} ({run_id[-4:]}) was {state.state}: it is taken up again"
