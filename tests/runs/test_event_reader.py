"""Every point of an event file, as the libraries of protobuf and TensorBoard see it."""

import math
import os
import struct
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.util.tensor_util import make_ndarray, make_tensor_proto

from kerasrun.runs.event_layout import layout_of
from kerasrun.runs.event_reader import read_points


def record(event: Any) -> bytes:
    """A record of an event file; we do not look at its checksums."""
    data: bytes = event.SerializeToString()
    return struct.pack("<QI", len(data), 0) + data + bytes(4)


def write(folder: Path, events: Iterable[Any], name: str = "events.out.tfevents.1.host") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"".join(map(record, events)))
    return folder


def simple(step: int, wall_time: float = 0.0, **values: float) -> Any:
    found = [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
    return Event(step=step, wall_time=wall_time, summary=Summary(value=found))


def tensor(step: int, tag: str, content: Any) -> Any:
    return Event(step=step, summary=Summary(value=[Summary.Value(tag=tag, tensor=content)]))


def points(folder: Path) -> dict[str, list[tuple[int, float]]]:
    return {
        one.tag: list(zip(one.steps.tolist(), one.values.tolist(), strict=True))
        for one in read_points(folder)
    }


def test_all_points_of_all_tags_are_read_with_their_times(tmp_path: Path) -> None:
    write(tmp_path, [simple(step, 100.0 + step, loss=1 / step, lr=0.5) for step in range(1, 1000)])
    loss, lr = read_points(tmp_path)
    assert (loss.tag, lr.tag) == ("loss", "lr")
    assert loss.steps.tolist() == list(range(1, 1000))
    assert loss.wall_times.tolist() == [100.0 + step for step in range(1, 1000)]
    assert loss.values.tolist() == [np.float32(1 / step) for step in range(1, 1000)]
    assert set(lr.values) == {0.5}


@pytest.mark.parametrize("kind", ["float32", "float64", "float16", "int8", "uint16", "int32"])
@pytest.mark.parametrize("listed", [True, False])
def test_tensors_of_every_type_are_read(tmp_path: Path, kind: str, listed: bool) -> None:
    value = np.array(3 if "int" in kind else -1.5, kind)
    content = make_tensor_proto(value)
    if not listed:
        content = TensorProto(dtype=content.dtype, tensor_content=value.tobytes())
    write(tmp_path, [tensor(7, "loss", content)])
    assert points(tmp_path) == {"loss": [(7, float(value))]}


@pytest.mark.parametrize(
    "content",
    [
        TensorProto(dtype=14, half_val=[0xBFC0]),  # bfloat16
        TensorProto(dtype=14, tensor_content=b"\xc0\xbf"),
        TensorProto(dtype=9, int64_val=[-(2**40)]),
        TensorProto(dtype=3, int_val=[-5]),
        TensorProto(dtype=10, bool_val=[True]),
        TensorProto(dtype=23, uint64_val=[2**63]),
        TensorProto(dtype=1),
    ],
)
def test_rarer_tensors_are_read_too(tmp_path: Path, content: Any) -> None:
    write(tmp_path, [tensor(-1, "x", content)])
    expected = {14: -1.5, 9: -float(2**40), 3: -5.0, 10: 1.0, 23: float(2**63), 1: 0.0}
    assert points(tmp_path) == {"x": [(-1, expected[content.dtype])]}


def test_what_is_no_scalar_is_passed_over(tmp_path: Path) -> None:
    one_dimension = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
    write(
        tmp_path,
        [
            Event(file_version="brain.Event:2"),
            Event(graph_def=b"\xff" * 5000),
            tensor(1, "text", make_tensor_proto("a text")),
            tensor(1, "vector", TensorProto(dtype=1, tensor_shape=one_dimension, float_val=[1.0])),
            Event(step=1, summary=Summary(value=[Summary.Value(tag="h", histo={"num": 2})])),
            simple(1, loss=0.5),
        ],
    )
    assert points(tmp_path) == {"loss": [(1, 0.5)]}


def test_of_a_step_that_is_written_twice_the_last_counts(tmp_path: Path) -> None:
    write(tmp_path, [simple(3, loss=3), simple(1, loss=1), simple(2, loss=2)], "a.tfevents.1")
    write(tmp_path, [simple(2, loss=22)], "a.tfevents.2")
    assert points(tmp_path) == {"loss": [(1, 1.0), (2, 22.0), (3, 3.0)]}


def test_what_a_restart_made_void_does_not_count(tmp_path: Path) -> None:
    restart = Event(step=20, session_log=SessionLog(status=SessionLog.START))
    end = Event(step=0, session_log=SessionLog(status=SessionLog.STOP))
    write(tmp_path, [simple(step, loss=step, old=0) for step in (10, 20, 30)], "a.tfevents.1")
    write(tmp_path, [end, restart, simple(25, loss=25), end], "a.tfevents.2")
    assert points(tmp_path) == {"loss": [(10, 10.0), (25, 25.0)], "old": [(10, 0.0)]}


def test_nan_and_infinity_are_points(tmp_path: Path) -> None:
    write(tmp_path, [simple(1, loss=math.nan), simple(2, loss=math.inf)])
    (loss,) = read_points(tmp_path)
    assert math.isnan(loss.values[0])
    assert loss.values[1] == math.inf


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_a_half_written_end_is_passed_over(tmp_path: Path, cut: int) -> None:
    whole = record(simple(1, loss=0.5))
    (tmp_path / "a.tfevents").write_bytes(whole + record(simple(2, loss=0.25))[:-cut])
    assert points(tmp_path) == {"loss": [(1, 0.5)]}


@pytest.mark.parametrize("junk", [b"\xff" * 100, bytes(1000), b"text\n" * 50, b"\x05"])
def test_damage_hides_nothing_before_it(tmp_path: Path, junk: bytes) -> None:
    (tmp_path / "a.tfevents").write_bytes(record(simple(1, loss=0.5)) + junk)
    assert points(tmp_path) == {"loss": [(1, 0.5)]}


def test_a_record_that_is_no_event_is_passed_over(tmp_path: Path) -> None:
    bad = struct.pack("<QI", 4, 0) + b"\xff\xff\xff\xff" + bytes(4)
    (tmp_path / "a.tfevents").write_bytes(bad + record(simple(1, loss=0.5)))
    assert points(tmp_path) == {"loss": [(1, 0.5)]}


def test_what_cannot_be_read_has_no_points(tmp_path: Path) -> None:
    assert read_points(tmp_path / "none") == []
    (tmp_path / "folder.tfevents").mkdir()
    (tmp_path / "gone.tfevents").symlink_to(tmp_path / "nothing")
    (tmp_path / "empty.tfevents").touch()
    assert read_points(tmp_path) == []


def test_a_long_file_is_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = Event(graph_def=bytes(1000))
    write(tmp_path, [simple(1, loss=1), long, simple(2, loss=2), long, simple(3, loss=3)])
    monkeypatch.setattr("kerasrun.runs.event_reader._BLOCK", 100)
    assert points(tmp_path) == {"loss": [(1, 1.0), (2, 2.0), (3, 3.0)]}


def test_tensorflow_is_not_imported() -> None:
    code = (
        "import sys; from pathlib import Path; from kerasrun import runs\n"
        "runs.scalars(Path('.')); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=os.environ
    )
    assert not {"tensorflow", "keras", "tensorboard"} & set(done.stdout.split())


# What the protobuf library makes of an event, by the same rules.

NUMBER_TYPES = {1, 2, 3, 4, 5, 6, 9, 10, 17, 19, 22, 23}


def scalars_of(event: Any) -> list[tuple[str, int, float, float]]:
    found = []
    for value in event.summary.value:
        kind = value.WhichOneof("value")
        if kind == "simple_value":
            found.append((value.tag, event.step, event.wall_time, value.simple_value))
        elif kind == "tensor" and value.tensor.dtype in NUMBER_TYPES:
            array = make_ndarray(value.tensor)
            if array.ndim == 0:
                found.append((value.tag, event.step, event.wall_time, float(array)))
    return found


floats = st.floats(width=32)
tags = st.text(max_size=6)
arrays = st.one_of(
    st.floats().map(np.float64),
    floats.map(np.float32),
    st.floats(width=16).map(np.float16),
    st.integers(-(2**31), 2**31 - 1).map(np.int32),
    st.integers(-(2**63), 2**63 - 1).map(np.int64),
    st.integers(0, 255).map(np.uint8),
    st.booleans().map(np.bool_),
    st.lists(floats, max_size=3).map(lambda items: np.array(items, np.float32)),
)
values = st.one_of(
    st.builds(lambda tag, value: Summary.Value(tag=tag, simple_value=value), tags, floats),
    st.builds(
        lambda tag, array: Summary.Value(
            tag=tag, tensor=make_tensor_proto(array), metadata={"display_name": tag}
        ),
        tags,
        arrays,
    ),
    st.builds(lambda tag: Summary.Value(tag=tag, node_name=tag, image={"width": 3}), tags),
)
events = st.one_of(
    st.builds(
        lambda step, time, found: Event(step=step, wall_time=time, summary=Summary(value=found)),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False),
        st.lists(values, max_size=3),
    ),
    st.builds(lambda text: Event(file_version=text), tags),
    st.builds(lambda data: Event(graph_def=data), st.binary(max_size=20)),
)


@given(st.lists(events, max_size=30))
def test_the_reader_sees_what_the_protobuf_library_sees(
    tmp_path_factory: pytest.TempPathFactory, given_events: Sequence[Any]
) -> None:
    folder = write(tmp_path_factory.mktemp("events"), given_events)
    expected: dict[tuple[str, int], tuple[float, float]] = {}
    for event in given_events:
        for tag, step, wall_time, value in scalars_of(event):
            expected[tag, step] = wall_time, value
    found = {
        (one.tag, step): (wall_time, value)
        for one in read_points(folder)
        for step, wall_time, value in zip(
            one.steps.tolist(), one.wall_times.tolist(), one.values.tolist(), strict=True
        )
    }
    assert found.keys() == expected.keys()
    np.testing.assert_equal(found, expected)


@given(st.binary(max_size=60))
def test_any_bytes_are_an_event_or_a_value_error(data: bytes) -> None:
    try:
        layout = layout_of(data)
    except ValueError:
        return
    for place in (layout.wall_time, layout.step, *[place for _, place in layout.scalars]):
        assert 0 <= place.start <= place.stop <= len(data)
