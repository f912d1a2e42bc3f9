"""Requests that take too long: one timer for all of them."""

import asyncio
import time

import pytest

from kerasrun.exporters.serving.rest_deadlines import Deadlines


async def slow(deadlines: Deadlines, secs: float) -> str:
    try:
        with deadlines.begin():
            await asyncio.sleep(secs)
    except TimeoutError:
        return "late"
    return "in time"


def test_each_is_late_in_its_turn() -> None:
    async def ask() -> tuple[list[str], float]:
        deadlines = Deadlines(0.2)
        first = asyncio.gather(slow(deadlines, 60), slow(deadlines, 0.01))
        await asyncio.sleep(0.1)
        second = asyncio.gather(slow(deadlines, 60), slow(deadlines, 0.15))
        start = time.monotonic()
        return [*await first, *await second], time.monotonic() - start

    told, secs = asyncio.run(ask())
    assert told == ["late", "in time", "late", "in time"]
    assert secs < 10


def test_after_a_pause_they_are_late_again() -> None:
    async def ask() -> list[str]:
        deadlines = Deadlines(0.05)
        told = [await slow(deadlines, 0)]
        await asyncio.sleep(0.1)
        return [*told, await slow(deadlines, 60)]

    assert asyncio.run(ask()) == ["in time", "late"]


def test_another_event_loop_has_a_timer_of_its_own() -> None:
    deadlines = Deadlines(0.1)
    assert asyncio.run(slow(deadlines, 0)) == "in time"
    assert asyncio.run(asyncio.wait_for(slow(deadlines, 60), 10)) == "late"


def test_without_a_limit_nothing_is_late() -> None:
    assert asyncio.run(slow(Deadlines(0), 0.1)) == "in time"


def test_who_cancels_a_request_is_not_told_that_it_was_late() -> None:
    async def ask() -> None:
        task = asyncio.ensure_future(slow(Deadlines(30), 60))
        await asyncio.sleep(0.01)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(ask())


def test_an_error_on_the_way_is_passed_on() -> None:
    async def ask() -> None:
        with Deadlines(30).begin():
            raise ValueError("the client's")

    with pytest.raises(ValueError, match="the client's"):
        asyncio.run(ask())
