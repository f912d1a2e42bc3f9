"""A new run that begins with another: the same again, or its weights carried on."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasrun.runs.errors import UsageError
from kerasrun.runs.latest_step import latest_step
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.packages import main_versions
from kerasrun.runs.records import PROGRAM, check_startable
from kerasrun.runs.run import Run
from kerasrun.runs.settings import COMMAND_LINE, was_given
from kerasrun.runs.source import keep_source_of

AGAIN, FORK = "again", "fork"


@dataclass(frozen=True)
class Parent:
    """The run that a new one begins with.

    Attributes:
        run: Which.
        how: `again`: its source, params, settings and seed; `fork`: its newest checkpoint's
            weights, and its source and params unless another model file is given.
    """

    run: Run
    how: str

    def check(self) -> None:
        """Raises unless a run can begin with it.

        Raises:
            UnreadableRun: Its record lacks what a worker needs.
            UsageError: It was no training of ours, or has nothing to carry on.
        """
        if self.run.record.get("kind", "train") not in ("train", PROGRAM):
            raise UsageError(
                f"run {self.run.id} was not started by `mlrun train`: run its own program again"
            )
        check_startable(self.run.id, self.run.record)
        if self.how == FORK and latest_step(self.run.folder) is None:
            raise UsageError(f"run {self.run.id} has no checkpoint to carry on from")

    @property
    def cwd(self) -> Path:
        """The folder that it ran in.

        Raises:
            UsageError: It is gone.
        """
        cwd = Path(self.run.record["cwd"])
        if not cwd.is_dir():
            raise UsageError(f"run {self.run.id} ran in {cwd}, which is gone")
        return cwd

    @property
    def origin(self) -> str:
        """What stands in `run.json` as the origin of what comes from it."""
        return f"run {self.run.id}"

    def keep_source(self, files: RunFiles) -> dict[str, Any]:
        """Copies its model file into the new run; returns what `run.json` says of it."""
        return keep_source_of(files, RunFiles(self.run.folder), self.run.record["model"])

    def keep_git_state(self, files: RunFiles) -> dict[str, Any] | None:
        """Copies its uncommitted changes; returns what `run.json` says of its code."""
        diff = RunFiles(self.run.folder).diff
        if diff.exists():
            files.source.mkdir(exist_ok=True)
            shutil.copyfile(diff, files.diff)
        git: dict[str, Any] | None = self.run.record.get("git")
        return git

    def params(self) -> dict[str, dict[str, Any]]:
        """Those that it was given; the others are its model file's defaults again."""
        return {
            name: {"value": entry["text"], "origin": self.origin, "text": entry["text"]}
            for name, entry in self.run.record.get("params", {}).items()
            if isinstance(entry.get("text"), str)
        }

    def settings(self) -> dict[str, dict[str, Any]]:
        """Those that it was given; the others are settled anew."""
        return {
            name: {"value": entry["value"], "origin": self.origin}
            for name, entry in self.run.record.get("settings", {}).items()
            if was_given(entry["origin"])
        }

    def seed(self) -> dict[str, Any]:
        """Its seed: as if given on the command line, if it was so."""
        seed = self.run.record["seed"]
        given = seed["origin"] == COMMAND_LINE
        return {"value": seed["value"], "origin": COMMAND_LINE if given else self.origin}

    def what_differs(self, record: Mapping[str, Any]) -> list[str]:
        """What the new run's record has otherwise: versions, params and settings given now."""
        before = self.run.record
        then, now = before.get("versions") or {}, main_versions()
        found = [
            f"{name} {then.get(name, 'none')} -> {now.get(name, 'none')}"
            for name in sorted(then.keys() | now.keys())
            if then.get(name) != now.get(name)
        ]
        for kind in ("params", "settings"):
            for name, entry in record[kind].items():
                old = before.get(kind, {}).get(name) or {}
                value = old.get("text", old.get("value"))
                if entry["origin"] == COMMAND_LINE and entry["value"] != value:
                    found.append(f"{name} {value} -> {entry['value']}")
        return found
