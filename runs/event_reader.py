"""Scalars of event files: every point, without TensorFlow, and fast.

Records of one layout are decoded together: a training writes the same tags again and again, and
only time, step and values change. Reading ends at a half-written record; one that is no event is
passed over. Checksums are not looked at.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kerasrun.runs.event_layout import NOTHING, Layout, Place, layout_of

if TYPE_CHECKING:
    import numpy as np

    Ints = np.ndarray[tuple[int], np.dtype[np.int64]]
    Floats = np.ndarray[tuple[int], np.dtype[np.float64]]
    Row = np.ndarray[tuple[int], np.dtype[np.uint8]]
    Rows = np.ndarray[tuple[int, int], np.dtype[np.uint8]]

_BLOCK = 16 << 20
_HEADER, _FOOTER = 12, 4
_LONGEST = 1 << 40
_LAYOUTS_TRIED = 8  # of records of one length; the rest is read one by one
_length_at = struct.Struct("<Q").unpack_from


class Points(NamedTuple):
    """The points of one tag, by ascending steps, each step once.

    Attributes:
        tag: What was measured.
        steps: Of each point.
        wall_times: Of each point, in seconds since 1970.
        values: Of each point.
    """

    tag: str
    steps: "Ints"
    wall_times: "Floats"
    values: "Floats"


class _Chunk(NamedTuple):
    """Points of one tag as they were found; `order` says when each was written."""

    order: "Ints"
    steps: "Ints"
    wall_times: "Floats"
    values: "Floats"


class _Found:
    """What was read of a folder so far."""

    def __init__(self) -> None:
        self.records = 0
        self.chunks: dict[bytes, list[_Chunk]] = {}
        self.restarts: list[tuple[int, int]] = []  # when each was written, and its step


def event_files(folder: Path) -> list[Path]:
    """The event files in `folder`, in the order in which they were written."""
    try:
        return sorted((one for one in folder.iterdir() if "tfevents" in one.name), key=_written)
    except OSError:
        return []


def _written(path: Path) -> tuple[str, int, str]:
    """When it was begun, to the second, as its name says; within that second, when it was left."""
    began = path.name.partition("tfevents.")[2].partition(".")[0]
    return began, path.stat().st_mtime_ns, path.name


def read_points(folder: Path) -> list[Points]:
    """The scalars in the event files of `folder`, by tag; nothing of its subfolders.

    What a killed process wrote at steps that were trained again later does not count, and of a
    step that was written twice the last counts.
    """
    found = _Found()
    for path in event_files(folder):
        for data, starts, lengths in _blocks(path):
            _read_records(found, data, starts, lengths)
    points = [_joined(tag, found.chunks[tag], found.restarts) for tag in sorted(found.chunks)]
    return [one for one in points if len(one.steps)]


def _blocks(path: Path) -> Iterator[tuple[bytes, list[int], list[int]]]:
    """The file in pieces, each with where its whole records begin and how long they are."""
    at = 0
    try:
        with path.open("rb") as file:
            while at < _LONGEST:
                file.seek(at)
                data = file.read(_BLOCK)
                starts, lengths, end = _framing(data)
                yield data, starts, lengths
                if len(data) < _BLOCK:
                    return
                at += end
    except OSError:
        return


def _framing(data: bytes) -> tuple[list[int], list[int], int]:
    """Where whole records begin, their lengths, and where to go on.

    A record that is longer than `data` is passed over: no scalar is so long.
    """
    starts: list[int] = []
    lengths: list[int] = []
    at, last = 0, len(data)
    while at + _HEADER <= last:
        (length,) = _length_at(data, at)
        following = at + _HEADER + length + _FOOTER
        if following > last:
            return starts, lengths, at or following
        starts.append(at + _HEADER)
        lengths.append(length)
        at = following
    return starts, lengths, at


def _read_records(found: _Found, data: bytes, starts: list[int], lengths: list[int]) -> None:
    import numpy as np

    buffer = np.frombuffer(data, np.uint8)
    places, sizes = np.array(starts, np.int64), np.array(lengths, np.int64)
    for length in sorted(set(lengths) - {0}):
        which = np.flatnonzero(sizes == length)
        rows = np.lib.stride_tricks.sliding_window_view(buffer, length)[places[which]]
        _read_rows(found, rows, which + found.records)
    found.records += len(starts)


def _read_rows(found: _Found, rows: "Rows", order: "Ints") -> None:
    """Takes the scalars of records of one length, those of one layout at a time."""
    for _ in range(_LAYOUTS_TRIED):
        layout = _layout(rows[0])
        alike = ((rows ^ rows[0]) & _fixed(layout, rows.shape[1])).any(axis=1) == 0
        _take(found, layout, rows[alike], order[alike])
        rows, order = rows[~alike], order[~alike]
        if not len(rows):
            return
    for number in range(len(rows)):
        one = slice(number, number + 1)
        _take(found, _layout(rows[number]), rows[one], order[one])


def _layout(row: "Row") -> Layout:
    try:
        return layout_of(row.tobytes())
    except ValueError:
        return NOTHING


def _fixed(layout: Layout, length: int) -> "Row":
    """The bits that are the same in all records of a layout; of a varint, how long it is."""
    import numpy as np

    fixed = np.full(length, 0xFF, np.uint8)
    for place in (layout.wall_time, layout.step, *[place for _, place in layout.scalars]):
        fixed[place.start : place.stop] = 0x80 if place.is_varint else 0
    for tag, _ in layout.scalars:
        fixed[tag.start : tag.stop] = 0
    return fixed


def _take(found: _Found, layout: Layout, rows: "Rows", order: "Ints") -> None:
    """Decodes rows of one layout."""
    if not (layout.scalars or layout.is_restart):
        return
    steps = _decoded(rows, layout.step).astype("i8")
    if layout.is_restart:
        found.restarts += zip(order.tolist(), steps.tolist(), strict=True)
    wall_times = _decoded(rows, layout.wall_time).astype("f8")
    for place, value in layout.scalars:
        chunk = _Chunk(order, steps, wall_times, _decoded(rows, value).astype("f8"))
        for tag, which in _by_tag(rows[:, place.start : place.stop]):
            found.chunks.setdefault(tag, []).append(_Chunk(*(part[which] for part in chunk)))


def _by_tag(texts: "Rows") -> Iterator[tuple[bytes, Any]]:
    """Each text that there is, and which rows have it."""
    if (texts == texts[0]).all():
        yield texts[0].tobytes(), slice(None)
        return
    rows: dict[bytes, list[int]] = {}
    for number, text in enumerate(texts):
        rows.setdefault(text.tobytes(), []).append(number)
    yield from rows.items()


def _decoded(rows: "Rows", place: Place) -> "np.ndarray[tuple[int], np.dtype[Any]]":
    """The numbers at one place of each row."""
    import numpy as np

    if not place.type:
        return np.zeros(len(rows))
    part = rows[:, place.start : place.stop]
    if place.is_varint:
        bits = np.zeros(len(rows), np.uint64)
        for byte in range(part.shape[1]):
            bits |= (part[:, byte] & 0x7F).astype(np.uint64) << np.uint64(7 * byte)
        part = bits.astype("<u8")[:, None].view(np.uint8)[:, : place.size]
    if place.type == "bfloat16":  # the upper half of a float32
        part = np.concatenate([np.zeros((len(rows), 2), np.uint8), part], axis=1)
    return np.ascontiguousarray(part).view("<f4" if place.type == "bfloat16" else place.type)[:, 0]


def _joined(tag: bytes, chunks: list[_Chunk], restarts: list[tuple[int, int]]) -> Points:
    """The points of a tag that count."""
    import numpy as np

    order, steps, wall_times, values = (
        np.concatenate(column) for column in zip(*chunks, strict=True)
    )
    keep = np.ones(len(order), bool)
    for when, step in restarts:
        keep &= (order > when) | (steps < step)
    sequence = np.lexsort((order, steps))
    sequence = sequence[keep[sequence]]
    last = np.append(np.diff(steps[sequence]) != 0, True)[: len(sequence)]
    sequence = sequence[last]
    name = tag.decode("utf-8", "replace")
    return Points(name, steps[sequence], wall_times[sequence], values[sequence])
