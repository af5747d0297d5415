"""What the kernel does with the frames of trunks, as programs for it: pure.

A trunk's guest sends and hears the frames of its subports by one tap, each with the
subport's VLAN id.  Two programs stand where frames arrive:

* ``parting``, at the tap: a tagged frame leaves without its tag by the device of its
  id, or is dropped where there is none; an untagged one goes on as it would;
* ``joining``, at a subport's device: every frame gets the tag and leaves by the tap.

Programs are eBPF (RFC 9669), written out here instruction by instruction: they are a
dozen lines, and so no compiler is needed, and of the kernel nothing but what every one
has had for years.  Devices stand in them by number, so the same text means the same.
"""

from __future__ import annotations

import hashlib
import socket
import struct
from collections.abc import Sequence

VLAN_ID_MASK = 0x0FFF
ETH_P_8021Q = 0x8100

# Fields of the context that the kernel gives to programs of this kind, by offset.
_TAG_PRESENT, _TAG, _TAG_PROTOCOL = 20, 24, 28
# Functions of the kernel, by number.
_PUSH_TAG, _POP_TAG, _REDIRECT = 18, 19, 23
# What a program may answer: ask whoever comes next; drop.
_GO_ON, _DROP = -1, 2
# Operations: load a word, set to a value or a register, and, jumps, call, end.
_LOAD, _SET, _COPY, _AND = 0x61, 0xB7, 0xBF, 0x57
_IF_EQUAL, _IF_OTHER, _CALL, _END = 0x15, 0x55, 0x85, 0x95
# Registers: the answer, the first three arguments, and what outlives calls.
_R0, _R1, _R2, _R3, _R6, _R7, _R8 = 0, 1, 2, 3, 6, 7, 8
# The protocol as the bytes lie in a frame, read as this machine reads numbers.
_DOT1Q = socket.htons(ETH_P_8021Q)


def parting(ways: Sequence[tuple[int, int]]) -> bytes:
    """``ways``: VLAN id and number of the device, for each subport."""
    search: list[bytes] = []
    for place, (vlan, device) in enumerate(ways):
        # Behind a way are those that come after it (two lines each), and the drop.
        behind = 2 * (len(ways) - place - 1) + 2
        search += [_line(_SET, _R8, value=device)]
        search += [_line(_IF_EQUAL, _R7, offset=behind, value=vlan)]
    lines = [
        _line(_COPY, _R6, _R1),
        _line(_LOAD, _R2, _R6, _TAG_PRESENT),
        _line(_IF_OTHER, _R2, offset=2),
        *_answer(_GO_ON),
        _line(_LOAD, _R2, _R6, _TAG_PROTOCOL),
        _line(_IF_OTHER, _R2, offset=2 + len(search), value=_DOT1Q),
        _line(_LOAD, _R7, _R6, _TAG),
        _line(_AND, _R7, value=VLAN_ID_MASK),
        *search,
        *_answer(_DROP),
        _line(_COPY, _R1, _R6),
        _line(_CALL, value=_POP_TAG),
        _line(_IF_OTHER, _R0, offset=4),
        _line(_COPY, _R1, _R8),
        _line(_SET, _R2),
        _line(_CALL, value=_REDIRECT),
        _line(_END),
        *_answer(_DROP),
    ]
    return b"".join(lines)


def joining(vlan: int, device: int) -> bytes:
    """``device``: the number of the tap."""
    lines = [
        _line(_SET, _R2, value=_DOT1Q),
        _line(_SET, _R3, value=vlan),
        _line(_CALL, value=_PUSH_TAG),
        _line(_IF_OTHER, _R0, offset=4),
        _line(_SET, _R1, value=device),
        _line(_SET, _R2),
        _line(_CALL, value=_REDIRECT),
        _line(_END),
        *_answer(_DROP),
    ]
    return b"".join(lines)


def program_name(program: bytes) -> str:
    """Says which program it is: whoever reads the name knows the text."""
    return "ringstack " + hashlib.sha256(program).hexdigest()[:32]


def _answer(value: int) -> list[bytes]:
    return [_line(_SET, _R0, value=value), _line(_END)]


def _line(
    operation: int, target: int = 0, source: int = 0, offset: int = 0, value: int = 0
) -> bytes:
    """One instruction: operation, registers, offset, value."""
    # The two registers share a byte, in the order that the machine has its bytes.
    little = struct.pack("=H", 1)[0] == 1
    registers = source << 4 | target if little else target << 4 | source
    return struct.pack("=BBhi", operation, registers, offset, value)
