"""What has become of trials, and what is left of a sweep."""

from pathlib import Path

from kerasrun.runs.lock import FileLock
from kerasrun.runs.sweep.objective import Objective
from kerasrun.runs.sweep.plan import Trial
from kerasrun.runs.sweep.states import TrialState, best_first, best_of, read_states, state_of
from kerasrun.runs.sweep.supply import PlannedTrials
from kerasrun.runs.sweep.to_do import sorted_out
from tests.runs.sweep.sweep_records import trial, write_sweep, write_trial


class Heard(PlannedTrials):
    """Keeps what it is told."""

    told: tuple[int, ...] = ()

    def ended(self, state: TrialState) -> None:
        self.told += (state.trial.number,)


def test_only_what_is_missing_is_left(tmp_path: Path) -> None:
    """Finished and failed trials stay as they are, killed and stopped ones go on."""
    ends = {
        **{1: "completed", 2: "failed", 3: "killed", 4: "stopped", 5: "stopped", 6: None},
    }
    trials = [trial(number, f"000{number}", lr=number) for number in range(1, 8)]
    trials += [trial(8, "0008", lr=8), trial(9, lr=9)]
    for number, status in ends.items():
        write_trial(tmp_path, trials[number - 1], status=status)
    write_trial(tmp_path, trials[6], status=None, begun=False)
    trials[4].mark = {"how": "pruned", "why": "worse"}
    files, plan = write_sweep(tmp_path, trials)
    states = [one.state for one in read_states(files, plan)]
    assert states == [
        *["completed", "failed", "killed", "stopped", "pruned", "crashed"],
        *["waiting", "removed", "waiting"],
    ]

    supply = Heard(plan)
    with FileLock(tmp_path / "20261121-223015-0006" / "lock"):
        joined, again = sorted_out(files, plan, supply, retry_failed=False)
    assert [one.number for one in joined] == [6]
    assert [one.number for one in again] == [3, 4, 7, 8]
    assert supply.told == (1, 2, 5)
    following = supply.next()
    assert following is not None
    assert following.number == 9
    assert supply.next() is None

    _, again = sorted_out(files, plan, Heard(plan), retry_failed=True)
    assert [one.number for one in again] == [2, 3, 4, 6, 7, 8]


def test_a_pruned_trial_that_came_to_its_end_all_the_same_has_completed(tmp_path: Path) -> None:
    one = trial(1, "0001")
    one.mark = {"how": "pruned", "why": "worse"}
    write_trial(tmp_path, one)
    assert state_of(tmp_path, one, None).state == "completed"


def test_a_damaged_run_hides_no_other(tmp_path: Path) -> None:
    trials = [trial(1, "0001"), trial(2, "0002")]
    for one in trials:
        write_trial(tmp_path, one, metrics={"accuracy": 0.5})
    (tmp_path / "20261121-223015-0001" / "run.json").write_text("{")
    files, plan = write_sweep(tmp_path, trials)
    assert [(s.state, s.value) for s in read_states(files, plan)] == [
        ("unreadable", None),
        ("completed", 0.5),
    ]


def test_the_best_comes_first_and_what_ended_early_after_it(tmp_path: Path) -> None:
    values = {1: 0.5, 2: 0.9, 3: 0.7, 4: 0.99, 5: float("nan")}
    trials: list[Trial] = [trial(number, f"000{number}") for number in values]
    for one in trials:
        write_trial(
            tmp_path,
            one,
            metrics={"accuracy": values[one.number]},
            status="stopped" if one.number == 4 else "completed",
        )
    files, plan = write_sweep(tmp_path, trials)
    states = read_states(files, plan)

    def order(objective: Objective | None) -> list[int]:
        return [one.trial.number for one in best_first(states, objective)]

    assert order(plan.objective) == [2, 3, 1, 4, 5]
    assert order(None) == [1, 2, 3, 4, 5]
    best = best_of(states, plan.objective)
    assert best is not None
    assert best.trial.number == 2
    assert best_of(states, None) is None
    assert best_of(states[3:], plan.objective) is None
