"""`mlrun logs` of a run of several processes."""

import json
import os
from collections.abc import Callable
from typing import Any

from typer.testing import CliRunner

from kerasrun.cli.main import app
from kerasrun.runs.layout import RunFiles

RunMaker = Callable[..., RunFiles]


def logs(files: RunFiles, *words: str) -> Any:
    command = ["logs", files.folder.name, "--root", str(files.folder.parent), *words]
    return CliRunner().invoke(app, command)


def test_each_process_has_a_log_and_all_can_be_read_at_once(make_run: RunMaker) -> None:
    files = make_run()
    files.exit_json.write_text(json.dumps({"schema": 1, "status": "completed"}))
    os.utime(files.folder, (0, 0))
    files.output_log.write_bytes(b"one\ntwo\n")
    files.worker_log(0).write_bytes(b"zero\xff\nlast")
    files.worker_log(1).write_bytes(b"")
    files.evaluator_log.write_bytes(b"evaluated\n")
    assert logs(files).stdout == "one\ntwo\n"
    assert logs(files, "--worker", "0").stdout_bytes == b"zero\xff\nlast"
    wrong = logs(files, "--worker", "7")
    assert wrong.exit_code == 2
    assert "no log of a worker 7: there are those of worker 0, 1" in wrong.stderr
    assert logs(files, "--worker", "0", "--all").exit_code == 2
    assert logs(files, "--all").stdout_bytes.split(b"\n") == [
        *(b"master    | one", b"master    | two"),
        *(b"worker 0  | zero\xff", b"evaluator | evaluated", b"worker 0  | last", b""),
    ]
    last = logs(files, "--all", "-n", "1", "--json").stdout.splitlines()
    assert [(line["process"], line["line"]) for line in map(json.loads, last)] == [
        ("master", "two"),
        ("evaluator", "evaluated"),
        ("worker 0", "last"),
    ]


def test_what_an_evaluator_found_is_among_the_metrics(make_run: RunMaker) -> None:
    files = make_run()
    point = {"first": 1.0, "first_step": 1, "last": 0.5, "last_step": 9, "n": 2}
    files.metrics_json.write_text(
        json.dumps({"schema": 1, "step": 10, "metrics": {"train": {"loss": point}}})
    )
    files.evaluations_json.write_text(
        json.dumps({"schema": 1, "step": 9, "metrics": {"eval": {"loss": point}}})
    )
    command = ["show", files.folder.name, "--root", str(files.folder.parent), "--field"]
    shown = [
        CliRunner().invoke(app, [*command, field]).stdout.strip()
        for field in ("metric:loss", "metric:train/loss", "step")
    ]
    assert shown == ["0.5", "0.5", "10"]
