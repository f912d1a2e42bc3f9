"""One part of a run as plain text, for scripts and pipes."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kerasrun.runs.run import Run


def value_text(run: "Run", name: str) -> str:
    """A field's value and a line feed: texts as they are, others as JSON; blank where undefined.

    Raises:
        UsageError: There is no such field.
    """
    import json

    from kerasrun.cli.columns import column
    from kerasrun.runs.fields import check_known, field
    from kerasrun.runs.json_file import finite

    check_known([field(name)], [run])
    value = finite(column(name).value(run))
    if value is None:
        return "\n"
    return f"{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}\n"


def source_text(run: "Run") -> str:
    """The model file."""
    from kerasrun.runs.differences import sources

    return next((text for name, text in sources(run).items() if name != "diff.patch"), "")


def diff_text(run: "Run") -> str:
    """The changes that were not committed."""
    from kerasrun.runs.differences import sources

    return sources(run).get("diff.patch", "")


def environment_text(run: "Run") -> str:
    """`NAME=VALUE` of the variables of the environment, then `name==version` of the packages."""
    from kerasrun.runs.differences import packages

    variables = [f"{name}={value}\n" for name, value in run.record.get("environ", {}).items()]
    versions = [f"{name}=={version}\n" for name, version in packages(run).items()]
    return "".join([*variables, *versions])
