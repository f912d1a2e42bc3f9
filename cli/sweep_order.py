"""What the options of `mlrun sweep` say together."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerasrun.runs.sweep.objective import Objective
    from kerasrun.runs.sweep.plan import Execution
    from kerasrun.runs.sweep.session import Changes


def options_of(options: Mapping[str, Any], features: list[str] | None) -> dict[str, Any]:
    """The settings of each trial, as of `mlrun train`.

    Raises:
        UsageError: `--label` and `--features` have no data, or the data no label.
    """
    from kerasrun.cli.features import feature_columns
    from kerasrun.runs.errors import UsageError

    if not (options["train_data"] or options["eval_data"]):
        for option, value in (("--label", options["label"]), ("--features", features)):
            if value:
                raise UsageError(f"{option} needs --train-data or --eval-data")
    elif options["label"] is None:
        raise UsageError("--train-data and --eval-data need --label COLUMN")
    return {**options, "features": feature_columns(features or [])}


def execution_of(given: Mapping[str, Any], *, sampler: str | None) -> "Execution":
    """How trials are run; what is not given is as by default.

    Raises:
        UsageError: A value is wrong.
    """
    from kerasrun.runs.sweep.plan import Execution

    return Execution(**_changed(given), sampler=sampler)


def changes_of(
    objective: "Objective | None",
    number: int | None,
    given: Mapping[str, Any],
    *,
    retry_failed: bool,
) -> "Changes":
    """What a sweep that is resumed shall do otherwise.

    Raises:
        UsageError: A value is wrong.
    """
    from kerasrun.runs.sweep.session import Changes

    return Changes(objective, number, _changed(given), retry_failed)


def refuse_with_resume(given: Mapping[str, Any]) -> None:
    """Raises if something is given that a sweep cannot change once it is begun.

    Raises:
        UsageError: It names the first.
    """
    from kerasrun.runs.errors import UsageError

    for name, value in given.items():
        if value not in (None, False, []):
            option = name if name.startswith("-") else "--" + name.replace("_", "-")
            raise UsageError(
                f"{option} and --resume are given together: a sweep goes on as it was begun. "
                "--jobs, --devices, --timeout-secs, --max-restarts, --prune, --n, --max and --min "
                "may change"
            )


def _changed(given: Mapping[str, Any]) -> dict[str, Any]:
    from kerasrun.runs.engine import check_engine
    from kerasrun.runs.sweep.devices import devices_given
    from kerasrun.runs.sweep.pruning import rule_named

    found = {name: value for name, value in given.items() if value is not None}
    if "devices" in found:
        found["devices"] = devices_given(found["devices"])
    if "prune" in found:
        rule_named(found["prune"])
    if "engine" in found:
        check_engine(found["engine"])
    return found
