"""A row of the index as bytes.

Fixed part, then the shadows, then the state (empty for a forgotten object), then
four bytes, the crc32c of all before: a row that has changed on disk is noticed
when it is read::

    0   8  digest of the state; 0: forgotten, or a reclaimed tombstone
    8  12  record with the newest state: segment, offset, length
   20  12  record with the body: segment, offset, length; zeros: no body
   32   8  offset of the body in its segment, crc32c of the body
   40   8  serial of the body file; 0: the body is in the log
   48   8  since when it counts: segment, offset
   56   2  number of shadows, then 4 bytes for each

Big-endian, so that the digest, and whether there is a body, can be read from SQL.
"""

from __future__ import annotations

import struct

from crc32c import crc32c

from objectstore.kernel.errors import Corrupt
from objectstore.object.records.record import pack_state, unpack_state
from objectstore.object.records.state import Body, Held, Place

_ROW = struct.Struct(">Q3I3IIIQ2IH")
_CRC = struct.Struct(">I")
DIGEST_BYTES = 8
STATE_SEGMENT_AT = 8
BODY_SEGMENT_AT = 20
_PLACES = struct.Struct(">3I3I")
# A record of a live object in each of so many segments cannot be: the tuple is
# pruned of segments that are gone long before.
SHADOWS_MAX = 65_535


def encode_row(held: Held) -> bytes:
    """The bytes of a row."""
    body = held.body
    shadows = held.shadows[:SHADOWS_MAX]
    fixed = _ROW.pack(
        held.digest,
        *held.place,
        *(body.record if body else (0, 0, 0)),
        body.offset if body else 0,
        body.crc if body else 0,
        body.serial if body else 0,
        *held.since,
        len(shadows),
    )
    if shadows:
        fixed += struct.pack(f">{len(shadows)}I", *shadows)
    if held.state is not None:
        fixed += held.packed or pack_state(held.state)
    return fixed + _CRC.pack(crc32c(fixed))


def decode_row(row: bytes) -> Held:
    """The row; ``Corrupt`` when these bytes are none, or not the ones written."""
    sealed = memoryview(row)[: -_CRC.size]
    if len(row) < _CRC.size or _CRC.pack(crc32c(sealed)) != row[-_CRC.size :]:
        raise Corrupt("a row of the index has changed on disk")
    try:
        fields = _ROW.unpack_from(row)
        count = fields[12]
        shadows = struct.unpack_from(f">{count}I", row, _ROW.size) if count else ()
    except struct.error as error:
        raise Corrupt("not a row of the index") from error
    place, record = Place(*fields[1:4]), Place(*fields[4:7])
    body = Body(record, *fields[7:10]) if record.segment else None
    packed = sealed[_ROW.size + 4 * count :]
    state = unpack_state(packed) if packed else None
    since = (fields[10], fields[11])
    return Held(state, fields[0], place, body, shadows, since)


def decode_offsets(places: bytes, segment: int) -> tuple[int, int]:
    """Where in a segment the records with the state and with the body are; 0: in
    another.  From the bytes of both places in a row."""
    state_segment, state, _, body_segment, body, _ = _PLACES.unpack(places)
    return (
        state if state_segment == segment else 0,
        body if body_segment == segment else 0,
    )
