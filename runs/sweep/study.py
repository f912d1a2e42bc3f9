"""Optuna proposes the trials: a study in `study.db`, which this process alone writes.

The study is a cache of `sweep.json` and of the trials' runs. Whatever a kill has left undone there
(a proposal that no trial was made of, a result that was not told) is mended when it is opened, and
a study that is gone is made anew.
"""

import logging
import warnings
from collections.abc import Mapping
from typing import Any

from kerasrun.runs.errors import RunError, UsageError, did_you_mean
from kerasrun.runs.sweep.files import SweepFiles
from kerasrun.runs.sweep.plan import PRUNED, TIMED_OUT, Plan, Trial
from kerasrun.runs.sweep.space import Choices, Params, Space, parse_space
from kerasrun.runs.sweep.states import BROKEN, DONE, TrialState

SAMPLERS: Mapping[str, str] = {
    "tpe": "TPESampler",
    "random": "RandomSampler",
    "qmc": "QMCSampler",
    "cmaes": "CmaEsSampler",
    "gp": "GPSampler",
}
_OURS = "trial"  # the attribute of a trial of the study that says which of ours it is
_SOUGHT = "objective"  # the attribute of the study that says what its values are


def check_sampler(name: str) -> None:
    """Raises unless there is such a sampler, and what it needs.

    Raises:
        UsageError: There is not.
    """
    if name not in SAMPLERS:
        near = did_you_mean(name, SAMPLERS)
        raise UsageError(f"--optuna {name}: expected one of {', '.join(SAMPLERS)}.{near}")
    _sampler(_optuna(), name, 0)


