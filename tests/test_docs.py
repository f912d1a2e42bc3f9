"""The documentation is executed: links lead somewhere, and what README shows works."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert missing == []


def test_every_page_is_listed() -> None:
    listed = (ROOT / "docs" / "README.md").read_text()
    pages = [page.name for page in PAGES if page.name != "README.md"]
    assert [name for name in pages if f"]({name})" not in listed] == []


@pytest.mark.slow
def test_the_python_form_in_the_readme_runs(
    run_program: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "program.py").write_text(program)
    monkeypatch.chdir(tmp_path)
    accuracy = float(run_program(tmp_path / "program.py").split()[-1])
    assert accuracy >= 0.93
