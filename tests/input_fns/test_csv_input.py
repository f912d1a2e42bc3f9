"""csv_input_fn: the same rows from memory and from a stream, and errors that say where."""

import itertools
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

HERE_AND_THERE = pytest.mark.parametrize("max_bytes", [2**20, 0], ids=["memory", "stream"])
Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Returns a function that writes a file and returns its path."""

    def write_file(content: str | bytes, name: str = "data.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write_file


@pytest.fixture
def flowers(write: Write) -> str:
    return write("length,width,count,kind\n5.1,3.5,1,setosa\n4.9,3,2,virginica\n6,2.5,3,setosa\n")


def one_batch(path: Any, max_bytes: int = 2**20, **arguments: Any) -> Any:
    dataset = csv_input_fn(path, shuffle=False, max_bytes_in_memory=max_bytes, **arguments)()
    (element,) = dataset.as_numpy_iterator()
    return element


def plain(features: Any) -> dict[str, Any]:
    return {key: value.tolist() for key, value in features.items()}


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


# What comes out.


@HERE_AND_THERE
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


@HERE_AND_THERE
def test_columns_are_stacked_under_a_feature_key(flowers: str, max_bytes: int) -> None:
    chosen = {"x": ["width", "count"], "kind": "kind"}
    features, labels = one_batch(flowers, max_bytes, features=chosen, label="kind")
    assert features["x"].dtype == np.float32
    assert features["x"].tolist() == [[3.5, 1.0], [3.0, 2.0], [2.5, 3.0]]
    assert features["kind"].tolist() == labels.tolist()


@HERE_AND_THERE
def test_a_list_chooses_features_and_without_a_label_they_come_alone(
    flowers: str, max_bytes: int
) -> None:
    assert plain(one_batch(flowers, max_bytes, features=["count"])) == {"count": [1, 2, 3]}


@HERE_AND_THERE
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


@HERE_AND_THERE
def test_without_a_header_columns_are_named_in_order(write: Write, max_bytes: int) -> None:
    path = write("1,x\n2,y\n")
    got = one_batch(path, max_bytes, header=False, columns={"n": int, "s": str})
    assert plain(got) == {"n": [1, 2], "s": [b"x", b"y"]}


@HERE_AND_THERE
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


@HERE_AND_THERE
def test_a_byte_order_mark_is_no_part_of_the_first_value(write: Write, max_bytes: int) -> None:
    path = write("\ufeff1\n2\n")
    assert plain(one_batch(path, max_bytes, header=False, columns={"n": int})) == {"n": [1, 2]}


@HERE_AND_THERE
def test_quoted_fields_may_hold_delimiters_and_quotes(write: Write, max_bytes: int) -> None:
    path = write('n;s\n1;"a;b"\n2;"say ""ä"""\n')
    got = one_batch(path, max_bytes, delimiter=";")
    assert got["s"].tolist() == [b"a;b", 'say "ä"'.encode()]


@HERE_AND_THERE
def test_defaults_stand_in_for_missing_values(write: Write, max_bytes: int) -> None:
    path = write("a,b,c\n,1,x\n2.5,NA,NA\n")
    columns = {"a": -1.0, "b": 7, "c": ["?"]}
    got = one_batch(path, max_bytes, columns=columns, na_value="NA")
    assert plain(got) == {"a": [-1.0, 2.5], "b": [1, 7], "c": [b"x", b"?"]}


@HERE_AND_THERE
def test_the_ends_of_the_number_types_are_read(write: Write, max_bytes: int) -> None:
    path = write(f"a,b\n{2**63 - 1},nan\n{-(2**63)},-1e-3\n+007,Infinity\n")
    got = one_batch(path, max_bytes)
    assert got["a"].tolist() == [2**63 - 1, -(2**63), 7]
    np.testing.assert_array_equal(got["b"], np.array([np.nan, -1e-3, np.inf], np.float32))


@HERE_AND_THERE
def test_a_wide_file_is_read_and_its_last_column_checked(write: Write, max_bytes: int) -> None:
    names = ",".join(f"p{place}" for place in range(785))
    row = ",".join(str(place % 256) for place in range(785))
    features = {"x": [f"p{place}" for place in range(785)]}
    got = one_batch(write(f"{names}\n{row}\n{row}\n"), max_bytes, features=features)
    assert got["x"].shape == (2, 785)
    assert got["x"][1].tolist() == [place % 256 for place in range(785)]
    bad = write(f"{names}\n{row}\n{row}x\n")
    message = message_of(bad, max_bytes, features=features, columns={"p784": int})
    assert "line 3, column 785 (p784): expected int64, found `16x`" in message


@HERE_AND_THERE
def test_columns_that_are_not_chosen_are_not_checked(write: Write, max_bytes: int) -> None:
    path = write("a,,b\n1,2,3\n4,x,5\n")
    assert plain(one_batch(path, max_bytes, features=["a", "b"])) == {"a": [1, 4], "b": [3, 5]}


@HERE_AND_THERE
def test_files_follow_each_other(write: Write, tmp_path: Path, max_bytes: int) -> None:
    write("n\n1\n2\n", "part-1.csv")
    second = write("n\n3\n", "part-2.csv")
    assert plain(one_batch(str(tmp_path / "part-*.csv"), max_bytes)) == {"n": [1, 2, 3]}
    both = [Path(second), tmp_path / "part-1.csv"]
    assert plain(one_batch(both, max_bytes)) == {"n": [3, 1, 2]}


# Epochs and order.


