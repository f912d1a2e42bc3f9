"""Where an event's bytes hold what scalars need: a reader of protobuf's wire format, no more.

It finds the time, the step and the scalars of an `Event`, and whether training was restarted. What
it finds are places: records that differ in nothing but these have one layout.

The field numbers are those of TensorFlow's event.proto, summary.proto and tensor.proto.
"""

from collections.abc import Iterator
from typing import NamedTuple

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_SIZES = {_EIGHT: 8, _FOUR: 4}
_START = 1  # of SessionLog.SessionStatus

# By DataType: how its `tensor_content` is read, and the field of TensorProto that may hold it else.
_TYPES = {
    **{1: ("<f4", 5), 2: ("<f8", 6), 19: ("<f2", 13), 14: ("bfloat16", 13)},
    **{6: ("<i1", 7), 5: ("<i2", 7), 3: ("<i4", 7), 9: ("<i8", 10), 10: ("<u1", 11)},
    **{4: ("<u1", 7), 17: ("<u2", 7), 22: ("<u4", 16), 23: ("<u8", 17)},
}


class Place(NamedTuple):
    """Where a number stands.

    Attributes:
        start: Its first byte.
        stop: The byte after its last.
        type: A NumPy type or `bfloat16`; empty for a number that is not there, and so is 0.
        is_varint: Whether the bits of `type` stand in a varint.
    """

    start: int = 0
    stop: int = 0
    type: str = ""
    is_varint: bool = False

    @property
    def size(self) -> int:
        """The bytes of its type."""
        return 2 if self.type == "bfloat16" else int(self.type[2])


class Layout(NamedTuple):
    """What stands where in a record.

    Attributes:
        wall_time: Of the event.
        step: Of the event.
        is_restart: Whether what was written before is void from this step on.
        scalars: Where their tags stand, and their values.
    """

    wall_time: Place
    step: Place
    is_restart: bool
    scalars: tuple[tuple[range, Place], ...]


NOTHING = Layout(Place(), Place(), False, ())


def layout_of(data: bytes) -> Layout:
    """The layout of one serialized event.

    Raises:
        ValueError: It is none.
    """
    wall_time = step = Place()
    is_restart = False
    scalars: list[tuple[range, Place]] = []
    for field, wire, start, stop in _fields(data, 0, len(data)):
        if (field, wire) == (1, _EIGHT):
            wall_time = Place(start, stop, "<f8")
        elif (field, wire) == (2, _VARINT):
            step = Place(start, stop, "<i8", is_varint=True)
        elif 3 <= field <= 9 and wire == _BYTES:  # one of these: the last counts
            is_restart = field == 7 and _is_start(data, start, stop)
            scalars = [*scalars, *_scalars(data, start, stop)] if field == 5 else []
    return Layout(wall_time, step, is_restart, tuple(scalars))


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """The number that begins at `at`, and where it ends."""
    value = 0
    for place in range(at, min(end, at + 10)):
        value |= (data[place] & 0x7F) << 7 * (place - at)
        if data[place] < 0x80:
            return value, place + 1
    raise ValueError(f"no number at byte {at}")


def _fields(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Number, wire type, and from where to where, of each field of a message."""
    while at < end:
        key, start = _varint(data, at, end)
        wire = key & 7
        if wire == _VARINT:
            _, at = _varint(data, start, end)
        elif wire == _BYTES:
            size, start = _varint(data, start, end)
            at = start + size
        elif wire in _SIZES:
            at = start + _SIZES[wire]
        else:
            raise ValueError(f"wire type {wire} at byte {at}")
        if at > end or key < 8:
            raise ValueError(f"no field at byte {start}")
        yield key >> 3, wire, start, at


def _is_start(data: bytes, start: int, end: int) -> bool:
    status = 0
    for field, wire, begin, stop in _fields(data, start, end):
        if (field, wire) == (1, _VARINT):
            status, _ = _varint(data, begin, stop)
    return status == _START


def _scalars(data: bytes, start: int, end: int) -> Iterator[tuple[range, Place]]:
    """Those of a `Summary`."""
    for field, wire, begin, stop in _fields(data, start, end):
        if (field, wire) == (1, _BYTES):
            tag, place = _value(data, begin, stop)
            if place is not None:
                yield tag, place


def _value(data: bytes, start: int, end: int) -> tuple[range, Place | None]:
    tag, place = range(0), None
    for field, wire, begin, stop in _fields(data, start, end):
        if (field, wire) == (1, _BYTES):
            tag = range(begin, stop)
        elif (field, wire) == (2, _FOUR):
            place = Place(begin, stop, "<f4")
        elif (field, wire) == (8, _BYTES):
            place = _tensor(data, begin, stop)
        elif 3 <= field <= 6 and wire == _BYTES:  # a histogram, an image, a sound
            place = None
    return tag, place


def _tensor(data: bytes, start: int, end: int) -> Place | None:
    """The number in a tensor of rank 0; None for any other tensor."""
    dtype, rank = 0, 0
    content = range(0)
    values: dict[int, range] = {}
    for field, wire, begin, stop in _fields(data, start, end):
        if (field, wire) == (1, _VARINT):
            dtype, _ = _varint(data, begin, stop)
        elif (field, wire) == (2, _BYTES):
            rank += sum(1 for _ in _fields(data, begin, stop))
        elif (field, wire) == (4, _BYTES):
            content = range(begin, stop)
        elif begin < stop:
            values.setdefault(field, range(begin, stop))
    if dtype not in _TYPES or rank:
        return None
    kind, field = _TYPES[dtype]
    if content:
        place = Place(content.start, content.stop, kind)
        return place if len(content) == place.size else None
    return _first(data, values[field], field, kind) if field in values else Place()


def _first(data: bytes, values: range, field: int, kind: str) -> Place | None:
    """The first of a tensor's listed values."""
    if field not in (5, 6):
        stop = _varint(data, values.start, values.stop)[1]
        return Place(values.start, stop, kind, is_varint=True)
    place = Place(values.start, values.start, kind)
    return place._replace(stop=place.start + place.size) if len(values) >= place.size else None
