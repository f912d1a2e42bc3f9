import re
from typing import Any

import pytest

from kerasrun.runs.shape import Each, Maybe, check, count, duration, number, time

SHAPE = {
    "name?": Maybe(str),
    "began": bool,
    "n": count,
    "tags": Each({"last": Maybe(number)}),
    "attempts": [{"started": time, "secs?": duration}],
}
SOUND: dict[str, Any] = {
    "name": None,
    "began": True,
    "n": 3,
    "tags": {"loss": {"last": 0.5}},
    "attempts": [{"started": "2026-11-21T22:30:15.000Z", "secs": 1}],
    "of a later version": [object()],
}


def test_what_is_of_the_shape_passes() -> None:
    check(SOUND, SHAPE)
    check({key: value for key, value in SOUND.items() if key != "name"}, SHAPE)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": 3}, "name is 3, expected str"),
        ({"began": 1}, "began is 1, expected bool"),
        ({"n": True}, "n is True, expected a count"),
        ({"n": -1}, "n is -1, expected a count"),
        ({"n": 1.0}, "n is 1.0, expected a count"),
        ({"n": 2**63}, f"n is {2**63}, expected a count"),
        ({"tags": []}, "tags is [], expected an object"),
        ({"tags": {"loss": 1}}, "tags.loss is 1, expected an object"),
        ({"tags": {"loss": {}}}, "tags.loss lacks 'last'"),
        ({"tags": {"loss": {"last": "x" * 50}}}, f"tags.loss.last is '{'x' * 38}…, expected a num"),
        ({"tags": {"loss": {"last": 10**400}}}, f"tags.loss.last is 1{'0' * 38}…, expected a num"),
        ({"attempts": {}}, "attempts is {}, expected a list"),
        ({"attempts": [{}]}, "attempts[0] lacks 'started'"),
        ({"attempts": [{"started": "soon"}]}, "attempts[0].started is 'soon', expected a time"),
        ({"attempts": [{"started": "2026-11-21T22:30:15"}]}, "attempts[0].started is '2026-"),
        (
            {"attempts": [{**SOUND["attempts"][0], "secs": float("nan")}]},
            "attempts[0].secs is nan, expected a duration",
        ),
    ],
)
def test_what_is_not_is_named_with_its_place(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        check({**SOUND, **wrong}, SHAPE)
