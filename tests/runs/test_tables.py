"""Tables in, predictions out: without TensorFlow."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasrun.runs.errors import UsageError
from kerasrun.runs.table_features import TableFeatures, Wanted
from kerasrun.runs.table_output import CsvWriter, JsonLinesWriter, ParquetWriter
from kerasrun.runs.tables import Part, parts_of


def features_of(columns: dict[str, Any], named: dict[str, Any] | None = None, **wanted: Any) -> Any:
    asked = {name: Wanted(*each) for name, each in wanted.items()}
    return TableFeatures(asked, named or {}, "t.csv").of(Part(10, columns))


@pytest.mark.parametrize("rows", [1, 2, 100])
def test_a_csv_file_comes_in_parts_as_it_is(tmp_path: Path, rows: int) -> None:
    (tmp_path / "t.csv").write_text('id,text\n007,"a, b"\n008,\n009,NA\n')
    parts = list(parts_of(tmp_path / "t.csv", rows))
    assert [part.start for part in parts] == list(range(0, 3, rows))
    assert [v for part in parts for v in part.columns["id"]] == ["007", "008", "009"]
    assert [v for part in parts for v in part.columns["text"]] == ["a, b", "", "NA"]


def test_json_lines_come_in_parts(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"x": [1, 2], "y": 3}\n\n{"y": 5, "x": [6, 7]}\n')
    (one, two) = parts_of(tmp_path / "t.jsonl", 1)
    assert (one.columns, two.start) == ({"x": [[1, 2]], "y": [3]}, 1)
    assert two.columns == {"x": [[6, 7]], "y": [5]}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.txt", "", r"expected a file \*\.csv, \*\.jsonl or \*\.parquet"),
        ("t.csv", "", "is no CSV file with names in its first line"),
        ("t.csv", "a,b\n1,2,3\n", "is no CSV file"),
        ("t.csv", b"a\n\xff\n", "is not in UTF-8"),
        ("t.jsonl", '{"a": 1}\n{"a": \n', "line 2 is no JSON"),
        ("t.jsonl", "[1]\n", "line 1: expected an object"),
        ("t.jsonl", '{"a": 1}\n{"b": 1}\n', "line 1: no 'b', as others have"),
    ],
)
def test_what_is_no_table_is_said(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UsageError, match=message):
        list(parts_of(path, 10))


def test_features_are_made_of_columns() -> None:
    columns = {"a": ["1", "2"], "b": ["3.5", "nan"], "x_0": ["1", "2"], "x_1": ["3", "4"]}
    made = features_of(
        {**columns, "s": ["007", ""]},
        {"v": ["a", "b"], "one": "a"},
        v=((2,), "float32"),
        one=((), "int64"),
        x=((2,), "float32"),
        s=((1,), "str"),
    )
    np.testing.assert_array_equal(made["v"], [[1, 3.5], [2, np.nan]])
    np.testing.assert_array_equal(made["x"], [[1, 3], [2, 4]])
    assert made["one"].dtype == np.int64
    assert made["s"].tolist() == [["007"], [""]]


def test_lists_and_flags_of_json_are_features() -> None:
    made = features_of(
        {"x": [[[1, 2], [3, 4]]], "ok": [True]}, x=((None, 2), "float32"), ok=((), "bool")
    )
    assert made["x"].shape == (1, 2, 2)
    assert made["ok"].tolist() == [True]
    assert features_of({"x": [[1, 2, 3, 4]]}, x=((2, 2), "int32"))["x"].tolist() == [
        [[1, 2], [3, 4]]
    ]


@pytest.mark.parametrize(
    ("columns", "wanted", "message"),
    [
        ({"xs": ["1"]}, ((), "float32"), "no column 'x' .float32., .* Did you mean 'xs'"),
        ({"x": ["1", ""]}, ((), "float32"), r"t.csv row 12: 'x' is '', expected a number"),
        ({"x": [1, None]}, ((), "float32"), r"row 12: 'x' is None, expected a number"),
        ({"x": ["1.5"]}, ((), "int32"), r"row 11: 'x' is '1.5', expected a number .int32."),
        ({"x": [1.5]}, ((), "int32"), r"row 11: 'x' is 1.5"),
        ({"x": [300]}, ((), "uint8"), r"row 11: 'x' is 300"),
        ({"x": ["maybe"]}, ((), "bool"), r"'x' is 'maybe', expected true or false"),
        ({"x": [3]}, ((), "str"), r"'x' is 3, expected a text"),
        ({"x": [[1, 2], [1]]}, ((2,), "float32"), r"the lists in 'x' are not of one size"),
        ({"x": [[1, 2]]}, ((3,), "float32"), r"takes 3 float32 a row, found 2 in x"),
    ],
)
def test_what_fits_no_feature_is_said(columns: Any, wanted: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        features_of(columns, x=wanted)


def test_a_wrong_name_in_features_is_said() -> None:
    with pytest.raises(UsageError, match=r"--features z: the model asks for no such feature"):
        features_of({"x": [1]}, {"z": ["x"]}, x=((), "float32"))
    with pytest.raises(UsageError, match=r"t.csv has no column 'lenght'. Did you mean 'length'\?"):
        features_of({"length": [1]}, {"x": ["lenght"]}, x=((), "float32"))


def test_predictions_are_written_with_the_shortest_digits() -> None:
    outputs = {
        "p": np.array([[0.1, np.nan], [1e-8, 2.0]], np.float32),
        "name": np.array([b"\xc3\xa9", b"x,y"], object),
    }
    text, lines = io.StringIO(), io.StringIO()
    for writer in (CsvWriter(text), JsonLinesWriter(lines)):
        with writer:
            writer.write(outputs)
            writer.write({name: array[:1] for name, array in outputs.items()})
    assert text.getvalue() == 'p_0,p_1,name\n0.1,nan,é\n1e-08,2.0,"x,y"\n0.1,nan,é\n'
    read = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert read[:2] == [{"p": [0.1, None], "name": "é"}, {"p": [1e-08, 2.0], "name": "x,y"}]


def test_what_is_written_can_be_read_again(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    with (tmp_path / "p.csv").open("w") as file, CsvWriter(file) as writer:
        writer.write({"x": values})
    (part,) = parts_of(tmp_path / "p.csv", 10)
    made = TableFeatures({"x": Wanted((3,), "float32")}, {}, "p.csv").of(part)
    np.testing.assert_array_equal(made["x"], values)


def test_parquet_goes_both_ways_or_says_what_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        path.write_bytes(b"PAR1")
        with pytest.raises(UsageError, match="Parquet needs pyarrow: pip install pyarrow"):
            list(parts_of(path, 10))
        with pytest.raises(UsageError, match="Parquet needs pyarrow: pip install pyarrow"):
            ParquetWriter(path)
        return
    with ParquetWriter(path) as writer:
        writer.write({"x": np.ones((2, 3), np.float32), "n": np.arange(2)})
    (part,) = parts_of(path, 10)
    assert part.columns == {"x": [[1.0] * 3] * 2, "n": [0, 1]}
