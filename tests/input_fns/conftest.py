"""CSV files for a test, and the two ways to read them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(params=[2**20, 0], ids=["memory", "stream"])
def max_bytes(request: pytest.FixtureRequest) -> int:
    """Returns a `max_bytes_in_memory` that holds every file in memory, and one that holds none."""
    size: int = request.param
    return size


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Returns a function that writes a file and returns its path."""

    def write_file(content: str | bytes, name: str = "data.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write_file


@pytest.fixture
def flowers(write: Any) -> Any:
    return write("length,width,count,kind\n5.1,3.5,1,setosa\n4.9,3,2,virginica\n6,2.5,3,setosa\n")
