"""What TensorBoard's HParams tab shows of runs, written as its plugin expects it.

Nothing here imports TensorFlow, and nothing is written into a run's folder.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kerasrun.runs import clock
from kerasrun.runs.run import Run

_MOST_CHOICES = 20  # of a parameter, to tick; a number of more values has a range
_FAILURES = ("failed", "killed", "crashed")


def write_experiment(path: Path, runs: Sequence[Run]) -> None:
    """Writes which parameters and metrics there are, once for all runs.

    Args:
        path: An event file; made if absent.
        runs: Whose parameters and metrics.
    """
    from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

    values = {
        name: [value for run in runs if (value := _known(run.params.get(name))) is not None]
        for name in sorted({name for run in runs for name in run.params})
    }
    groups = {(group, tag) for run in runs for group, tag in _metrics(run)}
    experiment = api_pb2.Experiment(
        hparam_infos=[_hparam_info(name, some, len(runs)) for name, some in values.items()],
        metric_infos=[
            api_pb2.MetricInfo(
                # The group is the subfolder of the run that holds the event files.
                name=api_pb2.MetricName(group="" if group == "train" else group, tag=tag),
                display_name=f"{group}/{tag}",
            )
            for group, tag in sorted(groups, key=lambda one: (one[0] == "train", one))
        ],
    )
    data = plugin_data_pb2.HParamsPluginData(experiment=experiment)
    _append(path, metadata.EXPERIMENT_TAG, data, min(run.started.timestamp() for run in runs))


def write_start(path: Path, run: Run, types: dict[str, type]) -> None:
    """Writes the values of a run's parameters; None and what is no finite number are left out.

    Args:
        path: An event file in the folder that is the run for TensorBoard.
        run: Whose.
        types: Of each parameter's values, in all runs, see `types_of`.
    """
    from tensorboard.plugins.hparams import metadata, plugin_data_pb2

    start = plugin_data_pb2.SessionStartInfo(
        model_uri=str(run.folder), start_time_secs=run.started.timestamp()
    )
    for name, raw in run.params.items():
        value = _known(raw)
        kind = types.get(name, str)
        if value is None:
            continue
        if kind is bool:
            start.hparams[name].bool_value = bool(value)
        elif kind is float:
            start.hparams[name].number_value = float(value)
        else:
            start.hparams[name].string_value = _text(value)
    data = plugin_data_pb2.HParamsPluginData(session_start_info=start)
    _append(path, metadata.SESSION_START_INFO_TAG, data, run.started.timestamp())


def write_end(path: Path, run: Run) -> None:
    """Writes how a run ended; of one at work nothing is written, which says that it is."""
    from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

    state = run.status.state
    status = api_pb2.STATUS_UNKNOWN
    if state == "completed":
        status = api_pb2.STATUS_SUCCESS
    elif state in _FAILURES:
        status = api_pb2.STATUS_FAILURE
    ended = (run.outcome or {}).get("ended")
    moment = clock.from_text(ended) if ended else run.started
    end = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=moment.timestamp())
    data = plugin_data_pb2.HParamsPluginData(session_end_info=end)
    _append(path, metadata.SESSION_END_INFO_TAG, data, moment.timestamp())


def types_of(runs: Sequence[Run]) -> dict[str, type]:
    """The type of each parameter: `bool` or `float` where all runs agree, else `str`."""
    found: dict[str, set[type]] = {}
    for run in runs:
        for name, value in run.params.items():
            if _known(value) is not None:
                found.setdefault(name, set()).add(_type(value))
    return {name: one.pop() if len(one) == 1 else str for name, one in found.items()}


def _hparam_info(name: str, values: list[Any], runs: int) -> Any:
    from tensorboard.plugins.hparams import api_pb2

    kinds = {_type(value) for value in values}
    kind = kinds.pop() if len(kinds) == 1 else str
    types: dict[type, int] = {bool: api_pb2.DATA_TYPE_BOOL, float: api_pb2.DATA_TYPE_FLOAT64}
    info = api_pb2.HParamInfo(name=name, type=types.get(kind, api_pb2.DATA_TYPE_STRING))
    choices = sorted({_text(value) if kind is str else kind(value) for value in values})
    info.differs = len(choices) > 1 or len(values) < runs
    if len(choices) <= _MOST_CHOICES:
        info.domain_discrete.extend(choices)
    elif kind is float:
        info.domain_interval.min_value, info.domain_interval.max_value = choices[0], choices[-1]
    return info


def _known(value: Any) -> Any:
    """The value, or None where the tab could not show it."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _type(value: Any) -> type:
    if isinstance(value, bool):
        return bool
    return float if isinstance(value, int | float) else str


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _metrics(run: Run) -> list[tuple[str, str]]:
    groups = run.metrics.get("metrics", {})
    return [(group, tag) for group in groups for tag in groups[group]]


def _append(path: Path, tag: str, data: Any, wall_time: float) -> None:
    """Adds a record to an event file, whose first says its format."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import metadata
    from tensorboard.summary.writer.record_writer import RecordWriter

    value = Summary.Value(
        tag=tag, metadata=metadata.create_summary_metadata(data), tensor=metadata.NULL_TENSOR
    )
    events = [] if path.exists() else [Event(wall_time=wall_time, file_version="brain.Event:2")]
    events.append(Event(wall_time=wall_time, summary=Summary(value=[value])))
    with path.open("ab") as file:
        for event in events:
            RecordWriter(file).write(event.SerializeToString())
