"""Two kills of real runs; `make torture` does a hundred, of longer ones."""

import random
from pathlib import Path

import pytest

from tests.reliability.kills.__main__ import Torture


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_kills_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    seed = random.SystemRandom().randrange(2**31)
    print(f"seed {seed}")  # shown when it fails
    torture = Torture(tmp_path, seed, kills=2, max_steps=200)
    torture.run()
    assert not torture.failed
    assert (torture.killed, torture.survived) == (2, 2)
    assert torture.largest == 0.0
