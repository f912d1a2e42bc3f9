"""What the workers of Ray tell each other, without Ray."""

import signal

import pytest

from kerasrun.runs.cluster.faults import Fault
from kerasrun.runs.cluster.ray_board import Board, Report
from kerasrun.runs.cluster.ray_room import Share, check_room
from kerasrun.runs.errors import UsageError


def test_a_group_hears_nothing_of_the_one_before() -> None:
    board = Board()
    assert board.begin("a") == (0, True)
    board.report("a", 1, Report(Fault("worker 0", "SIGKILL", 137, "SIGKILL")))
    board.order("a", 2, signal.SIGTERM)
    fault = board.look("a", 0).reports[1].fault
    assert fault is not None
    assert fault.signal == "SIGKILL"
    assert (board.look("a", 1).order, board.look("a", 2).order) == (None, signal.SIGTERM)
    board.report("b", 2, Report(None))  # may come before the one that leads
    assert board.begin("b") == (1, False)
    assert (list(board.look("b", 0).reports), board.look("b", 2).order) == ([2], None)
    board.end("b")
    assert board.look("b", 2).over
    assert board.begin("c") == (2, True)


def test_the_command_hears_what_is_told_once_and_whether_anybody_leads() -> None:
    now = 100.0
    board = Board(lambda: now)
    now += 5
    assert board.news() == ([], False, 5.0)
    board.begin("a")
    board.tell("notice", "one")
    board.signal(signal.SIGINT)
    assert board.news() == ([("notice", "one")], True, 0.0)
    now += 7
    assert board.look("a", 1).signals == (signal.SIGINT,)
    assert board.news() == ([], True, 7.0)  # it is the one that leads that counts
    board.look("a", 0)
    assert board.news() == ([], True, 0.0)
    board.end("a")
    assert board.news() == ([], False, 0.0)


def test_workers_that_do_not_fit_any_nodes_are_refused() -> None:
    nodes = [{"CPU": 4.0}, {"CPU": 4.0, "GPU": 1.0}]
    check_room(Share(4, cpus=2), nodes)
    check_room(Share(1, cpus=4, gpus=1), nodes)
    with pytest.raises(
        UsageError,
        match=r"2 processes with 1 CPU and 1 GPU each do not fit: there "
        r"are 2 nodes with 8 CPUs and 1 GPU\.",
    ):
        check_room(Share(2, gpus=1), nodes)
    with pytest.raises(UsageError, match="3 processes with 3 CPUs each do not fit"):
        check_room(Share(3, cpus=3), nodes)  # 9 of 8, and one node has no room for two
