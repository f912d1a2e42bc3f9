"""Ray Tune runs the trials, on this machine or on the nodes of a running cluster.

The plan, the runs and Optuna's study are those of any sweep, and written by this process alone;
Tune decides where a trial runs and, with `--prune`, which goes on.
"""

import contextlib
import math
import shutil
import threading
import time
from collections import deque
from dataclasses import asdict
from typing import Any

from kerasrun.runs.engine import connected_ray
from kerasrun.runs.errors import NoSuchRun, Refused, RunError
from kerasrun.runs.run import read_run
from kerasrun.runs.stop import stop
from kerasrun.runs.sweep.claim import claim_trial
from kerasrun.runs.sweep.early_end import EarlyEnd
from kerasrun.runs.sweep.files import SweepFiles
from kerasrun.runs.sweep.local import GRACE_SECS, INTERRUPTED, SweepListener
from kerasrun.runs.sweep.plan import PRUNED, Plan, Trial
from kerasrun.runs.sweep.states import TrialState, read_states, state_of
from kerasrun.runs.sweep.supply import Supply
from kerasrun.runs.sweep.to_do import sorted_out, why_give_up

_POLL_SECS = 0.25
_QUIET = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
}


class RaySweep:
    """As `kerasrun.runs.sweep.local.LocalSweep`, with the same arguments."""

    def __init__(
        self,
        files: SweepFiles,
        plan: Plan,
        supply: Supply,
        listener: SweepListener,
        *,
        retry_failed: bool = False,
    ) -> None:
        self.files, self.plan, self.supply, self.listener = files, plan, supply, listener
        self.interrupts = 0
        self.failure: RunError | None = None
        self._told = False
        joined, again = sorted_out(files, plan, supply, retry_failed=retry_failed)
        self._again = deque([*joined, *again])
        self._given: dict[str, Trial] = {}
        self._ending: list[Trial] = []
        self._ended: list[str] = []
        self._gives_up = ""
        self._early = EarlyEnd(files, plan)

    def interrupt(self) -> None:
        """Has all trials save a checkpoint and end; the second time, kills those here."""
        self.interrupts += 1
        if self.interrupts == 2:
            threading.Thread(target=self._kill, daemon=True).start()

    def run(self) -> str:
        """Does all that is left to be done; returns why it was ended before, empty if it was not.

        Raises:
            UsageError: Ray is not installed; or no trial has the metric that is sought.
            RunError: There is no cluster at `RAY_ADDRESS`.
        """
        left = len(self._again) + self.plan.number - sum(bool(t.run) for t in self.plan.trials)
        if left > 0:
            self._tune(left)
            self._see_them_end()
        if self.failure:
            raise self.failure
        return "interrupted" if self.interrupts else self._gives_up

    def suggest(self, tune_id: str) -> dict[str, Any] | None:
        """The configuration of the next trial, whose run is claimed; None where there is none."""
        if self._ends():
            return None
        trial = self._again.popleft() if self._again else self.supply.next()
        if trial is None:
            return None
        folder = claim_trial(self.files, self.plan, trial).folder
        before = self._state(trial)
        self._given[tune_id] = trial
        begun = bool(before.run and before.run.attempts)
        self.listener.began(trial, "joined" if before.active else "resumed" if begun else "started")
        objective = self.plan.objective
        return {
            "folder": str(folder.resolve()),
            "trial": asdict(trial),
            "objective": asdict(objective) if objective else None,
            "argv": self.plan.argv,
            "cwd": self.plan.cwd,
            "max_restarts": self.plan.execution.max_restarts,
        }

    def reported(self, tune_id: str) -> None:
        """A trial has been evaluated."""
        try:
            self._early.check_metric(self._state(self._given[tune_id]))
        except RunError as error:
            self.failure = self.failure or error

    def completed(self, tune_id: str) -> None:
        """Tune has done with a trial: it has come to its end, or was stopped."""
        trial = self._given.get(tune_id)
        if trial is None:
            return
        if self._state(trial).active and not self._ends():
            trial.mark = {"how": PRUNED, "why": f"by Ray Tune ({self.plan.execution.prune})"}
            self.plan.write(self.files)
        self._ending.append(trial)

    def broke(self, tune_id: str, error: str) -> None:
        """Tune could not run a trial."""
        trial = self._given.get(tune_id)
        if trial and self._state(trial).state == "waiting" and not self.failure:
            self.failure = RunError(f"trial {trial.number} cannot be begun: {error}")
        self.completed(tune_id)

    def moved(self) -> bool:
        """Called again and again; returns whether all is to be ended."""
        if self.interrupts and not self._told:
            self._told = True
            self.listener.notice(INTERRUPTED)
        for trial in [one for one in self._ending if not self._state(one).active]:
            self._ending.remove(trial)
            self._tell(self._state(trial))
        self.listener.moved()
        return self._ends()

    def _ends(self) -> bool:
        return bool(self.interrupts or self.failure or self._gives_up)

    def _tell(self, state: TrialState) -> None:
        self._ended.append(state.state)
        self._gives_up = why_give_up(self._ended)
        self.supply.ended(state)
        self.listener.ended(state)

    def _see_them_end(self) -> None:
        """Those that Tune has stopped save a checkpoint first."""
        deadline = time.monotonic() + 2 * GRACE_SECS
        while self._ending and time.monotonic() < deadline:
            self.moved()
            time.sleep(_POLL_SECS)

    def _tune(self, number: int) -> None:
        execution, storage = self.plan.execution, (self.files.folder / "ray").resolve()
        shutil.rmtree(storage, ignore_errors=True)  # of an earlier process; nothing is read of it
        with connected_ray(math.ceil(execution.jobs * (execution.cpus or 1)), _QUIET):
            from ray import tune

            from kerasrun.runs.sweep.ray_trial import RayTrial
            from kerasrun.runs.sweep.ray_tune import PlannedSearch, Until, callback_of, scheduler_of

            resources = {"cpu": execution.cpus or 1, "gpu": execution.gpus or 0}
            tune.Tuner(
                tune.with_resources(RayTrial, resources),
                tune_config=tune.TuneConfig(
                    search_alg=PlannedSearch(self),
                    scheduler=scheduler_of(self.plan),
                    num_samples=number,
                    max_concurrent_trials=execution.jobs,
                    reuse_actors=False,
                ),
                run_config=tune.RunConfig(
                    name="tune",
                    storage_path=str(storage),
                    stop=Until(self),
                    checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
                    failure_config=tune.FailureConfig(max_failures=execution.max_restarts),
                    callbacks=[callback_of(self)],
                    verbose=0,
                ),
            ).fit()

    def _state(self, trial: Trial) -> TrialState:
        return state_of(self.files.root, trial, self.plan.objective)

    def _kill(self) -> None:
        for state in read_states(self.files, self.plan):
            if state.active and state.run:
                with contextlib.suppress(Refused, NoSuchRun, RunError, FileNotFoundError):
                    stop(read_run(state.run.folder), grace_secs=0.0)
