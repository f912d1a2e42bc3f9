"""The conditions of `--where`."""

import contextlib
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasrun.runs import clock, ids
from kerasrun.runs.errors import UsageError
from kerasrun.runs.listing import list_runs
from kerasrun.runs.where import where
from tests.cli.run_records import write_run

BASE, LARGE, BROKEN = "20261121-223015-a3f1", "20261122-010203-77d0", "20261123-010203-0b0b"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_run(
        tmp_path,
        BASE,
        name="base",
        params={"lr": 0.01, "optimizer": "adam", "units": 8, "layers": [64, 32], "deep": True},
        metrics={"loss": 0.2, "accuracy": 0.9, "my metric": 1.0},
        tags=["good", "sweep-1"],
    )
    write_run(
        tmp_path, LARGE, params={"lr": 0.1, "units": 16}, metrics={"loss": 0.1, "accuracy": 0.95}
    )
    write_run(tmp_path, BROKEN, params={"lr": 0.1}, metrics={"loss": float("nan")}, status="failed")
    return tmp_path


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("lr = 0.1", [BROKEN, LARGE]),
        ("lr != 0.1", [BASE]),
        ("lr<=1e-2", [BASE]),
        ("units > 8", [LARGE]),
        ("not units > 8", [BROKEN, BASE]),
        ("accuracy >= 0.9 and lr < 0.05", [BASE]),
        ("accuracy > 0.94 or optimizer = adam", [LARGE, BASE]),
        ("lr = 0.1 or lr = 0.01 and units = 8", [BROKEN, LARGE, BASE]),
        ("(lr = 0.1 or lr = 0.01) and units = 8", [BASE]),
        ("status in [failed, killed]", [BROKEN]),
        ("status not in (failed, killed)", [LARGE, BASE]),
        ("units is undefined", [BROKEN]),
        ("units is not undefined", [LARGE, BASE]),
        ("units in [8, 16.0]", [LARGE, BASE]),
        ("tag:good", [BASE]),
        ("not tag:good", [BROKEN, LARGE]),
        ("tags contains sweep-1", [BASE]),
        ("tags ~ '^sweep'", [BASE]),
        ("optimizer ~ '^a.am$'", [BASE]),
        ("optimizer contains 'da'", [BASE]),
        ("layers contains 32", [BASE]),
        ("layers = '64,32'", [BASE]),
        ("deep = true", [BASE]),
        ("deep = false", []),
        ("metric:loss.min < 0.15", [LARGE]),
        ("metric:eval/loss > 0.15", [BASE]),
        ("metric:'my metric' = 1", [BASE]),
        ("name = base", [BASE]),
        ("attr:name = 'base'", [BASE]),
        ("step = 2000", [BROKEN, LARGE, BASE]),
        ("id = 20261121-223015-a3f1", [BASE]),
        ("started < 2026-11-22", [BASE]),
        ("started >= 2026-11-22T01:02:03", [BROKEN, LARGE]),
        ("AGE > 1s".lower(), [BROKEN, LARGE, BASE]),
        ("optimizer > 3", []),
        ("loss > 0 or loss <= 0", [LARGE, BASE]),
    ],
)
def test_a_condition_finds(root: Path, condition: str, found: list[str]) -> None:
    assert [run.id for run in list_runs(root, where=condition).runs] == found


def test_times_are_relative_to_now(tmp_path: Path) -> None:
    for hours in (1, 30):
        write_run(tmp_path, ids.new_id(clock.now() - timedelta(hours=hours), f"00{hours:02}"))
    assert [run.id[-2:] for run in list_runs(tmp_path, where="started > -1d").runs] == ["01"]
    assert [run.id[-2:] for run in list_runs(tmp_path, where="age > 24h").runs] == ["30"]


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("", "expected the name of a param, metric or attribute, found its end"),
        ("lr", "expected one of = !="),
        ("lr >", "expected a value, found its end"),
        ("lr > high", "expected a number, a time such as 10m or a date after >, found 'high'"),
        ("lr = 1 lr = 2", "expected 'and', 'or' or the end, found 'lr'"),
        ("(lr = 1", r"expected '\)', found its end"),
        ("status in failed", r"expected a list such as \[failed, killed\], found 'failed'"),
        ("status in [failed", "expected ',' or ']'"),
        ("lr not 3", "expected 'in', found '3'"),
        ("lr is 3", "expected 'undefined', found '3'"),
        ("name ~ '['", "is no regular expression"),
        ("lr = 'a", 'cannot read "\'a"'),
        ("attr:sttus = failed", "no such attribute.*Did you mean 'status'"),
        ("acuracy > 0.9", "no run has a 'acuracy'. Did you mean 'accuracy'"),
        ("param:optimiser = adam", "no run has a param 'optimiser'. Did you mean 'optimizer'"),
        ("(" * 60 + "lr = 1", "nested too deeply"),
    ],
)
def test_what_is_no_condition_is_said(root: Path, condition: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        list_runs(root, where=condition)


@given(st.text(st.sampled_from("lr acy<>=!~()[],'\"-.:0159 andotins"), max_size=40))
def test_any_text_is_a_condition_or_one_clear_error(text: str) -> None:
    with contextlib.suppress(UsageError):
        where(text)
