import html.parser
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kerasrun.cli.html import element
from kerasrun.cli.main import app
from kerasrun.runs.scalar_file import ScalarFile
from tests.cli.run_records import write_run

OLD, NEW = "20261121-223015-a3f1", "20261122-010203-77d0"
EVIL = "<script>alert('&\"')</script>"
VOID = {"meta", "br", "line", "circle", "path", "rect"}


class Page(html.parser.HTMLParser):
    """A page's elements, and whether they are nested as they should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "script" not in self._open and "style" not in self._open:
            self.texts.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two runs with curves, one of them with all that a report can tell."""
    root = tmp_path / "runs"
    old = write_run(root, OLD, name="baseline", params={"lr": 0.1, "units": 8}, tags=["good"])
    new = write_run(
        root, NEW, params={"lr": 0.2, "units": 8}, metrics={"loss": 0.5}, status="failed"
    )
    for folder in (old, old / "eval", new):
        events = ScalarFile(folder)
        for step in range(1, 101):
            events.add(step, {"loss": 1 / step, "bad": float("nan")})
        events.close()
    record = json.loads((old / "run.json").read_text())
    record |= {
        "argv": ["mlrun", "train", "--name", "two words"],
        "versions": {"keras": "3.15.1"},
        "git": {"commit": "51062775" * 5, "branch": "main", "dirty": True, "diff": "x"},
    }
    (old / "run.json").write_text(json.dumps(record))
    (old / "source" / "diff.patch").write_text("@@ -1 +1 @@\n-lr = 1\n+lr = 2 < 3\n")
    (old / "export" / "latest" / "1795300215").mkdir(parents=True)
    (old / "export" / "latest" / "1795300215" / "model").write_bytes(bytes(20_000))
    outcome = {"schema": 1, "status": "failed", "reason": "ValueError", "last_lines": ["boom <&>"]}
    (new / "exit.json").write_text(json.dumps(outcome))
    return root


def report(root: Path, *arguments: str) -> Any:
    return CliRunner().invoke(app, ["report", *arguments, "--root", str(root)])


def page_of(root: Path, *arguments: str) -> Page:
    out = root.parent / "report.html"
    result = report(root, *arguments, "--out", str(out))
    assert result.exit_code == 0, result.stderr
    assert (result.stdout, result.stderr) == ("", f"wrote {out}\n")
    return Page(out.read_text(encoding="utf-8"))


def test_it_tells_all_about_the_runs(root: Path) -> None:
    page = page_of(root, "baseline", "77d0")
    for text in [
        *["2 runs", "baseline", OLD, NEW, "#good", "completed", "failed", "0.1", "0.2"],
        *["Curves", "Parameters", "Environment", "command line", "3.15.1", "loss", "net.py"],
        *["mlrun train --name 'two words'", "510627755106 main, with uncommitted changes"],
        *["1 export, the newest export/latest/1795300215", "0.02 MB", "boom <&>"],
        *["Uncommitted changes, 3 lines", "+lr = 2 < 3", "no finite values"],
    ]:
        assert text in page.text, text
    assert len(page.named("svg")) == 1
    assert len([one for one in page.named("g") if "line" in (one["class"] or "").split()]) == 3


def test_what_differs_is_marked(root: Path) -> None:
    out = root.parent / "report.html"
    page_of(root, "baseline", "77d0")
    marked = re.findall(r'<tr class="differs"><th scope="row">(\w+)', out.read_text())
    assert "lr" in marked
    assert "units" not in marked


def test_it_needs_nothing_from_outside(root: Path) -> None:
    page = page_of(root, "--where", "lr < 1")
    assert not {"link", "img", "iframe", "object"} & {name for name, _ in page.elements}
    for name, attributes in page.elements:
        assert "src" not in attributes
        assert not any(key.startswith("on") for key in attributes), name
        assert (attributes.get("href") or "#").startswith("#")
    policy = next(one for one in page.named("meta") if "http-equiv" in one)
    assert (policy["content"] or "").startswith("default-src 'none'")


@pytest.mark.parametrize("evil", [EVIL, "</title><b>", "</script>", "<!--", "\x00\x1b[31m"])
def test_names_and_values_are_harmless(root: Path, evil: str) -> None:
    write_run(root, "20261123-000000-0001", name=evil, params={evil: evil, "lr": 0.1}, tags=[evil])
    events = ScalarFile(root / "20261123-000000-0001")
    events.add(1, {evil: 1.0})
    events.add(2, {evil: 2.0})
    events.close()
    page = page_of(root, "0001", "baseline", "--title", evil)
    shown = re.sub(r"[\x00-\x08\x0e-\x1f]", "�", evil)
    assert shown in page.text
    assert len(page.named("script")) == 2  # the points and the program
    assert not page.named("b")


def test_the_points_are_data(root: Path) -> None:
    page_of(root, "baseline")
    text = (root.parent / "report.html").read_text()
    (data,) = re.findall(r'<script type="application/json" id="points">(.*?)</script>', text)
    charts = [chart for chart in json.loads(data) if chart]
    assert [line["label"] for line in charts[0]["lines"]] == ["train", "eval"]
    assert len(charts[0]["lines"][0]["xs"]) == len(charts[0]["lines"][0]["ys"]) == 100


def test_many_points_make_no_large_page(root: Path) -> None:
    events = ScalarFile(root / OLD / "eval_long")
    for step in range(5000):
        events.add(step, {"noise": step % 7})
    events.close()
    page_of(root, "baseline")
    assert (root.parent / "report.html").stat().st_size < 100_000


def test_a_run_of_which_little_is_known_has_a_page(root: Path) -> None:
    (root / "20261123-000000-0001").mkdir()
    page = page_of(root, "20261123-000000-0001")
    assert "20261123-000000-0001" in page.text
    assert "No curves: there are no event files." in page.text


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "which runs? Name one or more"),
        (["--where", "lr > 5"], 2, "no run fulfils --where 'lr > 5'"),
        (["nothing"], 3, "no run 'nothing' under "),
        (["a3f1", "--out", "/"], 2, "--out /: it is a folder"),
        (["a3f1", "--out", "/nowhere/r.html"], 2, "/nowhere/r.html cannot be written: No such"),
    ],
)
def test_wrong_arguments_are_one_line(
    root: Path, arguments: list[str], code: int, message: str
) -> None:
    result = report(root, *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith(f"error: {message}")
    assert len(result.stderr.splitlines()) == 1


def test_as_json_it_says_what_was_written(root: Path) -> None:
    out = root.parent / "r.html"
    result = report(root, "a3f1", "--out", str(out), "--json")
    assert json.loads(result.stdout) == {"schema": 1, "out": str(out), "runs": [OLD]}


def test_nothing_heavy_is_imported(root: Path) -> None:
    code = (
        "import sys; from kerasrun.cli.main import app\n"
        "try: app()\n"
        "finally: print(*{name.partition('.')[0] for name in sys.modules})"
    )
    command = [sys.executable, "-c", code, "report", OLD, "--root", str(root), "--out"]
    command.append(str(root.parent / "r.html"))
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert not {"tensorflow", "keras", "pandas", "matplotlib"} & set(done.stdout.split())


def test_an_element_escapes_its_attributes() -> None:
    assert element("a", href='"><x', hidden=True, id=None) == (
        '<a href="&quot;&gt;&lt;x" hidden></a>'
    )
