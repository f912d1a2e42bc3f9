"""`--features`: which columns of a table make which feature."""

from typing import Annotated

import typer

Features = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[KEY=]COLUMN,...",
        help="Which columns make which feature, such as iris_input=sepal_length,sepal_width; "
        "without KEY each column is a feature. May be given many times. Default: every column "
        "but the label.",
        show_default=False,
    ),
]


def feature_columns(texts: list[str]) -> dict[str, list[str] | str] | None:
    """`["iris_input=a,b"]` to `{"iris_input": ["a", "b"]}`; without a key each column is one."""
    from kerasrun.runs.errors import UsageError

    found: dict[str, list[str] | str] = {}
    for text in texts:
        key, sign, columns = text.rpartition("=")
        names = [column.strip() for column in columns.split(",")]
        if not all(names) or (sign and not key):
            raise UsageError(f"--features {text}: expected KEY=COLUMN,COLUMN or COLUMN,COLUMN")
        found |= {key.strip(): names} if sign else {column: column for column in names}
    return found or None