class StudyTrials:
    """The trials that Optuna proposes.

    Args:
        files: The sweep's, whose lock this process holds.
        plan: What is tried; proposals are added to it.

    Raises:
        UsageError: Optuna is not installed, or there is no such sampler.
        RunError: `study.db` cannot be used.
    """

    def __init__(self, files: SweepFiles, plan: Plan) -> None:
        self._files, self._plan = files, plan
        self._optuna = _optuna()
        space = parse_space(f"{name}={text}" for name, text in plan.space.items())
        self._constants, self._distributions = _distributions(self._optuna, space)
        self._study = self._opened()
        self._mend()

    def next(self) -> Trial | None:
        """A proposal, which is written down in the plan; None where there are enough."""
        if waiting := next((one for one in self._plan.trials if one.run is None), None):
            return waiting
        if len(self._plan.trials) >= self._plan.number:
            return None
        asked = self._study.ask(self._distributions)
        number = len(self._plan.trials) + 1
        params = self._constants | {name: _text(value) for name, value in asked.params.items()}
        trial = Trial(number, params, int(self._plan.seed["value"]), study=asked.number)
        asked.set_user_attr(_OURS, number)
        self._plan.trials.append(trial)
        self._plan.write(self._files)
        return trial

    def ended(self, state: TrialState) -> None:
        """Tells the study; what it knows already is not told again.

        A trial that was stopped or killed is to go on, and stays at work there. One that had
        failed and was tried again with success is entered once more.
        """
        number = state.trial.study
        if number is None or state.state not in (*DONE, *BROKEN):
            return
        known = self._study.trials[number].state
        if known.is_finished():
            if known.name != "FAIL" or state.value is None or state.state in BROKEN:
                return
            number = state.trial.study = self._added(state.trial)
            self._plan.write(self._files)
        self._tell_curve(state, number)
        self._study.tell(number, **self._result(state), skip_if_finished=True)

    def _result(self, state: TrialState) -> dict[str, Any]:
        states = self._optuna.trial.TrialState
        if state.value is not None and state.state == "completed":
            return {"values": state.value}
        if state.state in (PRUNED, TIMED_OUT) and state.value is not None:
            return {"state": states.PRUNED}
        return {"state": states.FAIL}

    def _tell_curve(self, state: TrialState, number: int) -> None:
        """The evaluations, which Optuna's dashboard draws and its samplers use of pruned trials."""
        if state.run is None or self._plan.objective is None:
            return
        frozen = self._study.trials[number]
        trial = self._optuna.trial.Trial(self._study, frozen._trial_id)
        for step, value in self._plan.objective.curve(state.run):
            if step not in frozen.intermediate_values:
                trial.report(value, step)

    def _opened(self) -> Any:
        try:
            study = self._created()
            if study.trials and study.user_attrs.get(_SOUGHT) != str(self._plan.objective):
                # Its values are of another metric, or it seeks the other end: it is made anew.
                self._optuna.delete_study(study_name=self._files.id, storage=self._storage)
                study = self._created()
            study.set_user_attr(_SOUGHT, str(self._plan.objective))
            return study
        except Exception as error:
            raise RunError(
                f"{self._files.study_db} cannot be used: {str(error).splitlines()[0]}. It may be "
                "removed: it is made again of the trials"
            ) from error

    @property
    def _storage(self) -> str:
        return f"sqlite:///{self._files.study_db}"

    def _created(self) -> Any:
        """The study, which may be there already."""
        optuna, objective = self._optuna, self._plan.objective
        seed = int(self._plan.seed["value"]) + len(self._plan.trials)
        assert objective is not None
        return optuna.create_study(
            storage=self._storage,
            study_name=self._files.id,
            direction="maximize" if objective.maximize else "minimize",
            sampler=_sampler(optuna, self._plan.execution.sampler or "tpe", seed),
            load_if_exists=True,
        )

    def _mend(self) -> None:
        """Makes the study agree with the plan and the runs."""
        states = self._optuna.trial.TrialState
        ours = {trial.study for trial in self._plan.trials}
        for frozen in self._study.trials:  # asked for, but no trial was made of it
            if frozen.number not in ours and not frozen.state.is_finished():
                self._study.tell(frozen.number, state=states.FAIL)
        known = {one.number: one.user_attrs.get(_OURS) for one in self._study.trials}
        for trial in self._plan.trials:
            if trial.study is None or known.get(trial.study) != trial.number:
                trial.study = self._added(trial)
        self._plan.write(self._files)

    def _added(self, trial: Trial) -> int:
        """Enters a trial that the study does not know; returns its number there."""
        values = {
            name: _value(distribution, trial.params[name])
            for name, distribution in self._distributions.items()
        }
        self._study.add_trial(
            self._optuna.trial.create_trial(
                state=self._optuna.trial.TrialState.RUNNING,
                params=values,
                distributions=self._distributions,
                user_attrs={_OURS: trial.number},
            )
        )
        return int(self._study.trials[-1].number)


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise UsageError("--optuna needs Optuna: pip install 'kerasrun[sweep]'") from None
    optuna.logging.set_verbosity(logging.WARNING)
    return optuna


def _sampler(optuna: Any, name: str, seed: int) -> Any:
    """A sampler for several trials at once, which does not draw again what it drew before."""
    given: dict[str, Any] = {"seed": seed}
    if name == "tpe":
        given["constant_liar"] = True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        try:
            return getattr(optuna.samplers, SAMPLERS[name])(**given)
        except ImportError as error:
            needed = {"cmaes": "cmaes", "gp": "torch scipy", "qmc": "scipy"}.get(name, "")
            raise UsageError(f"--optuna {name}: {error}. pip install {needed}") from None


def _distributions(optuna: Any, space: Space) -> tuple[Params, dict[str, Any]]:
    """What is the same in all trials, and what Optuna is to choose."""
    constants: Params = {}
    found: dict[str, Any] = {}
    for name, domain in space.items():
        if isinstance(domain, Choices):
            if len(domain.texts) == 1:
                constants[name] = domain.texts[0]
            else:
                found[name] = optuna.distributions.CategoricalDistribution(domain.texts)
        elif domain.whole:
            found[name] = optuna.distributions.IntDistribution(
                int(domain.low), int(domain.high), log=domain.log
            )
        else:
            found[name] = optuna.distributions.FloatDistribution(
                domain.low, domain.high, log=domain.log
            )
    return constants, found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def _value(distribution: Any, text: str) -> Any:
    """What `_text` was made of."""
    kind = type(distribution).__name__
    return {"IntDistribution": int, "FloatDistribution": float}.get(kind, str)(text)
