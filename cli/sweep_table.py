"""The trials of a sweep in words: a table, best first, and the lines for each."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kerasrun.cli.columns import cell
from kerasrun.cli.lines import duration, number
from kerasrun.cli.table import table

if TYPE_CHECKING:
    from kerasrun.runs.sweep.objective import Objective
    from kerasrun.runs.sweep.plan import Plan, Trial
    from kerasrun.runs.sweep.states import TrialState

_OTHER_METRICS = 4
_SAID_ELSEWHERE = ("waiting", "removed", "stopped")  # no failures: they are counted only


def header_line(sweep_id: str, plan: "Plan") -> str:
    """`sweep   s-…   18 trials (3 lr x 2 units x 3 seeds)   max accuracy   2 jobs`."""
    parts = [sweep_id, f"{plan.number:,} trials{_made_of(plan)}"]
    if plan.objective:
        parts.append(str(plan.objective))
    jobs = plan.execution.jobs
    parts.append(f"{jobs} at once" if jobs > 1 else "one at a time")
    if plan.execution.prune:
        parts.append(f"pruned by {plan.execution.prune}")
    return "sweep   " + "   ".join(parts)


def trial_text(trial: "Trial", names: Sequence[str]) -> str:
    """`lr 0.01  units 16  seed 7`, of these names."""
    return "  ".join(f"{name} {_said(trial, name)}" for name in names)


def shown_names(trials: "Sequence[Trial]") -> list[str]:
    """The parameters that differ between trials, and `seed` if it does; all, where none does."""
    names = list(dict.fromkeys(name for trial in trials for name in trial.params))
    differing = [
        name for name in names if len({trial.params.get(name) for trial in trials}) > 1
    ] or names
    seeds = ["seed"] if len({trial.seed for trial in trials}) > 1 else []
    return [*differing, *seeds]


def plan_table(plan: "Plan") -> list[str]:
    """The trials that would be run, as a table."""
    names = shown_names(plan.trials)
    rows = [[str(one.number), *[_said(one, name) for name in names]] for one in plan.trials]
    return table(["TRIAL", *names], rows)


def trials_table(states: "Sequence[TrialState]", plan: "Plan") -> list[str]:
    """The trials that have been begun, the best first, as a table."""
    from kerasrun.runs.sweep.states import best_first

    ordered = [one for one in best_first(states, plan.objective) if one.run]
    if not ordered:
        return []
    metrics = _metrics(ordered, plan.objective)
    names = shown_names([one.trial for one in ordered])
    head = ["TRIAL", "RUN", "STATUS", "STEP", "TIME", *metrics, *names]
    return table(head, [_row(one, metrics, names) for one in ordered])


def counts_text(states: "Sequence[TrialState]", number: int) -> str:
    """`14/18 done   1 failed   2 running   1 waiting`."""
    from kerasrun.runs.sweep.states import DONE

    names = ["running" if one.active else one.state for one in states]
    done = sum(name in DONE for name in names)
    others = [name for name in dict.fromkeys(names) if name not in (*DONE, "waiting")]
    pruned = [name for name in ("pruned", "timed out") if name in names]
    parts = [f"{done}/{number} done"]
    parts += [f"{names.count(name)} {name}" for name in [*pruned, *sorted(others)]]
    return "   ".join(parts)


def failures(states: "Sequence[TrialState]", plan: "Plan") -> list[str]:
    """A line for each trial that has ended without its result: why, and where to look."""
    from kerasrun.runs.sweep.states import DONE

    names = shown_names(plan.trials)
    lost = [one for one in states if one.state not in (*DONE, *_SAID_ELSEWHERE) and not one.active]
    return [
        f"{one.state:<8}{one.trial.run[-4:]}  {trial_text(one.trial, names)}   "
        f"{one.reason or one.state}   -> mlrun logs {one.trial.run[-4:]}"
        for one in lost
        if one.trial.run
    ]


def end_line(state: "TrialState", plan: "Plan") -> str:
    """`trial   3/18   9c2e   completed in 6.3 s   accuracy 0.971   lr 0.01  units 16`."""
    run_id = (state.trial.run or "")[-4:]
    parts = [f"{state.trial.number}/{plan.number}", run_id, _how_ended(state)]
    if plan.objective and state.value is not None:
        parts.append(f"{plan.objective.metric} {number(state.value)}")
    parts.append(trial_text(state.trial, shown_names(plan.trials)))
    return "trial   " + "   ".join(part for part in parts if part)


def best_text(states: "Sequence[TrialState]", plan: "Plan") -> str:
    """`best 9c2e  accuracy 0.971  (lr 0.01  units 16)`; empty before there is one."""
    from kerasrun.runs.sweep.states import best_of

    best = best_of(states, plan.objective)
    if best is None or plan.objective is None:
        return ""
    run_id = (best.trial.run or "")[-4:]
    told = trial_text(best.trial, shown_names(plan.trials))
    return f"best {run_id}  {plan.objective.metric} {number(best.value)}  ({told})"


def _made_of(plan: "Plan") -> str:
    if plan.how == "optuna":
        return f" proposed by Optuna ({plan.execution.sampler})"
    if plan.how != "grid":
        repeats = f", {plan.repeats} seeds each" if plan.repeats > 1 else ""
        return f" ({'drawn' if plan.how == 'random' else 'of a file'}{repeats})"
    names = list(dict.fromkeys(name for trial in plan.trials for name in trial.params))
    sizes = [len({trial.params.get(name) for trial in plan.trials}) for name in names]
    factors = [f"{n} {name}" for n, name in zip(sizes, names, strict=True) if n > 1]
    if plan.repeats > 1:
        factors.append(f"{plan.repeats} seeds")
    return f" ({' x '.join(factors)})" if len(factors) > 1 else ""


def _how_ended(state: "TrialState") -> str:
    seconds = state.run.seconds() if state.run else None
    took = f" in {duration(seconds)}" if seconds is not None else ""
    if state.state == "completed":
        return f"completed{took}"
    return f"{state.state}{took}" + (f" ({state.reason})" if state.reason else "")


def _metrics(states: "Sequence[TrialState]", objective: "Objective | None") -> list[str]:
    from kerasrun.cli.lines import ordered_tags
    from kerasrun.runs.fields import shown_metrics

    tags = dict.fromkeys(tag for one in states if one.run for tag in shown_metrics(one.run))
    ordered = [tag for tag in ordered_tags(list(tags)) if not objective or tag != objective.metric]
    return [*([objective.metric] if objective else []), *ordered[:_OTHER_METRICS]]


def _row(state: "TrialState", metrics: Sequence[str], names: Sequence[str]) -> list[str]:
    from kerasrun.runs.fields import shown_metrics

    run = state.run
    assert run is not None
    seconds = run.seconds()
    shown: dict[str, Any] = dict(shown_metrics(run))
    if metrics and state.value is not None:
        shown[metrics[0]] = state.value
    return [
        str(state.trial.number),
        run.id[-4:],
        "running" if state.active else state.state,
        cell(run.step),
        "-" if seconds is None else duration(seconds).replace(" ", ""),
        *[cell(shown.get(tag)) for tag in metrics],
        *[_said(state.trial, name) for name in names],
    ]


def _said(trial: "Trial", name: str) -> str:
    if name == "seed" and "seed" not in trial.params:
        return str(trial.seed)
    text = trial.params.get(name, "-")
    try:
        long = len(text) > len("0.001234") and not text.lstrip("-").isdecimal()
        return number(float(text)) if long else text
    except ValueError:
        return text
