"""A trial as Ray Tune runs it: an actor, on whichever node, that starts and watches the worker.

It imports Ray, so only `kerasrun.runs.sweep.ray_engine` may import it.
"""

import os
import time
from pathlib import Path
from typing import Any

from ray import tune

from kerasrun.runs.run import read_run
from kerasrun.runs.sweep.job import Job
from kerasrun.runs.sweep.local import GRACE_SECS
from kerasrun.runs.sweep.objective import Objective
from kerasrun.runs.sweep.plan import Trial
from kerasrun.runs.sweep.states import LOST, state_of

EVALUATIONS, VALUE = "evaluations", "value"
_POLL_SECS = 0.5


class RayTrial(tune.Trainable):
    """Starts the worker of a run that is claimed, and reports each of its evaluations.

    `config` holds `folder` (the run's), `trial` (see `kerasrun.runs.sweep.plan.Trial`),
    `objective` (or None), `argv`, `cwd` and `max_restarts`.
    """

    def setup(self, config: dict[str, Any]) -> None:
        """Starts the worker, or waits for the one that is at work.

        Raises:
            FileNotFoundError: The folder cannot be seen from this node.
        """
        os.environ["TF_USE_LEGACY_KERAS"] = "0"  # Ray asks for the old Keras
        self._folder = Path(config["folder"])
        if not self._folder.is_dir():
            raise FileNotFoundError(
                f"{self._folder} is not on this node: the runs' root must be on a disk that all "
                "nodes share"
            )
        self._trial = Trial(**config["trial"])
        self._objective = Objective(**config["objective"]) if config["objective"] else None
        self._told, self._restarts = 0, 0
        self._job = self._started()

    def step(self) -> dict[str, Any]:
        """Waits for the next evaluation, or for the end."""
        while not self._job.ended:
            if self._count() > self._told:
                return self._result(done=False)
            time.sleep(_POLL_SECS)
        state = state_of(self._folder.parent, self._trial, self._objective)
        if state.state in LOST and self._restarts < self.config["max_restarts"]:
            self._restarts += 1
            self._job = self._started()
            return self.step()
        return self._result(done=True)

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Nothing: the run saves its own."""

    def load_checkpoint(self, checkpoint: Any) -> None:
        """Nothing: the run goes on from its own."""

    def cleanup(self) -> None:
        """Has the worker save a checkpoint and end: Tune has stopped the trial, or it is over."""
        if self._job.ended:
            return
        self._job.stop(GRACE_SECS)
        deadline = time.monotonic() + GRACE_SECS + 15.0
        while not self._job.ended and time.monotonic() < deadline:
            time.sleep(_POLL_SECS)

    def _started(self) -> Job:
        job = Job(self._trial, self._folder, 0, lambda: None)
        job.start(self.config["argv"], Path(self.config["cwd"]), None)
        return job

    def _count(self) -> int:
        groups = read_run(self._folder).metrics.get("metrics", {})
        numbers = [
            one["n"] for group, tags in groups.items() if group != "train" for one in tags.values()
        ]
        return max(numbers, default=0)

    def _result(self, *, done: bool) -> dict[str, Any]:
        self._told = max(self._count(), self._told + 1)
        run = read_run(self._folder)
        value = self._objective.value(run) if self._objective else None
        found: dict[str, Any] = {EVALUATIONS: self._told, "done": done}
        if self._objective:
            worst = float("-inf") if self._objective.maximize else float("inf")
            found[VALUE] = worst if value is None else value
        return found
