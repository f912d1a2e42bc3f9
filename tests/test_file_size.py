"""One file, one purpose: none is longer than 300 lines."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIMIT = 300


def test_no_source_file_has_more_than_300_lines() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout.split()
    lengths = {name: len((ROOT / name).read_text().splitlines()) for name in listed}
    assert len(lengths) > 50
    assert {name: length for name, length in lengths.items() if length > LIMIT} == {}
