"""`mlrun show`: all about one run."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from kerasrun.cli.options import Json, Root, RunName

if TYPE_CHECKING:
    from pathlib import Path

    from kerasrun.runs.run import Run


def show(
    run: RunName,
    field: Annotated[
        str | None,
        typer.Option(
            metavar="FIELD",
            help="Only this value, such as status, lr or metric:loss.min; for scripts.",
            show_default=False,
        ),
    ] = None,
    source: Annotated[bool, typer.Option("--source", help="Only its model file.")] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Only the changes that were not committed.")
    ] = False,
    env: Annotated[
        bool, typer.Option("--env", help="Only its variables of the environment and packages.")
    ] = False,
    root: Root = None,
    json: Json = False,
) -> None:
    """Show one run: status, model, code, time, parameters, metrics, files; or a sweep's trials."""
    from kerasrun.cli.errors import readable_errors
    from kerasrun.cli.json_shape import run_json, to_text
    from kerasrun.cli.show_part import diff_text, environment_text, source_text, value_text
    from kerasrun.cli.show_sweep import show_sweep
    from kerasrun.runs.errors import UsageError
    from kerasrun.runs.query import find_run
    from kerasrun.runs.root import readable_root
    from kerasrun.runs.sweep.find import sweep_meant

    with readable_errors():
        if bool(field) + source + diff + env + json > 1:
            raise UsageError("expected one of --field, --source, --diff, --env and --json")
        folder = readable_root(root)
        if sweep := sweep_meant(run, folder):
            show_sweep(sweep, json=json, other=bool(field) or source or diff or env)
            return
        found = find_run(run, folder)
        if field:
            print(value_text(found, field), end="")
            return
        for asked, text_of in ((source, source_text), (diff, diff_text), (env, environment_text)):
            if asked:
                print(text_of(found), end="")
                return
        if json:
            print(to_text(run_json(found)))
            return
        for title, text in _entries(found):
            if text:
                print(f"{title:<10} {text}")


def _entries(run: "Run") -> list[tuple[str, str]]:
    record = run.record
    return [
        ("run", run.id + (f"  ({run.name})" if run.name else "")),
        ("status", _status(run)),
        ("tags", "  ".join(run.labels.tags)),
        ("note", run.labels.note),
        ("begun from", _parent(record.get("parent"))),
        ("model", _model(record.get("model"))),
        ("git", _git(record.get("git"))),
        ("host", _host(run)),
        ("workers", _workers(run)),
        ("restarts", _restarts(run)),
        ("time", _time(run)),
        ("seed", _with_origin(record.get("seed"))),
        ("settings", _values(record.get("settings"))),
        ("params", _values(record.get("params"))),
        ("loop", _loop(run.metrics.get("loop"))),
        *_metrics(run),
        ("files", _files(run)),
        ("versions", "  ".join(f"{k} {v}" for k, v in record.get("versions", {}).items())),
        ("command", " ".join(record.get("argv", []))),
        ("dir", str(run.folder)),
        *[("model_dir", path) for path in record.get("model_dirs", []) if path != str(run.folder)],
        *[("output", line) for line in (run.outcome or {}).get("last_lines", [])],
    ]


def _status(run: "Run") -> str:
    code = (run.outcome or {}).get("code")
    text = str(run.status) + (f", exit {code}" if code is not None else "")
    return text + (f"  (attempt {len(run.attempts)})" if len(run.attempts) > 1 else "")


def _parent(parent: dict[str, Any] | None) -> str:
    return f"{parent['run']} ({parent['how']})" if parent else ""


def _model(model: dict[str, Any] | None) -> str:
    if not model:
        return ""
    name = f":{model['name']}" if model.get("name") else ""
    return f"{model['file']}{name}  sha256 {model['sha256'][:8]}"


