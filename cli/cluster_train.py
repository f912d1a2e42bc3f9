"""`mlrun train --job`: one process of a training whose processes somebody else starts."""

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import typer

if TYPE_CHECKING:
    from kerasrun.cli.progress import Screen
    from kerasrun.runs.cluster.places import Place
    from kerasrun.runs.launch import TrainOrder
    from kerasrun.runs.supervisor import Ended

_DEAD_HOST_SECS = 100.0  # a heartbeat counts for 90


def place_of_command(
    job: str | None, hosts: str | None, task_index: int | None, **excluded: Any
) -> "Place | None":
    """Where this process stands in its cluster; None where it trains alone.

    Args:
        job: `--job`.
        hosts: `--hosts`.
        task_index: `--task-index`.
        excluded: Options that do not go with a cluster, by their names; None or False: not given.

    Raises:
        UsageError: The options, or TF_CONFIG, do not fit together.
    """
    from kerasrun.runs.cluster.outside import check_word
    from kerasrun.runs.cluster.places import place_among, place_from_environ
    from kerasrun.runs.errors import UsageError

    place = place_from_environ()
    if (hosts is None) != (task_index is None):
        raise UsageError("--hosts and --task-index go together: all addresses, and which is ours")
    if place is not None and hosts is not None:
        raise UsageError("--hosts and TF_CONFIG both describe a cluster: give one of them")
    if hosts is not None and task_index is not None:
        place = place_among(hosts, task_index)
    if place is not None and job is None:
        where = "TF_CONFIG names" if hosts is None else "--hosts names"
        raise UsageError(
            f"{where} {place.trainers} processes that train, and each needs to know which run is "
            "theirs: give --job WORD, the same word and the same --root in all of them"
        )
    if job is not None:
        check_word(job)
    for option, value in excluded.items() if job is not None else ():
        if value:
            raise UsageError(f"--job does not go with --{option}: its processes are started apart")
    return place


class ClusterTraining:
    """This process's part in a job.

    Args:
        order: What is to be trained; has a `job`.
        root: The runs' root that all processes share.
        place: Where this process stands; None: it is the only one.
        timeout_secs: How long it waits for the others, or None.
        json: Whether the run is printed as JSON at the end.
        verbose: Whether all output is shown.
        traceback: Whether the traceback of a failure is printed.
    """

    def __init__(
        self,
        order: "TrainOrder",
        root: Path,
        place: "Place | None",
        *,
        timeout_secs: float | None,
        json: bool,
        verbose: bool,
        traceback: bool,
    ) -> None:
        from kerasrun.runs.cluster.outside import JobFinder, enter

        self._order, self._root, self._place = order, root, place
        self._secs = enter(place, timeout_secs) if place else 0.0
        self._json, self._verbose, self._traceback = json, verbose, traceback
        self._finder = JobFinder(root, order.job or "")

    def run(self, mirror: str | None) -> None:
        """Does it.

        Raises:
            typer.Exit: With the exit code.
        """
        if self._place is None or self._place.leads:
            self._lead(mirror)
        else:
            self._take_part(self._place)

    def _lead(self, mirror: str | None) -> None:
        from kerasrun.cli.errors import warn
        from kerasrun.cli.follow import Follower
        from kerasrun.runs.push.mirror import Mirror
        from kerasrun.runs.resume import NothingToTrain

        found = self._finder.find()
        if found is not None:
            self._check(found)
        with (
            Follower(json=self._json, traceback=self._traceback) as follower,
            Mirror(mirror, warn) as mirrored,
        ):

            def announced(folder: Path, record: dict[str, Any]) -> "Screen":
                screen = follower.screen_for(folder, record)
                screen.line(self._line(found))
                mirrored.follow(folder)
                return screen

            folder, ended = self._launched_or_resumed(found, announced)
        if isinstance(ended, NothingToTrain):
            self._nothing_to_do(folder, f"job {self._order.job} is run {folder.name}: {ended}")
            return
        follower.finish(folder, ended)

    def _launched_or_resumed(
        self, found: Path | None, announced: Any
    ) -> "tuple[Path, Ended | Any]":
        from kerasrun.runs.launch import launch
        from kerasrun.runs.resume import resume
        from kerasrun.runs.run import read_run

        if found is None:
            return launch(self._order, self._root, listener_for=announced, verbose=self._verbose)
        _wait_for_the_one_before(found)
        request = self._request()
        return found, resume(
            read_run(found), request, listener_for=announced, verbose=self._verbose
        )

    def _request(self) -> Any:
        from kerasrun.runs.attempt import Request

        options = self._order.options
        return Request(
            argv=self._order.argv,
            max_steps=options.get("max_steps"),
            max_restarts=options.get("max_restarts"),
        )

    def _line(self, found: Path | None) -> str:
        from kerasrun.runs.cluster.places import MASTER

        others = self._place.trainers - 1 if self._place else 0
        begin = "goes on" if found else "begins"
        text = f"job     {self._order.job}   {begin} with {others} other processes that train"
        if self._place is None or self._place.task_type == MASTER:
            return text
        return f"{text}; an evaluator evaluates and exports, if there is one"

    def _take_part(self, place: "Place") -> None:
        from kerasrun.cli.errors import complain
        from kerasrun.runs.cluster.outside import has_ended, take_part

        folder = self._finder.wait(self._secs)
        self._check(folder)
        if has_ended(folder, self._order.options.get("max_steps")):
            text = f"job {self._order.job} is run {folder.name}, which has ended: nothing to do"
            self._nothing_to_do(folder, text)
            return
        lines = _Lines(sys.stderr if self._json else sys.stdout)
        lines.output(f"{place.name} of job {self._order.job}, run {folder.name}")
        part = take_part(place, folder, self._request(), listener=lines, verbose=self._verbose)
        if self._json:
            self._print_json(folder)
        if part.reason:
            if self._traceback:
                print(part.traceback, end="", file=sys.stderr)
            complain(f"{place.name}: {part.reason}")
        raise typer.Exit(part.code)

    def _check(self, folder: Path) -> None:
        from kerasrun.runs.cluster.same_job import check_same
        from kerasrun.runs.run import read_run

        check_same(self._order, folder.name, read_run(folder).record)

    def _nothing_to_do(self, folder: Path, text: str) -> None:
        print(text, file=sys.stderr if self._json else sys.stdout)
        if self._json:
            self._print_json(folder)

    def _print_json(self, folder: Path) -> None:
        from kerasrun.cli.json_shape import run_json, to_text
        from kerasrun.runs.run import read_run

        print(to_text(run_json(read_run(folder))))


class _Lines:
    """Shows what a process prints, as it is the log of its host.

    Args:
        out: Where.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def event(self, event: Any) -> None:
        """Says nothing."""

    def output(self, line: str) -> None:
        """Prints it."""
        print(line, file=self._out, flush=True)

    def notice(self, text: str) -> None:
        """Prints it."""
        print(text, file=sys.stderr, flush=True)


def _wait_for_the_one_before(folder: Path) -> None:
    """A process that leads, started again, may come before its death has shown."""
    from kerasrun.runs.run import read_run

    deadline = time.monotonic() + _DEAD_HOST_SECS
    told = False
    while time.monotonic() < deadline:
        status = read_run(folder).status
        if not status.active or status.state == "preparing":
            return
        if not told:
            told = True
            text = f"run {folder.name} is {status}: waiting until that has ended"
            print(f"{text} (process {os.getpid()})", file=sys.stderr, flush=True)
        time.sleep(1)
