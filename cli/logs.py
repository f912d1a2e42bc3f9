"""`mlrun logs`: what a run has printed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from kerasrun.cli.options import Root, RunName


def logs(
    run: RunName,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the run has ended.")
    ] = False,
    lines: Annotated[
        int | None,
        typer.Option(
            "--lines", "-n", min=0, metavar="N", help="Only the last N lines. Default: all."
        ),
    ] = None,
    worker: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="N",
            help="That worker of a run of several processes. Default: the process that leads.",
            show_default=False,
        ),
    ] = None,
    all_: Annotated[
        bool,
        typer.Option("--all", help="Of all its processes, each line with the name of its process."),
    ] = False,
    root: Root = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print a line of JSON for each line instead.")
    ] = False,
) -> None:
    """Print what a run has printed, in all its attempts; with -f, as it comes."""
    from kerasrun.cli.errors import readable_errors
    from kerasrun.runs.cluster.logs import AllLogs, log_of
    from kerasrun.runs.errors import UsageError
    from kerasrun.runs.layout import RunFiles
    from kerasrun.runs.query import find_id
    from kerasrun.runs.root import runs_root
    from kerasrun.runs.run_log import RunLog

    with readable_errors(), _quiet_interrupt():
        folder = runs_root(root)
        files = RunFiles(folder / find_id(run, folder))
        if all_ and worker is not None:
            raise UsageError("expected one of --worker and --all")
        if all_:
            for name, line in AllLogs(files).lines(last=lines, follow=follow):
                _print_line_of(name, line, files.folder.name if json else None)
            return
        log = RunLog(files, log_of(files, worker))
        writer: _Bytes | _JsonLines = _JsonLines(files.folder.name) if json else _Bytes()
        for chunk in log.chunks(lines=lines, follow=follow):
            writer.write(chunk)
        writer.end()
        if not log.found:
            print(f"run {files.folder.name} has printed nothing: no output.log", file=sys.stderr)


@contextmanager
def _quiet_interrupt() -> Iterator[None]:
    """Ctrl-C ends the following, not the run."""
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


class _Bytes:
    """Passes the bytes on as they are: whose they are knows their encoding."""

    def write(self, chunk: bytes) -> None:
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()

    def end(self) -> None:
        pass


def _print_line_of(name: str, line: bytes, run_id: str | None) -> None:
    """One line of a process, as JSON where the run's id is given."""
    if run_id is not None:
        import json

        from kerasrun.cli.json_shape import SCHEMA

        text = line.decode(errors="replace")
        content = {"schema": SCHEMA, "run": run_id, "process": name, "line": text}
        print(json.dumps(content, ensure_ascii=False), flush=True)
        return
    sys.stdout.buffer.write(f"{name:<9} | ".encode() + line + b"\n")
    sys.stdout.buffer.flush()


class _JsonLines:
    """A JSON object for each line of the output."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._unfinished = b""

    def write(self, chunk: bytes) -> None:
        *whole, self._unfinished = (self._unfinished + chunk).split(b"\n")
        for line in whole:
            self._print(line)
        sys.stdout.flush()

    def end(self) -> None:
        if self._unfinished:
            self._print(self._unfinished)

    def _print(self, line: bytes) -> None:
        import json

        from kerasrun.cli.json_shape import SCHEMA

        text = line.decode(errors="replace")
        content = {"schema": SCHEMA, "run": self._run_id, "line": text}
        print(json.dumps(content, ensure_ascii=False))