def _git(git: dict[str, Any] | None) -> str:
    if not git:
        return ""
    changes = f"  (uncommitted changes: {git['diff']})" if git["dirty"] else ""
    return f"{git['commit'][:8]} {git['branch'] or '(detached)'}{changes}"


def _host(run: "Run") -> str:
    if not run.attempts:
        return ""
    last = run.attempts[-1]
    host = last.get("host", {})
    return f"{host.get('name')}  pid {last.get('pid')}  user {host.get('user')}"


def _workers(run: "Run") -> str:
    """How many processes train, and the names of their logs."""
    from kerasrun.runs.cluster.logs import worker_numbers
    from kerasrun.runs.layout import RunFiles

    files = RunFiles(run.folder)
    logs = [files.worker_log(number).name for number in worker_numbers(files)]
    count = (run.record.get("settings") or {}).get("workers", {}).get("value") or len(logs) + 1
    return f"{count}  (output.log, {', '.join(logs)})" if logs else ""


def _restarts(run: "Run") -> str:
    """How often all was started again without being asked, and why the last time."""
    again = [entry for entry in run.attempts if entry.get("restart")]
    if not again:
        return ""
    before = run.attempts[run.attempts.index(again[-1]) - 1].get("outcome") or {}
    return f"{len(again)}  (the last after {before.get('status')}: {before.get('reason')})"


def _time(run: "Run") -> str:
    from kerasrun.cli.lines import duration, number

    seconds = run.seconds()
    took = f"  took {duration(seconds)}" if seconds is not None else ""
    rate = run.metrics.get("steps_per_sec")
    speed = f"  {number(rate)} steps/s" if rate else ""
    return f"{run.started:%Y-%m-%d %H:%M:%S} UTC{took}{speed}"


def _loop(loop: dict[str, Any] | None) -> str:
    """`xla, 28 µs a step (graph 221, one thread 65)`, or with why instead of figures."""
    if not loop:
        return ""
    name = loop["name"]
    micros = {one: f"{1e6 * secs:,.0f}" for one, secs in loop["secs_per_step"].items()}
    if name not in micros:
        return f"{name}: {loop['why']}"
    others = ", ".join(f"{one} {figure}" for one, figure in micros.items() if one != name)
    return f"{name}, {micros[name]} µs a step ({others or loop['why']})"


def _values(entries: dict[str, Any] | None) -> str:
    return "  ".join(f"{name} {_with_origin(entry)}" for name, entry in (entries or {}).items())


def _with_origin(entry: dict[str, Any] | None) -> str:
    return f"{entry['value']} ({entry['origin']})" if entry else ""


def _metrics(run: "Run") -> list[tuple[str, str]]:
    from kerasrun.cli.lines import ordered_tags

    groups = run.metrics.get("metrics", {})
    return [
        (group, f"{tag} {_summary(groups[group][tag])}")
        for group in sorted(groups)
        for tag in ordered_tags(list(groups[group]))
    ]


def _summary(point: dict[str, Any]) -> str:
    from kerasrun.cli.lines import number

    text = f"{number(point.get('last'))} at step {point['last_step']:,}"
    if point["n"] > 1 and all(key in point for key in ("min", "min_step", "max", "max_step")):
        text += f"  (least {number(point['min'])} at {point['min_step']:,}, "
        text += f"greatest {number(point['max'])} at {point['max_step']:,})"
    return text


def _files(run: "Run") -> str:
    from kerasrun.runs.disk import bytes_in
    from kerasrun.runs.layout import RunFiles
    from kerasrun.runs.saved_models import exports_of

    folder = run.folder
    checkpoints = len(list(RunFiles(folder).model_dir.glob("model.ckpt-*.index")))
    exports = exports_of(folder)
    size = bytes_in(folder)
    newest = f", newest {_inside(exports[-1], folder)}" if exports else ""
    return f"{checkpoints} checkpoints, {len(exports)} exports{newest}, {size / 1e6:.1f} MB in all"


def _inside(path: "Path", folder: "Path") -> str:
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)
