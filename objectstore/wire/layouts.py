"""How an object's bytes lie in fragments: what its record says of it, and what follows.

Pure.  The bytes are cut into *segments*, all but the last of equal length; a segment is
encoded into ``data`` + ``parity`` pieces, a header of the library's before each; the
pieces with one *index*, in order, are the *fragment* of that index.  The codes are
systematic: the pieces of the first ``data`` fragments are the segment's own bytes.

The record of an object on its devices is that of an empty one, with its *layout* in the
system metadata, under a name that no header has.  So everything that keeps, merges and
levels records knows nothing of fragments.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from objectstore.kernel.errors import Corrupt
from objectstore.wire.records import ObjectState

LAYOUT = "erasure-layout"
FRAGMENT = "erasure-fragment"
VERSION = "1"
# What the library puts before each piece.
HEADER_BYTES = 80
# Pieces are multiples of it, so that their length follows from the segment's.
WORD_BYTES = 16


class Layout(NamedTuple):
    """Of one object; ``token`` is its upload's, part of its fragments' names.

    ``checksums`` are those of the fragments, by index.
    """

    code: str
    data: int
    parity: int
    segment: int  # bytes
    size: int  # of the object
    token: str
    checksums: tuple[str, ...]

    @property
    def fragments(self) -> int:
        """How many there are."""
        return self.data + self.parity

    @property
    def segments(self) -> int:
        """How many there are, the last one perhaps shorter."""
        return -(-self.size // self.segment)

    def segment_length(self, segment: int) -> int:
        """Bytes of the object in a segment."""
        return min(self.segment, self.size - segment * self.segment)

    def piece_length(self, segment: int) -> int:
        """Bytes of each of its pieces, the header with it."""
        return piece_bytes(self.segment_length(segment), self.data)

    @property
    def fragment_size(self) -> int:
        """Bytes of each fragment."""
        return self.fragment_range(0, self.segments)[1]

    def fragment_range(self, first: int, stop: int) -> tuple[int, int]:
        """Where the pieces of segments [first, stop) lie in each fragment."""
        whole = piece_bytes(self.segment, self.data)
        end = (stop - 1) * whole + self.piece_length(stop - 1)
        return first * whole, end

    def segments_of(self, start: int, stop: int) -> tuple[int, int]:
        """The segments [first, stop) that hold bytes [start, stop) of the object."""
        return start // self.segment, -(-stop // self.segment)

    def to_text(self) -> str:
        """As the record has it."""
        numbers = (self.data, self.parity, self.segment, self.size)
        words = (VERSION, self.code, *map(str, numbers), self.token)
        return " ".join((*words, ",".join(self.checksums)))


def parse_layout(text: str) -> Layout:
    """The layout of ``to_text``; ``Corrupt`` for anything else."""
    try:
        version, code, data, parity, segment, size, token, sums = text.split(" ")
        layout = Layout(
            code,
            int(data),
            int(parity),
            int(segment),
            int(size),
            token,
            tuple(sums.split(",")),
        )
    except ValueError:
        raise Corrupt("not a layout") from None
    numbers = (layout.data, layout.parity, layout.segment, layout.size)
    if version != VERSION or min(numbers) < 1:
        raise Corrupt("not a layout of this version")
    if len(layout.checksums) != layout.fragments:
        raise Corrupt("a layout without its checksums")
    return layout


def piece_bytes(length: int, data: int) -> int:
    """Bytes of each piece of a segment, the header with it."""
    return HEADER_BYTES + -(-length // (data * WORD_BYTES)) * WORD_BYTES


def segment_bytes(wanted: int, data: int) -> int:
    """The length of segments that are encoded without padding, nearly as wanted."""
    return max(wanted // (data * WORD_BYTES), 1) * data * WORD_BYTES


def fragment_key(key: bytes, token: str, index: int) -> bytes:
    """Where a fragment is kept: in the partition of its object."""
    named = hashlib.blake2b(key + token.encode(), salt=b"%d" % index, digest_size=12)
    return key[:4] + named.digest()


@dataclass(frozen=True, slots=True)
class FragmentName:
    """What a fragment says of itself: whose it is, and which."""

    key: bytes  # of the object
    token: str
    index: int
    layout: str

    def to_text(self) -> str:
        """As its record has it."""
        return f"{VERSION} {self.key.hex()} {self.token} {self.index}"


def fragment_state(
    state: ObjectState, key: bytes, layout: Layout, index: int, stored: int = 0
) -> ObjectState:
    """The record of a fragment of the object that ``state`` is to be.  ``stored``: when
    that was, which shows as the time of its metadata."""
    name = FragmentName(key, layout.token, index, layout.to_text())
    return ObjectState(
        state.name,
        state.timestamp,
        layout.fragment_size,
        layout.checksums[index],
        content_type_timestamp=state.timestamp,
        metadata_timestamp=max(state.timestamp, stored),
        system_metadata={FRAGMENT: name.to_text(), LAYOUT: name.layout},
    )


def fragment_name(state: ObjectState) -> FragmentName:
    """Which fragment a record is of; ``Corrupt`` when it does not say."""
    layout = state.system_metadata.get(LAYOUT, "")
    try:
        version, key, token, index = state.system_metadata[FRAGMENT].split(" ")
        name = FragmentName(bytes.fromhex(key), token, int(index), layout)
    except (KeyError, ValueError):
        raise Corrupt("a fragment that does not say of what") from None
    if version != VERSION:
        raise Corrupt("a fragment of another version")
    return name


def layout_of(state: ObjectState | None) -> Layout | None:
    """The layout of an object that has data in fragments."""
    if state is None or not state.exists:
        return None
    text = state.system_metadata.get(LAYOUT)
    return None if text is None else parse_layout(text)


def folded(state: ObjectState, layout: Layout) -> ObjectState:
    """The record that devices keep of an object."""
    system = {**state.system_metadata, LAYOUT: layout.to_text()}
    return state._replace(size=0, system_metadata=system)


def unfolded(state: ObjectState, layout: Layout) -> ObjectState:
    """The object that a record is of."""
    system = without_layout(state.system_metadata)
    return state._replace(size=layout.size, system_metadata=system)


def without_layout(system: Mapping[str, str]) -> dict[str, str]:
    """System metadata without what is of the house's own."""
    return {name: text for name, text in system.items() if name != LAYOUT}
