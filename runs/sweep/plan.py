"""`sweep.json`: what a sweep tries, and which run each of its trials is.

Only the process that holds the sweep's lock writes it. With the folders of the trials it is all
there is to know of a sweep; anything else can be made again.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from kerasrun.runs.engine import LOCAL
from kerasrun.runs.errors import RunError
from kerasrun.runs.json_file import read_json, write_json
from kerasrun.runs.outcome import describe
from kerasrun.runs.shape import Each, Maybe, check, count
from kerasrun.runs.sweep.files import SweepFiles
from kerasrun.runs.sweep.objective import Objective

SCHEMA = 1
KIND = "sweep"
GRID, RANDOM, TRIALS, OPTUNA = "grid", "random", "trials", "optuna"
PRUNED, TIMED_OUT = "pruned", "timed out"

_TEXT = Maybe(str)
_TRIAL = {
    **{"number": count, "params": Each(str), "seed": count, "run?": _TEXT, "study?": Maybe(count)},
    "mark?": Maybe({"how": str, "why": str}),
}
_PLAN = {
    "schema": count,
    "kind": str,
    "created": str,
    "argv": [str],
    "cwd": str,
    "model": {"file": str, "sha256": str, "copy": str, "name": _TEXT},
    "how": str,
    "space": Each(str),
    "number": count,
    "repeats": count,
    "seed": {"value": count, "origin": str},
    "objective": Maybe({"metric": str, "maximize": bool, "best": bool}),
    "options": Each(object),
    "tags": [str],
    "execution": {
        **{"jobs": count, "devices": [str], "max_restarts": count, "engine": str},
        **{"timeout_secs": Maybe(object), "prune": _TEXT, "sampler": _TEXT},
        **{"cpus": Maybe(object), "gpus": Maybe(object)},
    },
    "trials": [_TRIAL],
}


@dataclass
class Trial:
    """One combination of parameters.

    Attributes:
        number: From 1 on.
        params: Texts by parameter name, as for `mlrun train -p`.
        seed: Of its run.
        run: The id of its run, which is given out before the run is there; None before that.
        mark: `how` (`pruned` or `timed out`) and `why`, where the sweep has ended it early.
        study: Its number in Optuna's study, or None.
    """

    number: int
    params: dict[str, str]
    seed: int
    run: str | None = None
    mark: dict[str, str] | None = None
    study: int | None = None


@dataclass(frozen=True)
class Execution:
    """How trials are run, which a sweep that is resumed may change.

    Attributes:
        jobs: How many at once.
        devices: The GPUs that they share; empty: as the environment says.
        max_restarts: How often a trial whose process was killed is taken up again.
        timeout_secs: How long one start of a trial may take, or None.
        prune: The name of the rule that ends trials early, or None.
        sampler: Of Optuna, or None.
        engine: `local` or `ray`.
        cpus: Of a trial, for Ray; None: one.
        gpus: Of a trial, for Ray; None: none.
    """

    jobs: int = 1
    devices: tuple[str, ...] = ()
    max_restarts: int = 1
    timeout_secs: float | None = None
    prune: str | None = None
    sampler: str | None = None
    engine: str = LOCAL
    cpus: float | None = None
    gpus: float | None = None


@dataclass
class Plan:
    """The content of `sweep.json`.

    Attributes:
        created: When.
        argv: The command line.
        cwd: Where it was given.
        model: What a run says of its model file; the copies lie in the sweep's folder.
        git: What a run says of its code, or None.
        how: `grid`, `random`, `trials` or `optuna`.
        space: What each `-p` said, by name.
        number: How many trials there shall be.
        repeats: With how many seeds each combination is tried.
        seed: `value` and `origin`.
        objective: What is best, or None.
        options: Settings of each trial, as of `mlrun train`.
        tags: Of each trial.
        execution: How they are run.
        trials: Those that are known: with Optuna they come one by one.
    """

    created: str
    argv: list[str]
    cwd: str
    model: dict[str, Any]
    git: dict[str, Any] | None
    how: str
    space: dict[str, str]
    number: int
    repeats: int
    seed: dict[str, Any]
    objective: Objective | None
    options: dict[str, Any]
    tags: list[str]
    execution: Execution
    trials: list[Trial] = field(default_factory=list)

    def write(self, files: SweepFiles) -> None:
        """Replaces `sweep.json`.

        Raises:
            RunError: The disk is full or cannot be written.
        """
        try:
            write_json(
                files.sweep_json, {"schema": SCHEMA, "kind": KIND, "id": files.id, **asdict(self)}
            )
        except OSError as error:
            raise RunError(f"sweep {files.id} cannot be written: {describe(error)}") from error


def read_plan(files: SweepFiles) -> Plan:
    """Reads `sweep.json`.

    Raises:
        RunError: It is missing, damaged or of a later version.
    """
    try:
        content = read_json(files.sweep_json)
        if content is None:
            raise ValueError("sweep.json is missing")
        if content.get("schema") != SCHEMA:
            raise ValueError(
                f"sweep.json has schema {content.get('schema')!r}, this version reads {SCHEMA}: "
                "upgrade kerasrun"
            )
        check(content, _PLAN)
    except (OSError, ValueError) as error:
        raise RunError(f"sweep {files.id} cannot be read: {describe(error)}") from error
    return _plan(content)


def _plan(content: Mapping[str, Any]) -> Plan:
    names = Plan.__dataclass_fields__
    given = {name: content.get(name) for name in names}
    execution = _known(Execution, content["execution"])
    execution["devices"] = tuple(execution.get("devices", ()))
    objective = content["objective"]
    given["objective"] = Objective(**_known(Objective, objective)) if objective else None
    given["execution"] = Execution(**execution)
    given["trials"] = [Trial(**_known(Trial, one)) for one in content["trials"]]
    return Plan(**given)  # type: ignore[arg-type]


def _known(kind: Any, content: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key in kind.__dataclass_fields__}
