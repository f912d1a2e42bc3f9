"""csv_input_fn: what comes out, the same from memory and from a stream."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasrun.input_fns import csv_input_fn

Write = Callable[..., str]


def one_batch(path: Any, max_bytes: int = 2**20, **arguments: Any) -> Any:
    dataset = csv_input_fn(path, shuffle=False, max_bytes_in_memory=max_bytes, **arguments)()
    (element,) = dataset.as_numpy_iterator()
    return element


def plain(features: Any) -> dict[str, Any]:
    return {key: value.tolist() for key, value in features.items()}


def test_every_column_but_the_label_is_a_feature_of_an_inferred_type(
    flowers: str, max_bytes: int
) -> None:
    features, labels = one_batch(flowers, max_bytes, label="count")
    assert {key: value.dtype for key, value in features.items()} == {
        "length": np.float32,
        "width": np.float32,
        "kind": object,
    }
    assert features["kind"].tolist() == [b"setosa", b"virginica", b"setosa"]
    np.testing.assert_array_equal(features["length"], np.array([5.1, 4.9, 6], np.float32))
    assert labels.dtype == np.int64
    assert labels.tolist() == [1, 2, 3]


def test_columns_are_stacked_under_a_feature_key(flowers: str, max_bytes: int) -> None:
    chosen = {"x": ["width", "count"], "kind": "kind"}
    features, labels = one_batch(flowers, max_bytes, features=chosen, label="kind")
    assert features["x"].dtype == np.float32
    assert features["x"].tolist() == [[3.5, 1.0], [3.0, 2.0], [2.5, 3.0]]
    assert features["kind"].tolist() == labels.tolist()


def test_a_list_chooses_features_and_without_a_label_they_come_alone(
    flowers: str, max_bytes: int
) -> None:
    assert plain(one_batch(flowers, max_bytes, features=["count"])) == {"count": [1, 2, 3]}


def test_label_strings_become_their_numbers_in_the_vocabulary(flowers: str, max_bytes: int) -> None:
    words = {"label": "kind", "label_vocabulary": ["virginica", "setosa"]}
    _, labels = one_batch(flowers, max_bytes, **words)
    assert labels.dtype == np.int64
    assert labels.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("given_type", "dtype"),
    [
        (tf.float64, np.float64),
        (np.int32, np.int32),
        ("float32", np.float32),
        (float, np.float32),
        (int, np.int64),
        ("str", object),
        (0.0, np.float32),
        (["?"], object),
    ],
)
def test_types_can_be_given(flowers: str, given_type: Any, dtype: Any) -> None:
    got = one_batch(flowers, features=["count"], columns={"count": given_type})
    assert got["count"].dtype == dtype


def test_without_a_header_columns_are_named_in_order(write: Write, max_bytes: int) -> None:
    path = write("1,x\n2,y\n")
    got = one_batch(path, max_bytes, header=False, columns={"n": int, "s": str})
    assert plain(got) == {"n": [1, 2], "s": [b"x", b"y"]}


@pytest.mark.parametrize(
    "content",
    [
        "n,s\r\n1,x\r\n2,y\r\n",
        "\ufeffn,s\n1,x\n2,y\n",
        "n,s\n1,x\n2,y",
        "n,s\n\n1,x\n\n2,y\n\n\n\n",
        "n,s\n1,x\n" + "\n" * 3000 + "2,y\n" + "\n" * 3000,
        'n,s\n"1","x"\n2,"y"\n',
        "n , s\n 1 ,x\n2,y\n",
    ],
    ids=["crlf", "bom", "no end", "blank lines", "many blank lines", "quotes", "blanks"],
)
def test_ways_to_write_the_same_file(write: Write, content: str, max_bytes: int) -> None:
    assert plain(one_batch(write(content), max_bytes)) == {"n": [1, 2], "s": [b"x", b"y"]}


def test_a_byte_order_mark_is_no_part_of_the_first_value(write: Write, max_bytes: int) -> None:
    path = write("\ufeff1\n2\n")
    assert plain(one_batch(path, max_bytes, header=False, columns={"n": int})) == {"n": [1, 2]}


def test_quoted_fields_may_hold_delimiters_and_quotes(write: Write, max_bytes: int) -> None:
    path = write('n;s\n1;"a;b"\n2;"say ""ä"""\n')
    got = one_batch(path, max_bytes, delimiter=";")
    assert got["s"].tolist() == [b"a;b", 'say "ä"'.encode()]


def test_defaults_stand_in_for_missing_values(write: Write, max_bytes: int) -> None:
    path = write("a,b,c\n,1,x\n2.5,NA,NA\n")
    columns = {"a": -1.0, "b": 7, "c": ["?"]}
    got = one_batch(path, max_bytes, columns=columns, na_value="NA")
    assert plain(got) == {"a": [-1.0, 2.5], "b": [1, 7], "c": [b"x", b"?"]}


def test_the_ends_of_the_number_types_are_read(write: Write, max_bytes: int) -> None:
    path = write(f"a,b\n{2**63 - 1},nan\n{-(2**63)},-1e-3\n+007,Infinity\n")
    got = one_batch(path, max_bytes)
    assert got["a"].tolist() == [2**63 - 1, -(2**63), 7]
    np.testing.assert_array_equal(got["b"], np.array([np.nan, -1e-3, np.inf], np.float32))


def test_a_wide_file_is_read(write: Write, max_bytes: int) -> None:
    names = ",".join(f"p{place}" for place in range(785))
    row = ",".join(str(place % 256) for place in range(785))
    features = {"x": [f"p{place}" for place in range(785)]}
    got = one_batch(write(f"{names}\n{row}\n{row}\n"), max_bytes, features=features)
    assert got["x"].shape == (2, 785)
    assert got["x"][1].tolist() == [place % 256 for place in range(785)]


def test_columns_that_are_not_chosen_are_not_checked(write: Write, max_bytes: int) -> None:
    path = write("a,,b\n1,2,3\n4,x,5\n")
    assert plain(one_batch(path, max_bytes, features=["a", "b"])) == {"a": [1, 4], "b": [3, 5]}


def test_files_follow_each_other(write: Write, tmp_path: Path, max_bytes: int) -> None:
    write("n\n1\n2\n", "part-1.csv")
    second = write("n\n3\n", "part-2.csv")
    assert plain(one_batch(str(tmp_path / "part-*.csv"), max_bytes)) == {"n": [1, 2, 3]}
    both = [Path(second), tmp_path / "part-1.csv"]
    assert plain(one_batch(both, max_bytes)) == {"n": [3, 1, 2]}


FIELDS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=8)
TABLES = st.lists(
    st.tuples(
        st.integers(-(2**63), 2**63 - 1),
        st.floats(width=32, allow_nan=False, allow_infinity=False),
        FIELDS,
    ),
    min_size=1,
    max_size=20,
)


@given(rows=TABLES, delimiter=st.sampled_from(",;\t|"), max_bytes=st.sampled_from([0, 2**20]))
@settings(max_examples=12, deadline=None)
def test_what_pandas_writes_is_read_back(
    rows: Any, delimiter: str, max_bytes: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("tables") / "table.csv"
    pd.DataFrame(rows, columns=["i", "f", "s"]).to_csv(path, sep=delimiter, index=False)
    columns = {"i": int, "f": float, "s": str}
    got = one_batch(path, max_bytes, delimiter=delimiter, columns=columns)
    assert got["i"].tolist() == [row[0] for row in rows]
    assert got["f"].tolist() == [row[1] for row in rows]
    assert [text.decode() for text in got["s"]] == [row[2] for row in rows]
