"""`mlrun completion`: the script that teaches a shell to complete our commands and run ids."""

import enum
from typing import Annotated

import typer


class Shell(enum.StrEnum):
    """Those whose completion is known."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    shell: Annotated[Shell, typer.Argument(help="Which shell.", show_default=False)],
) -> None:
    """Print a completion script, such as for: source <(mlrun completion bash)."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    print(
        get_completion_script(prog_name="mlrun", complete_var="_MLRUN_COMPLETE", shell=shell.value)
    )


def run_names(incomplete: str) -> list[str]:
    """The ids, their last four characters, and the names that begin so; reads few files."""
    from kerasrun.runs.errors import RunError
    from kerasrun.runs.listing import list_runs, run_ids
    from kerasrun.runs.root import runs_root

    try:
        root = runs_root()
        every_id = run_ids(root)
        names = [run.name for run in list_runs(root, limit=_NAMED).runs if run.name]
    except RunError:
        return []
    ends = [run_id[-4:] for run_id in every_id] if incomplete else []
    found = dict.fromkeys([*_REFERENCES, *names, *every_id, *ends])
    return [word for word in found if word.startswith(incomplete)]


_NAMED = 200
_REFERENCES = ("@last", "@running", "@best:accuracy", "@best:loss")
