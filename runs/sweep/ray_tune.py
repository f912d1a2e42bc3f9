"""What Ray Tune asks of a sweep: which trial is next, when to stop, how to prune.

It imports Ray, so only `kerasrun.runs.sweep.ray_engine` may import it.
"""

from typing import TYPE_CHECKING, Any

from ray import tune
from ray.tune.schedulers import ASHAScheduler, FIFOScheduler, MedianStoppingRule, TrialScheduler
from ray.tune.search import Searcher

from kerasrun.runs.sweep.plan import Plan
from kerasrun.runs.sweep.ray_trial import EVALUATIONS, VALUE

if TYPE_CHECKING:
    from kerasrun.runs.sweep.ray_engine import RaySweep

_LEAST_OTHERS = 4
_REDUCTION = 3
_NO_END = 10**9


class PlannedSearch(Searcher):
    """Gives Tune the trials of a sweep.

    Args:
        sweep: Where they come from.
    """

    def __init__(self, sweep: "RaySweep") -> None:
        super().__init__(metric=None, mode=None)
        self._sweep = sweep

    def suggest(self, trial_id: str) -> dict[str, Any] | None:
        """The next."""
        config = self._sweep.suggest(trial_id)
        return Searcher.FINISHED if config is None else config  # type: ignore[return-value]

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Heard by way of `callback_of`, once the worker has really ended."""

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the plan is in `sweep.json`."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing, see `save`."""


class Until(tune.Stopper):
    """Ends all trials where the sweep is to end.

    Args:
        sweep: Which.
    """

    def __init__(self, sweep: "RaySweep") -> None:
        self._sweep = sweep

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """No trial by itself: the scheduler does that."""
        self._sweep.reported(trial_id)
        return False

    def stop_all(self) -> bool:
        """Whether the sweep was interrupted, or cannot go on."""
        return self._sweep.moved()


def scheduler_of(plan: Plan) -> TrialScheduler:
    """What prunes as `--prune` says, by the number of evaluations so far."""
    objective = plan.objective
    if plan.execution.prune is None or objective is None:
        return FIFOScheduler()  # type: ignore[no-untyped-call]
    by: dict[str, Any] = {
        "time_attr": EVALUATIONS,
        "metric": VALUE,
        "mode": "max" if objective.maximize else "min",
        "grace_period": 1,
    }
    if plan.execution.prune == "median":
        return MedianStoppingRule(min_samples_required=_LEAST_OTHERS, **by)
    return ASHAScheduler(reduction_factor=_REDUCTION, max_t=_NO_END, **by)


def callback_of(sweep: "RaySweep") -> tune.Callback:
    """Hears of the ends of trials."""

    class Ends(tune.Callback):
        """Passes them on."""

        def on_trial_complete(
            self, iteration: int, trials: list[Any], trial: Any, **_: Any
        ) -> None:
            sweep.completed(trial.trial_id)

        def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
            text = str(trial.get_error() or "").strip().rpartition("\n")[2]
            sweep.broke(trial.trial_id, text or "it has ended without a word")

    return Ends()
