"""csv_input_fn: epochs, order, and the saved position, the same from memory and from a stream."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from kerasrun.input_fns import csv_input_fn

Write = Callable[..., str]


def test_epochs_follow_each_other_before_rows_are_batched(write: Write, max_bytes: int) -> None:
    arguments: Any = {"batch_size": 2, "num_epochs": 2, "max_bytes_in_memory": max_bytes}
    dataset = csv_input_fn(write("n\n0\n1\n2\n3\n4\n"), shuffle=False, **arguments)()
    got = [batch["n"].tolist() for batch in dataset.as_numpy_iterator()]
    assert got == [[0, 1], [2, 3], [4, 0], [1, 2], [3, 4]]


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


def test_in_a_graph_a_one_shot_iterator_feeds_a_session(flowers: str, max_bytes: int) -> None:
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        dataset = csv_input_fn(
            flowers, label="count", shuffle=True, max_bytes_in_memory=max_bytes
        )()
        element = tf.compat.v1.data.make_one_shot_iterator(dataset).get_next()
        features, labels = session.run(element)
        assert sorted(labels.tolist()) == [1, 2, 3]
        assert sorted(features["kind"].tolist()) == [b"setosa", b"setosa", b"virginica"]
