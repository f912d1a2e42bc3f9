"""What each of Ray's workers does: it starts one process of a training, and waits for its end.

The processes are those that `mlrun train --workers` starts on one machine. It imports Ray: only who
runs on Ray may import it.
"""

import json
import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kerasrun.runs.attempt import Request
from kerasrun.runs.cluster.faults import Fault
from kerasrun.runs.cluster.job import Plan
from kerasrun.runs.cluster.peers import GRACE_SECS, Peer
from kerasrun.runs.cluster.places import TF_CONFIG, TIMEOUT_VARIABLE, Place
from kerasrun.runs.cluster.ray_board import Report
from kerasrun.runs.cluster.ray_lead import lead
from kerasrun.runs.cluster.ray_link import Group, Link
from kerasrun.runs.errors import UsageError
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.worker_process import module_command, start_process

_POLL_SECS = 0.1
_TRACEBACK_CHARACTERS = 20_000


@dataclass(frozen=True)
class Order:
    """What all of Ray's workers are told.

    Attributes:
        board: The actor through which they speak.
        folder: The run's.
        cwd: Where their processes run.
        plan: How many, and how often they are started again.
        request: What the run is asked.
        attempts: How many it had before.
        gpus: How many GPUs each has.
        verbose: Whether all output is shown.
        environ: What the command's environment says about a training.
    """

    board: Any
    folder: Path
    cwd: Path
    plan: Plan
    request: Request
    attempts: int
    gpus: float
    verbose: bool
    environ: dict[str, str] = field(default_factory=dict)


def take_part(given: dict[str, Any]) -> None:
    """Does the part of one worker; `given` holds the `order`.

    Raises:
        RuntimeError: All is to be started again.
    """
    order: Order = given["order"]
    link = Link(order.board, Group.from_environ())
    _set_environment(order)
    if link.group.number == 0:
        _lead(link, order)
    else:
        _follow(link, order)


def _set_environment(order: Order) -> None:
    os.environ.update(order.environ)
    os.environ["TF_USE_LEGACY_KERAS"] = "0"  # Ray asks for the old Keras
    os.environ.pop(TF_CONFIG, None)
    if not order.gpus:  # what Ray has not given to this worker is another's
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"


def _lead(link: Link, order: Order) -> None:
    if missing := _missing(order, "the process that leads"):
        link.begin()
        link.tell("error", (UsageError.exit_code, missing, ""))
        link.end()
        return

    def command_for(request: Request) -> list[str]:
        words = json.dumps(request.to_dict())
        return _tied(module_command("kerasrun.runs.worker", str(order.folder), words))

    lead(
        *(link, order.folder, order.plan, command_for),
        request=order.request,
        attempts=order.attempts,
        cwd=order.cwd,
        verbose=order.verbose,
    )


def _follow(link: Link, order: Order) -> None:
    """Starts a peer; after a failure waits until the process that leads has ended, too."""
    place = link.group.places[link.group.number]
    if missing := _missing(order, place.name):
        report = Report(Fault(place.name, missing, UsageError.exit_code, own=True))
    else:
        report = _followed(link, order, place)
    link.report(report)
    deadline = time.monotonic() + 3 * GRACE_SECS
    while report.fault and not link.view().over and time.monotonic() < deadline:
        time.sleep(_POLL_SECS)


def _followed(link: Link, order: Order, place: Place) -> Report:
    # The record may not have yet what the run is asked.
    words = json.dumps(order.request.to_dict())
    command = module_command("kerasrun.runs.cluster.peer", str(order.folder), words)
    log = RunFiles(order.folder).worker_log(place.index)
    environment = {TF_CONFIG: place.tf_config, TIMEOUT_VARIABLE: str(order.plan.timeout_secs)}
    peer = Peer(place, *start_process(_tied(command), log, order.cwd, environment), log)
    sent: int | None = None
    while not peer.poll():
        number = link.view().order
        if number is not None and number != sent:
            sent = number
            peer.end(signal.Signals(number))
        time.sleep(_POLL_SECS)
    return Report(peer.fault, peer.traceback()[-_TRACEBACK_CHARACTERS:])


def _missing(order: Order, who: str) -> str:
    """What this node lacks, in a sentence; empty where it lacks nothing."""
    for folder, what in ((order.folder, "the runs' root"), (order.cwd, "the current folder")):
        if not folder.is_dir():
            return (
                f"{who}: {folder} is not on the node {os.uname().nodename}: with --engine ray "
                f"{what} must be on a disk that all nodes share"
            )
    return ""


def _tied(command: list[str]) -> list[str]:
    """The same, but it ends with this process."""
    return module_command("kerasrun.runs.cluster.tied", str(os.getpid()), *command)
