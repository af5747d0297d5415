"""A series as bytes, in a row of SQL or an object of the ring.

    magic      4 bytes  b"RSTS"
    version    1 byte   1
    sections   2 bytes
    checksum   4 bytes  CRC32C of everything after it
    section ...         granularity (8; 0: raw measures), rows (4), columns (1),
                        length (4) of the zlib stream that follows: moments, each as
                        the difference to the one before; then each column's name
                        (length 1) and its values, 8 bytes each

Numbers are little-endian.  Moments and values are written byte by byte of all rows (all
first bytes, all second bytes ...): neighbours are much alike, which zlib likes.
"""

from __future__ import annotations

import struct
import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence

from crc32c import crc32c

from compute.metric.series.columns import Columns, moments_of, values_of
from compute.metric.series.series import Series
from objectstore.kernel.errors import Corrupt

MAGIC = b"RSTS"
VERSION = 1
RAW = 0
"""The granularity of a section of raw measures."""
RAW_COLUMN = "raw"
# What one section may unpack to; a window has fewer rows, a chunk far fewer.
SECTION_BYTES_MAX = 64 * 1024 * 1024
LEVEL = 1  # half the time of the usual one, for a few percent more bytes

_HEAD = struct.Struct("<4sBH")
_CHECKSUM = struct.Struct("<I")
_SECTION = struct.Struct("<qIBI")
Section = tuple[int, Columns]


def pack(sections: Sequence[Section]) -> bytes:
    """Sections of (granularity, rows)."""
    content = b"".join(_packed(granularity, rows) for granularity, rows in sections)
    head = _HEAD.pack(MAGIC, VERSION, len(sections))
    return head + _CHECKSUM.pack(crc32c(content)) + content


def unpack(data: bytes) -> list[Section]:
    """What ``pack`` was given.  ``Corrupt`` for anything else."""
    try:
        return list(_sections(data))
    except (struct.error, zlib.error, ValueError) as error:
        raise Corrupt(f"a series cannot be read: {error}") from error


def pack_series(series: Series) -> bytes:
    """A whole series."""
    raw = Columns(series.times, {RAW_COLUMN: series.values})
    return pack([(RAW, raw), *sorted(series.tails.items())])


def unpack_series(data: bytes) -> Series:
    """What ``pack_series`` was given; no bytes: a new one."""
    if not data:
        return Series()
    found = dict(unpack(data))
    raw = found.pop(RAW, Columns())
    return Series(raw.times, raw.values.get(RAW_COLUMN, values_of()), found)


def pack_measures(times: Iterable[int], values: Iterable[float]) -> bytes:
    """Measures as they came."""
    return pack([(RAW, Columns(moments_of(times), {RAW_COLUMN: values_of(values)}))])


def unpack_measures(data: bytes) -> tuple[array[int], array[float]]:
    """What ``pack_measures`` was given."""
    found = dict(unpack(data)).get(RAW, Columns())
    return found.times, found.values.get(RAW_COLUMN, values_of())


def _packed(granularity: int, rows: Columns) -> bytes:
    parts = [_shuffled(_differences(rows.times))]
    for name, column in rows.values.items():
        encoded = name.encode()
        parts += [bytes([len(encoded)]), encoded, _shuffled(column)]
    body = zlib.compress(b"".join(parts), LEVEL)
    head = _SECTION.pack(granularity, len(rows), len(rows.values), len(body))
    return head + body


def _sections(data: bytes) -> Iterable[Section]:
    magic, version, count = _HEAD.unpack_from(data)
    if magic != MAGIC or version != VERSION:
        raise ValueError(f"not a series of version {VERSION}")
    place = _HEAD.size + _CHECKSUM.size
    (checksum,) = _CHECKSUM.unpack_from(data, _HEAD.size)
    if crc32c(data[place:]) != checksum:
        raise ValueError("its checksum is another")
    for _ in range(count):
        granularity, rows, columns, length = _SECTION.unpack_from(data, place)
        place += _SECTION.size
        body = _inflated(data[place : place + length])
        place += length
        yield granularity, _columns(body, rows, columns)


def _inflated(packed: bytes) -> bytes:
    stream = zlib.decompressobj()
    body = stream.decompress(packed, SECTION_BYTES_MAX)
    if not stream.eof:
        raise ValueError("a section is cut off or too large")
    return body


def _columns(body: bytes, rows: int, columns: int) -> Columns:
    width = 8 * rows
    times = moments_of()
    times.frombytes(_unshuffled(body[:width], rows))
    place = width
    found = {}
    for _ in range(columns):
        length = body[place] if place < len(body) else 0
        name = body[place + 1 : place + 1 + length].decode()
        place += 1 + length
        column = values_of()
        column.frombytes(_unshuffled(body[place : place + width], rows))
        place += width
        found[name] = column
    if place != len(body):
        raise ValueError("a section has another length")
    return Columns(_summed(_native(times)), {n: _native(c) for n, c in found.items()})


def _differences(times: array[int]) -> array[int]:
    former = 0
    found = moments_of()
    for at in times:
        found.append(at - former)
        former = at
    return found


def _summed(differences: array[int]) -> array[int]:
    at = 0
    found = moments_of()
    for each in differences:
        at += each
        found.append(at)
    return found


def _native(column: array[int] | array[float]) -> array:  # type: ignore[type-arg]
    if sys.byteorder == "big":
        column.byteswap()
    return column


def _shuffled(column: array[int] | array[float]) -> bytes:
    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    raw = column.tobytes()
    return b"".join(raw[place::8] for place in range(8))


def _unshuffled(data: bytes, rows: int) -> bytes:
    if len(data) != 8 * rows:
        raise ValueError("a column is cut off")
    found = bytearray(8 * rows)
    for place in range(8):
        found[place::8] = data[place * rows : (place + 1) * rows]
    return bytes(found)
