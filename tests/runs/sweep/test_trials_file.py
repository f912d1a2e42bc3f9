from pathlib import Path

import pytest

from kerasrun.runs.errors import UsageError
from kerasrun.runs.sweep.trials_file import read_trials


def test_rows_are_trials_and_an_empty_cell_is_the_default(tmp_path: Path) -> None:
    path = tmp_path / "trials.csv"
    path.write_text('\ufefflr,hidden,seed\n0.1,"64,32",3\n\n0.2,,\n')
    assert read_trials(path) == [({"lr": "0.1", "hidden": "64,32"}, 3), ({"lr": "0.2"}, None)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a header of parameters and a row each trial"),
        ("lr\n", "expected a header of parameters and a row each trial"),
        ("learning rate\n1\n", "column 'learning rate' is not the name of a parameter"),
        ("lr,lr\n1,2\n", "a column comes twice"),
        ("lr,units\n1\n", "row 1 has 1 cells, the header 2"),
        ("lr,seed\n1,x\n", "row 1: seed 'x' is no number"),
    ],
)
def test_what_is_no_table_of_trials_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "trials.csv"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_trials(path)
    assert message in str(caught.value)


def test_a_file_that_is_missing_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--trials .*none.csv: No such file"):
        read_trials(tmp_path / "none.csv")
    (tmp_path / "bad.csv").write_bytes(b"lr\n\xff\xfe\n")
    with pytest.raises(UsageError, match=r"--trials .*bad.csv"):
        read_trials(tmp_path / "bad.csv")
