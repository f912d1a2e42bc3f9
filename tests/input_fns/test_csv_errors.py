"""csv_input_fn: what goes wrong is named by file, line, column and value."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from kerasrun.input_fns import csv_input_fn

Write = Callable[..., str]


def message_of(path: Any, max_bytes: int, **arguments: Any) -> str:
    """Returns the error that reading all of a file raises: at once, or where the bad row comes."""
    if max_bytes:
        with pytest.raises(ValueError, match=r"line|column") as raised:
            csv_input_fn(path, shuffle=False, max_bytes_in_memory=max_bytes, **arguments)()
        return str(raised.value)
    dataset = csv_input_fn(path, shuffle=False, max_bytes_in_memory=0, **arguments)()
    with pytest.raises(tf.errors.InvalidArgumentError) as failed:
        list(dataset)
    return str(failed.value.message)


@pytest.mark.parametrize(
    ("row", "columns", "expected"),
    [
        ("1,x,c", None, "column 2 (b): expected float32, found `x`. The type was inferred"),
        ("1,x,c", {"b": float}, "column 2 (b): expected float32, found `x`. Mend the row"),
        ("1,,c", {"b": float}, "found ``. Mend the row; a default, as columns={'b': 0.0}, fills"),
        ("1.5,2,c", {"a": int}, "column 1 (a): expected int64, found `1.5`."),
        (f"{2**63},2,c", {"a": int}, f"column 1 (a): expected int64, found `{2**63}`"),
        (f"{2**31},2,c", {"a": tf.int32}, f"column 1 (a): expected int32, found `{2**31}`"),
        ("1,2", None, "expected 3 fields (a, b, c), found 2."),
        ('1,2,"c,d",e', None, "expected 3 fields (a, b, c), found 4."),
        ('1,2,"c', None, "a quoted field is not closed"),
        ('1,2,c"d', None, "or a bare field holds a quote"),
    ],
)
def test_a_bad_row_deep_in_the_file_is_named(
    write: Write, max_bytes: int, row: str, columns: Any, expected: str
) -> None:
    path = write("a,b,c\n" + "1,2.5,c\n" * 1500 + "\n" + row + "\n" + "1,2.5,c\n" * 10)
    message = message_of(path, max_bytes, columns=columns)
    assert f"{path}, line 1503, " in message
    assert expected in message.replace("\\'", "'")


def test_a_bad_row_is_named_in_its_own_file(write: Write, max_bytes: int) -> None:
    files = [write("n\n1\n2\n", "one.csv"), write("n\n3\n\nfour\n", "two.csv")]
    message = message_of(files, max_bytes, columns={"n": int})
    assert f"{files[1]}, line 4, column 1 (n): expected int64, found `four`" in message


def test_text_in_the_first_rows_of_a_stacked_column_is_named(write: Write, max_bytes: int) -> None:
    path = write("length,width,kind\n5.1,3.5,0\n4.x,3,1\n")
    features = {"x": ["length", "width"]}
    with pytest.raises(
        (ValueError, tf.errors.InvalidArgumentError),
        match=r"data\.csv, line 3, column 1 \(length\): expected float32, found .4\.x",
    ):
        list(csv_input_fn(path, features=features, shuffle=False, max_bytes_in_memory=max_bytes)())


def test_a_label_outside_the_vocabulary_is_named(flowers: str, max_bytes: int) -> None:
    words = {"label": "kind", "label_vocabulary": ["setosa", "versicolor"]}
    message = message_of(flowers, max_bytes, **words)
    assert (
        f"{flowers}, line 3, column 4 (kind): expected one of the label_vocabulary "
        "(setosa, versicolor), found `virginica`"
    ) in message


def test_text_in_another_encoding_is_named(write: Write, max_bytes: int) -> None:
    path = write(b"n,s\n" + b"1,a\n" * 1200 + "2,ä\n".encode("latin-1"))
    assert f"{path}, line 1202, not UTF-8 text" in message_of(path, max_bytes)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty; its first line should name the columns"),
        ("a,b\n", "a header but no rows; there is nothing to feed"),
        ("a,b\n\n\n", "a header but no rows"),
        ("a,b,a\n1,2,3\n", "the header names more than one column 'a'"),
        (",a\n0,1\n", r"column 1 has no name in the header.*to_csv\(index=False\)"),
        ("a\n" + "x" * 200_000, "line 2, field larger than field limit"),
        (b"a\n\xe4\n", "line 2, not UTF-8 text"),
    ],
)
def test_files_that_cannot_serve_are_refused_when_called(
    write: Write, content: str, message: str
) -> None:
    input_fn = csv_input_fn(write(content), shuffle=False)
    with pytest.raises(ValueError, match=message):
        input_fn()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"label": "knd"}, r"label: .* has no column 'knd'. Did you mean 'kind'\?"),
        ({"features": ["lenght"]}, r"features: .* no column 'lenght'. Did you mean 'length'\?"),
        ({"features": {"x": ["width", "z"]}}, "no column 'z'. Known: 'length', 'width', 'count'"),
        ({"columns": {"widht": float}}, r"columns: .* 'widht'. Did you mean 'width'\?"),
        ({"features": {"x": ["width", "kind"]}}, "'kind' holds text and cannot be stacked"),
    ],
)
def test_unknown_columns_are_refused_with_the_nearest(
    flowers: str, arguments: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        csv_input_fn(flowers, shuffle=False, **arguments)()


def test_a_missing_file_is_refused_with_the_nearest(flowers: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"data.cvs'. Did you mean 'data.csv'\?"):
        csv_input_fn(tmp_path / "data.cvs", shuffle=False)()
    with pytest.raises(FileNotFoundError, match=r"matches '.*/part-\*.csv'"):
        csv_input_fn([flowers, tmp_path / "part-*.csv"], shuffle=False)()
    with pytest.raises(FileNotFoundError, match=r"The folder '.*nowhere' does not exist"):
        csv_input_fn(tmp_path / "nowhere" / "data.csv", shuffle=False)()
    with pytest.raises(FileNotFoundError, match=r"is a folder; name its files, as in '.*/\*.csv'"):
        csv_input_fn(tmp_path, shuffle=False)()


def test_files_with_different_headers_are_refused(write: Write) -> None:
    files = [write("a,b\n1,2\n", "one.csv"), write("b,a\n1,2\n", "two.csv")]
    with pytest.raises(
        ValueError, match=r"two.csv has another header than .*: b, a instead of a, b"
    ):
        csv_input_fn(files, shuffle=False)()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"shuffle": None}, ValueError, "shuffle must be True or False, got None"),
        ({"batch_size": 0}, ValueError, "batch_size must be"),
        ({"shuffle_buffer_size": 0}, ValueError, "shuffle_buffer_size must be .* got 0"),
        ({"header": False}, ValueError, "header=False: give columns="),
        ({"delimiter": ", "}, ValueError, "delimiter must be one ASCII character, got ', '"),
        ({"delimiter": "."}, ValueError, "delimiter '.' is part of values"),
        (
            {"columns": {"a": "flaot32"}},
            ValueError,
            r"no type: 'flaot32'. Did you mean 'float32'\?",
        ),
        ({"columns": {"a": True}}, TypeError, r"columns\['a'\] must be a type .*got True"),
        ({"columns": {"a": tf.bool}}, TypeError, r"columns\['a'\] must be a type"),
        ({"columns": ["a"]}, TypeError, "columns must be a dict of column name to type"),
        ({"features": "a"}, TypeError, "features must be a list of column names or a dict"),
        ({"features": []}, ValueError, "features is empty"),
        ({"features": ["a", "a"]}, ValueError, "features names a column twice"),
        ({"features": {"x": []}}, TypeError, r"features\['x'\] must be a column name or a list"),
        ({"label": 3}, TypeError, "label must be a column's name or None, got 3"),
        ({"label_vocabulary": ["a"]}, ValueError, "label_vocabulary is given but no label"),
        (
            {"label": "a", "label_vocabulary": ["b", "b"]},
            ValueError,
            r"must hold different strings, got \['b', 'b'\]",
        ),
    ],
)
def test_bad_arguments_are_refused_when_it_is_made(
    arguments: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        csv_input_fn("never_opened.csv", **({"shuffle": False} | arguments))


def test_a_bad_value_in_the_last_of_many_columns_is_named(write: Write, max_bytes: int) -> None:
    names = ",".join(f"p{place}" for place in range(785))
    row = ",".join(str(place % 256) for place in range(785))
    bad = write(f"{names}\n{row}\n{row}x\n")
    features = {"x": [f"p{place}" for place in range(785)]}
    message = message_of(bad, max_bytes, features=features, columns={"p784": int})
    assert "line 3, column 785 (p784): expected int64, found `16x`" in message