@HERE_AND_THERE
def test_epochs_follow_each_other_before_rows_are_batched(write: Write, max_bytes: int) -> None:
    arguments: Any = {"batch_size": 2, "num_epochs": 2, "max_bytes_in_memory": max_bytes}
    dataset = csv_input_fn(write("n\n0\n1\n2\n3\n4\n"), shuffle=False, **arguments)()
    got = [batch["n"].tolist() for batch in dataset.as_numpy_iterator()]
    assert got == [[0, 1], [2, 3], [4, 0], [1, 2], [3, 4]]


@HERE_AND_THERE
def test_without_num_epochs_the_data_never_end(write: Write, max_bytes: int) -> None:
    path = write("n\n0\n1\n2\n")
    dataset = csv_input_fn(
        path, shuffle=False, num_epochs=None, batch_size=2, max_bytes_in_memory=max_bytes
    )()
    first = itertools.islice(dataset.as_numpy_iterator(), 300)
    assert np.concatenate([b["n"] for b in first]).tolist() == [n % 3 for n in range(600)]


def shuffled(paths: Any, max_bytes: int, seed: int | None, **arguments: Any) -> tf.data.Dataset:
    arguments = {"batch_size": 7, "num_epochs": 2, "max_bytes_in_memory": max_bytes} | arguments
    return csv_input_fn(paths, shuffle=True, seed=seed, **arguments)()


def values(dataset: tf.data.Dataset) -> list[int]:
    return [int(n) for batch in dataset.as_numpy_iterator() for n in batch["n"]]


@HERE_AND_THERE
def test_shuffled_every_row_comes_once_an_epoch_in_the_order_of_the_seed(
    write: Write, max_bytes: int
) -> None:
    files = [
        write("n\n" + "".join(f"{n}\n" for n in range(start, start + 25)), f"{start}.csv")
        for start in (0, 25, 50, 75)
    ]
    got = values(shuffled(files, max_bytes, seed=4))
    assert sorted(got[:100]) == sorted(got[100:]) == list(range(100))
    assert got[:100] != got[100:]
    assert got[:100] != list(range(100))
    assert values(shuffled(files, max_bytes, seed=4)) == got
    assert values(shuffled(files, max_bytes, seed=5)) != got


def test_a_stream_mixes_no_more_lines_at_a_time_than_the_buffer_holds(write: Write) -> None:
    path = write("n\n" + "".join(f"{n}\n" for n in range(100)))
    got = values(shuffled(path, 0, seed=1, num_epochs=1, shuffle_buffer_size=10))
    assert sorted(got[:10]) == list(range(10))
    assert sorted(got) == list(range(100))
    assert got[:10] != list(range(10))
    assert [n - 10 for n in got[10:20]] != got[:10]


def test_a_stream_mixes_files(write: Write) -> None:
    files = [write("n\n" + f"{n}\n" * 2000, f"{n}.csv") for n in range(4)]
    got = values(shuffled(files, 0, seed=1, num_epochs=1))
    assert set(got[:50]) == {0, 1, 2, 3}


@HERE_AND_THERE
def test_a_saved_position_is_taken_up_exactly(write: Write, tmp_path: Path, max_bytes: int) -> None:
    path = write("n\n" + "".join(f"{n}\n" for n in range(50)))
    interrupted = iter(shuffled(path, max_bytes, seed=None))
    for _ in range(3):
        next(interrupted)
    saved = tf.train.Checkpoint(iterator=interrupted).save(str(tmp_path / "position"))
    expected = [element["n"].numpy().tolist() for element in interrupted]
    resumed = iter(shuffled(path, max_bytes, seed=None))
    tf.train.Checkpoint(iterator=resumed).restore(saved)
    assert [element["n"].numpy().tolist() for element in resumed] == expected


@HERE_AND_THERE
def test_in_a_graph_a_one_shot_iterator_feeds_a_session(flowers: str, max_bytes: int) -> None:
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        dataset = csv_input_fn(
            flowers, label="count", shuffle=True, max_bytes_in_memory=max_bytes
        )()
        element = tf.compat.v1.data.make_one_shot_iterator(dataset).get_next()
        features, labels = session.run(element)
        assert sorted(labels.tolist()) == [1, 2, 3]
        assert sorted(features["kind"].tolist()) == [b"setosa", b"setosa", b"virginica"]


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
@settings(max_examples=20, deadline=None)
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


# What goes wrong.


@HERE_AND_THERE
@pytest.mark.parametrize(
    ("row", "columns", "expected"),
    [
        ("1,x,c", None, "column 2 (b): expected float32, found `x`. The type was inferred"),
        ("1,x,c", {"b": float}, "column 2 (b): expected float32, found `x`. Where values are"),
        ("1,,c", {"b": float}, "found ``. Where values are missing, give columns={'b': 0.0}"),
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


@HERE_AND_THERE
def test_a_bad_row_is_named_in_its_own_file(write: Write, max_bytes: int) -> None:
    files = [write("n\n1\n2\n", "one.csv"), write("n\n3\n\nfour\n", "two.csv")]
    message = message_of(files, max_bytes, columns={"n": int})
    assert f"{files[1]}, line 4, column 1 (n): expected int64, found `four`" in message


@HERE_AND_THERE
def test_a_label_outside_the_vocabulary_is_named(flowers: str, max_bytes: int) -> None:
    words = {"label": "kind", "label_vocabulary": ["setosa", "versicolor"]}
    message = message_of(flowers, max_bytes, **words)
    assert (
        f"{flowers}, line 3, column 4 (kind): expected one of the label_vocabulary "
        "(setosa, versicolor), found `virginica`"
    ) in message


@HERE_AND_THERE
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
        (b"a\n\xe4\n", "line 2: not UTF-8 text"),
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
