"""Whether a trial at work is to be ended: it takes too long, or it is not worth going on."""

import contextlib
import time

from kerasrun.runs.errors import UnreadableRun
from kerasrun.runs.run import Run, read_run
from kerasrun.runs.sweep.files import SweepFiles
from kerasrun.runs.sweep.job import Job
from kerasrun.runs.sweep.plan import PRUNED, TIMED_OUT, Plan, Trial
from kerasrun.runs.sweep.pruning import Curve, rule_named
from kerasrun.runs.sweep.states import TrialState


class EarlyEnd:
    """Judges trials at work, and marks in the plan those that are to end.

    Args:
        files: The sweep's.
        plan: What is tried; its `execution` says by which rules.

    Raises:
        UsageError: There is no such rule.
    """

    def __init__(self, files: SweepFiles, plan: Plan) -> None:
        self._files, self._plan = files, plan
        self._rule = rule_named(plan.execution.prune) if plan.execution.prune else None
        self._known: dict[str, tuple[int, Curve]] = {}
        self._checked = plan.objective is None

    def judge(self, job: Job) -> bool:
        """Whether a trial is to end; then the plan says so already.

        Raises:
            UsageError: It has been evaluated, and does not know the metric that is sought.
        """
        limit = self._plan.execution.timeout_secs
        if limit is not None and time.monotonic() - job.began > limit:
            return self._mark(job.trial, TIMED_OUT, f"after {limit:g} s")
        if job.trial.mark:  # a process before this one was killed before it could end it
            return True
        if self._checked and self._rule is None:
            return False
        with contextlib.suppress(FileNotFoundError, UnreadableRun):
            run = read_run(job.folder)
            step = _evaluated_step(run)
            if step > job.seen_step:
                job.seen_step = step
                self._check(run)
                if why := self._why_not_go_on(run, job.trial):
                    return self._mark(job.trial, PRUNED, why)
        return False

    def check_metric(self, state: TrialState) -> None:
        """Raises if a trial that has completed does not know the metric that is sought.

        Raises:
            UsageError: It names those that there are.
        """
        if state.run:
            self._check(state.run)

    def _check(self, run: Run) -> None:
        if not self._checked and self._plan.objective:
            self._plan.objective.check(run)
            self._checked = self._plan.objective.value(run) is not None

    def _why_not_go_on(self, run: Run, trial: Trial) -> str:
        if self._rule is None or self._at_its_end(run):
            return ""
        others = [self._curve_of(one) for one in self._plan.trials if one.run and one is not trial]
        return self._rule(self._curve(run), [curve for curve in others if curve])

    def _at_its_end(self, run: Run) -> bool:
        return bool(run.max_steps and (run.step or 0) >= run.max_steps)

    def _curve_of(self, trial: Trial) -> Curve:
        try:
            return self._curve(read_run(self._files.root / str(trial.run)))
        except (FileNotFoundError, UnreadableRun):
            return []

    def _curve(self, run: Run) -> Curve:
        """The costs at the steps, read anew only where there are more."""
        step = _evaluated_step(run)
        known = self._known.get(run.id)
        if known is None or known[0] != step:
            objective = self._plan.objective
            points = objective.curve(run) if objective else []
            costs = [(at, objective.cost(value)) for at, value in points] if objective else []
            known = self._known[run.id] = (step, costs)
        return known[1]

    def _mark(self, trial: Trial, how: str, why: str) -> bool:
        trial.mark = {"how": how, "why": why}
        self._plan.write(self._files)
        return True


def _evaluated_step(run: Run) -> int:
    """The step of the newest evaluation; -1 before the first."""
    groups = run.metrics.get("metrics", {})
    steps = [
        summary["last_step"]
        for group, tags in groups.items()
        if group != "train"
        for summary in tags.values()
    ]
    return max(steps, default=-1)
