"""Requests at once are answered as one by one, and one that fails takes no other along."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from kerasrun.exporters.serving.batching import Batcher, BatchOptions
from kerasrun.exporters.serving.errors import ServingError
from kerasrun.exporters.serving.joined_calls import Answer
from kerasrun.exporters.serving.model_config import ModelConfig
from kerasrun.exporters.serving.servable import Servable
from kerasrun.exporters.serving.store import ModelStore
from tests.exporters.serving.asking import Put

Request = tuple[str, dict[str, NDArray[Any]]]


def rows(*values: float) -> dict[str, NDArray[Any]]:
    return {"x": np.array([[each, 1] for each in values], np.float32).reshape(-1, 2)}


def at_once(
    servable: Servable, requests: list[Request], **options: Any
) -> list[Answer | BaseException]:
    """Sends all requests in one turn of the loop."""

    async def send() -> list[Answer | BaseException]:
        batcher = Batcher(BatchOptions(**options))
        try:
            return await asyncio.gather(
                *(batcher.run(servable, *each) for each in requests), return_exceptions=True
            )
        finally:
            batcher.close()

    return asyncio.run(send())


def sizes(answers: list[Answer | BaseException]) -> list[list[int]]:
    return [each["rows"].tolist() for each in answers if isinstance(each, dict)]


def test_requests_of_one_turn_are_run_at_once(shared_servable: Servable) -> None:
    answers = at_once(shared_servable, [("", rows(1)), ("", rows(2, 3)), ("", rows(4))])
    assert sizes(answers) == [[4], [4, 4], [4]]
    assert [each["y"].tolist() for each in answers if isinstance(each, dict)] == [
        [4.0],
        [6.0, 8.0],
        [10.0],
    ]


@settings(max_examples=30, deadline=None)
@given(
    batches=st.lists(
        st.tuples(
            st.sampled_from(["serving_default", "mean"]),
            st.lists(st.integers(-1, 9), max_size=6),
        ),
        min_size=1,
        max_size=20,
    ),
    size=st.integers(1, 8),
    inline_micros=st.sampled_from([0, 10_000_000]),
)
def test_answers_are_those_of_each_request_alone(
    shared_servable: Servable,
    batches: list[tuple[str, list[int]]],
    size: int,
    inline_micros: int,
) -> None:
    requests = [(name, rows(*values)) for name, values in batches]
    together = at_once(
        shared_servable, requests, max_batch_size=size, workers=2, inline_micros=inline_micros
    )
    for request, answer in zip(requests, together, strict=True):
        alone = at_once(shared_servable, [request])[0]
        if isinstance(alone, ServingError):
            assert isinstance(answer, ServingError)
            assert answer.code == alone.code
            continue
        assert isinstance(answer, dict)
        assert isinstance(alone, dict)
        for name in alone.keys() - {"rows"}:
            np.testing.assert_array_equal(answer[name], alone[name])


def test_one_that_fails_takes_no_other_along(shared_servable: Servable) -> None:
    answers = at_once(shared_servable, [("", rows(1)), ("", rows(-1)), ("", rows(3))])
    assert sizes(answers) == [[1], [1]]
    assert isinstance(answers[1], ServingError)
    assert "negative number" in answers[1].message


def test_one_that_does_not_fit_takes_no_other_along(shared_servable: Servable) -> None:
    wide = {"x": np.ones((1, 3), np.float32)}
    answers = at_once(
        shared_servable,
        [("", rows(1)), ("", {}), ("nope", rows(1)), ("", wide), ("", rows(3))],
    )
    assert sizes([answers[0], answers[4]]) == [[2], [2]]
    assert [type(each).__name__ for each in answers[1:3]] == ["ServingError"] * 2


def test_texts_are_joined_too(shared_servable: Servable) -> None:
    requests: list[Request] = [
        ("repeat", {"text": np.array([text], object), "times": np.array([times])})
        for text, times in [(b"a", 1), ("é", 2), (b"long text", 3)]
    ]
    answers = at_once(shared_servable, requests)
    texts = [each["repeated"].tolist() for each in answers if isinstance(each, dict)]
    assert texts == [[b"a*1"], ["é*2".encode()], [b"long text*3"]]


def test_inputs_of_different_numbers_of_rows_are_run_alone(shared_servable: Servable) -> None:
    uneven = {"text": np.array([b"a"], object), "times": np.arange(3)}
    even = {"text": np.array([b"a"], object), "times": np.arange(1)}
    answers = at_once(shared_servable, [("repeat", uneven), ("repeat", even)])
    assert isinstance(answers[0], ServingError)
    assert isinstance(answers[1], dict)


@pytest.mark.parametrize("count", [1, 4, 5])
def test_a_batch_is_not_larger_than_asked(shared_servable: Servable, count: int) -> None:
    answers = at_once(shared_servable, [("", rows(1))] * count, max_batch_size=2)
    assert len(answers) == count
    assert max(each[0] for each in sizes(answers)) == min(count, 2)


def test_a_request_that_is_a_large_batch_itself_is_run_alone(shared_servable: Servable) -> None:
    answers = at_once(
        shared_servable, [("", rows(1)), ("", rows(1, 2, 3)), ("", rows())], max_batch_size=2
    )
    assert sizes(answers) == [[1], [3, 3, 3], []]


def test_batching_can_be_off(shared_servable: Servable) -> None:
    assert sizes(at_once(shared_servable, [("", rows(1))] * 3, enabled=False)) == [[1]] * 3


def test_whoever_comes_while_the_model_works_is_answered_by_its_next_call(
    shared_servable: Servable,
) -> None:
    async def client(batcher: Batcher) -> list[int]:
        return [
            int((await batcher.run(shared_servable, "", rows(1)))["rows"][0]) for _ in range(20)
        ]

    async def send() -> list[list[int]]:
        batcher = Batcher()
        found = await asyncio.gather(*(client(batcher) for _ in range(16)))
        batcher.close()
        return found

    assert max(max(each) for each in asyncio.run(send())) > 1


def test_the_first_waits_for_others_only_while_the_batch_has_room(
    shared_servable: Servable,
) -> None:
    async def send(**options: Any) -> list[Answer]:
        batcher = Batcher(BatchOptions(**options))
        first = asyncio.ensure_future(batcher.run(shared_servable, "", rows(1)))
        await asyncio.sleep(0.01)
        assert not first.done()
        both = await asyncio.gather(first, batcher.run(shared_servable, "", rows(2)))
        batcher.close()
        return list(both)

    minute = 60_000_000
    full = asyncio.run(send(batch_timeout_micros=minute, max_batch_size=2))
    assert [each["rows"].tolist() for each in full] == [[2], [2]]
    waited = asyncio.run(send(batch_timeout_micros=100_000, max_batch_size=99))
    assert [each["rows"].tolist() for each in waited] == [[2], [2]]


def test_too_many_are_refused(shared_servable: Servable) -> None:
    answers = at_once(shared_servable, [("", rows(1))] * 5, max_waiting=3)
    assert sizes(answers) == [[3]] * 3
    late = [each for each in answers if isinstance(each, ServingError)]
    assert [each.code for each in late] == ["UNAVAILABLE"] * 2


def test_a_client_that_is_gone_disturbs_no_other(shared_servable: Servable) -> None:
    async def send() -> Answer:
        batcher = Batcher()
        gone = asyncio.ensure_future(batcher.run(shared_servable, "", rows(1)))
        stays = asyncio.ensure_future(batcher.run(shared_servable, "", rows(2)))
        await asyncio.sleep(0)
        gone.cancel()
        answer = await stays
        batcher.close()
        return answer

    assert asyncio.run(send())["y"].tolist() == [6.0]


def test_a_closed_batcher_answers_nobody(shared_servable: Servable) -> None:
    async def send() -> list[Answer | BaseException]:
        batcher = Batcher(BatchOptions(batch_timeout_micros=60_000_000))
        waits = asyncio.ensure_future(batcher.run(shared_servable, "", rows(1)))
        await asyncio.sleep(0.01)
        batcher.close()
        late = batcher.run(shared_servable, "", rows(1))
        return list(await asyncio.gather(waits, late, return_exceptions=True))

    for each in asyncio.run(send()):
        assert isinstance(each, ServingError)
        assert each.message == "The server is shutting down."


def test_a_model_closed_in_between_is_unavailable(servable: Servable) -> None:
    async def send() -> list[Answer | BaseException]:
        batcher = Batcher()
        asked = [asyncio.ensure_future(batcher.run(servable, "", rows(1))) for _ in range(3)]
        servable.close()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        batcher.close()
        return answers

    codes = [each.code for each in asyncio.run(send()) if isinstance(each, ServingError)]
    assert codes == ["UNAVAILABLE"] * 3


def test_no_request_is_lost_while_versions_change_and_clients_leave(
    store: ModelStore, base: Path, put: Put, doubling: Path, tripling: Path
) -> None:
    put(doubling, "1")
    store.configure([ModelConfig("affine", str(base))])
    answers: set[float] = set()

    async def ask(batcher: Batcher, patience: float) -> None:
        with contextlib.suppress(TimeoutError), store.use("affine") as servable:
            answer = await asyncio.wait_for(batcher.run(servable, "", rows(1)), patience)
            answers.add(float(answer["y"][0]))

    async def client(batcher: Batcher, done: asyncio.Event, patience: float) -> None:
        while not done.is_set():
            await ask(batcher, patience)

    async def serve() -> None:
        batcher, done = Batcher(BatchOptions(inline_micros=0)), asyncio.Event()
        await ask(batcher, 60)
        clients = [
            asyncio.ensure_future(client(batcher, done, patience))
            for patience in (60, 60, 60, 0.0001)
        ]
        for version in ("2", "3", "4"):
            put(tripling, version)
            await asyncio.to_thread(store.poll)
        await ask(batcher, 60)
        done.set()
        await asyncio.gather(*clients)
        batcher.close()

    asyncio.run(serve())
    assert answers == {4.0, 6.0}


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert not [each for each in threading.enumerate() if each.name.startswith("serving")]
