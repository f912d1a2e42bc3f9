"""`mlrun serve`: CPU a request, against an application that does nothing and other servers.

And a large model with and without micro-batching. The client is a process of its own; it keeps 32
connections, each with one request under way.
"""

import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import serving_mlp, serving_peers
from benchmarks.processes import answer
from benchmarks.serving_servers import (
    CAN_MEASURE,
    Figures,
    Question,
    Server,
    free_port,
    serving,
)
from benchmarks.verdicts import Verdict

_PROJECT = Path(__file__).parents[1]
_EXAMPLE = _PROJECT / "examples" / "keras_iris.py"
_OURS, _NO_OP = "mlrun serve", "no-op app"
_ROW = [5.1, 3.3, 1.7, 0.5]
_TIMES_NO_OP, _TIMES_LESS, _TIMES_BATCHED = 4.0, 2.0, 3.0
Round = dict[str, Figures]


def measure(quick: bool) -> Iterator[Verdict]:
    """Prints CPU microseconds a request, requests a second and the median wait; yields ratios."""
    if not CAN_MEASURE:
        print("serving    is not measured: CPU times are read from /proc, which only Linux has")
        return
    with tempfile.TemporaryDirectory() as folder:
        yield from _iris(Path(folder), quick)
        if not quick:
            yield from _large(Path(folder))


def _iris(folder: Path, quick: bool) -> Iterator[Verdict]:
    missing = [] if quick else serving_peers.missing()
    if missing:
        names = " and ".join(missing)
        print(f"serving    without {names}: `make bench-serving-peers` sets that up")
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(_ours(folder)), stack.enter_context(_no_op(folder))]
        if not quick:
            servers += stack.enter_context(serving_peers.peers(folder, _ROW))
        rounds = _rounds(servers, 3 if quick else 7, 1.0 if quick else 3.0)
    _print("iris", rounds)
    ours = [each[_OURS].cpu_us for each in rounds]
    floor = [each[_NO_OP].cpu_us for each in rounds]
    ratios = [mine / theirs for mine, theirs in zip(ours, floor, strict=True)]
    what = f"serve iris, CPU a request: times a {_NO_OP}'s"
    yield Verdict(what, ratios, _TIMES_NO_OP, at_most=True)
    for peer in servers[2:]:
        less = [each[peer.name].cpu_us / each[_OURS].cpu_us for each in rounds]
        yield Verdict(f"serve iris, CPU: times less than {peer.name}", less, _TIMES_LESS)


def _ours(folder: Path) -> contextlib.AbstractContextManager[Server]:
    """A run of the iris example, served as anyone would."""
    root = folder / "runs"
    mlrun = [sys.executable, "-m", "kerasrun"]
    train = [*mlrun, "train", "--model", str(_EXAMPLE), "--root", str(root)]
    train += ["--max-steps", "100", "--name", "iris"]
    subprocess.run(train, check=True, capture_output=True, timeout=300)
    command = [*mlrun, "serve", "iris", "--root", str(root), "--port", "-1"]
    question = Question("/v1/models/iris:predict", json.dumps({"instances": [_ROW]}), "predictions")
    return _started(_OURS, command, question, folder / "ours")


def _no_op(folder: Path) -> contextlib.AbstractContextManager[Server]:
    place = _made(folder / "no-op")
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.serving_noop", str(port)]
    question = Question("/", json.dumps({"instances": [_ROW]}), "predictions")
    return serving(_NO_OP, command, port, question, place, {"PYTHONPATH": str(_PROJECT)})


def _large(folder: Path) -> Iterator[Verdict]:
    """Requests of a model that is worth joining them for: both ways at once would disturb."""
    base = folder / "mlp"
    count = answer([sys.executable, "-m", "benchmarks.serving_mlp", str(base / "1")])
    row = [round(0.001 * place, 3) for place in range(serving_mlp.INPUTS)]
    question = Question("/v1/models/mlp:predict", json.dumps({"instances": [row]}), "predictions")
    serve = [sys.executable, "-m", "kerasrun", "serve", "--model", f"mlp={base}", "--port", "-1"]
    with contextlib.ExitStack() as stack:
        servers = [
            stack.enter_context(_started(name, [*serve, *more], question, folder / name))
            for name, more in (("batching", ()), ("no batching", ("--no_batching",)))
        ]
        rounds = _rounds(servers, 5, 4.0)
    _print(f"MLP, {count / 1e6:.0f}M", rounds)
    ratios = [each["batching"].per_sec / each["no batching"].per_sec for each in rounds]
    yield Verdict("serve a large MLP: times the requests by batching", ratios, _TIMES_BATCHED)


def _started(
    name: str, command: Sequence[str], question: Question, folder: Path
) -> contextlib.AbstractContextManager[Server]:
    port = free_port()
    command = [*command, "--rest_api_port", str(port)]
    return serving(name, command, port, question, _made(folder))


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _rounds(servers: Sequence[Server], count: int, seconds: float) -> list[Round]:
    """Loads one after the other, again and again; a first time that is not counted."""
    for server in servers:
        server.load(1.0)
    return [{each.name: each.load(seconds) for each in servers} for _ in range(count)]


def _print(model: str, rounds: Sequence[Round]) -> None:
    for name in rounds[0]:
        cpu, per_sec, p50 = (
            statistics.median(column) for column in zip(*(r[name] for r in rounds), strict=True)
        )
        print(
            f"serving    {model:9} {name:20} {cpu:7.0f} CPU µs a request "
            f"{per_sec:8,.0f} requests/s   median {p50 / 1000:6.1f} ms"
        )
