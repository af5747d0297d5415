"""The NBD protocol as a read-only server speaks it: bytes in and out, pure.

Fixed newstyle handshake, options EXPORT_NAME, GO, INFO, LIST and ABORT; then READ,
FLUSH and DISC with simple replies.  What a client may ask for and is not here is
answered "not supported", as the protocol wants.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

GREETING = b"NBDMAGICIHAVEOPT" + struct.pack(">H", 0b11)  # fixed newstyle, no zeroes
CLIENT_FLAGS_BYTES = 4
OPTION_HEAD = struct.Struct(">QII")
REQUEST = struct.Struct(">IHHQQI")
_OPTION_MAGIC = 0x49484156454F5054
_OPTION_REPLY_MAGIC = 0x3E889045565A9
_REQUEST_MAGIC = 0x25609513
_REPLY_MAGIC = 0x67446698

# An export name is at most 4,096 bytes by the protocol; the rest is small.
OPTION_BYTES_MAX = 8192
# What QEMU asks for at most in one request.
READ_BYTES_MAX = 32 << 20
_INFO_EXPORT, _INFO_BLOCK_SIZE = 0, 3
# has flags, read-only, several connections at once are consistent
_EXPORT_FLAGS = 1 | 2 | 1 << 8
_SECTOR = 512


class ProtocolError(Exception):
    """The client does not speak NBD; the connection is closed."""


class Option(IntEnum):
    """What a client may ask for in the handshake."""

    EXPORT_NAME = 1
    ABORT = 2
    LIST = 3
    INFO = 6
    GO = 7


class OptionReply(IntEnum):
    """How an option is answered."""

    ACK = 1
    SERVER = 2
    INFO = 3
    UNSUPPORTED = 2**31 + 1
    INVALID = 2**31 + 3
    UNKNOWN = 2**31 + 6


class Command(IntEnum):
    """What a client may ask for once an export is open."""

    READ = 0
    WRITE = 1
    DISCONNECT = 2
    FLUSH = 3


class Fault(IntEnum):
    """Error numbers of replies."""

    NONE = 0
    NOT_PERMITTED = 1
    INPUT_OUTPUT = 5
    INVALID = 22


@dataclass(frozen=True, slots=True)
class Request:
    """One request on an open export."""

    command: int
    handle: int
    offset: int
    length: int


def rounded(size: int) -> int:
    """The export's size: whole sectors, as QEMU wants."""
    return -(-size // _SECTOR) * _SECTOR


def read_option_head(head: bytes) -> tuple[int, int]:
    """(option, length of its data)."""
    magic, option, length = OPTION_HEAD.unpack(head)
    if magic != _OPTION_MAGIC or length > OPTION_BYTES_MAX:
        raise ProtocolError("no NBD option")
    return option, length


def option_reply(option: int, kind: OptionReply, data: bytes = b"") -> bytes:
    """One reply to an option."""
    return struct.pack(">QIII", _OPTION_REPLY_MAGIC, option, kind, len(data)) + data


def read_export_choice(data: bytes) -> str:
    """The export's name from the data of INFO or GO."""
    if len(data) < 6:
        raise ProtocolError("cut off")
    (length,) = struct.unpack_from(">I", data)
    if length > len(data) - 6:
        raise ProtocolError("cut off")
    return data[4 : 4 + length].decode("utf-8", "replace")


def export_replies(option: int, size: int, preferred_bytes: int) -> bytes:
    """What answers INFO and GO for an export that is there."""
    facts = struct.pack(">HQH", _INFO_EXPORT, rounded(size), _EXPORT_FLAGS)
    blocks = struct.pack(">HIII", _INFO_BLOCK_SIZE, 1, preferred_bytes, READ_BYTES_MAX)
    return (
        option_reply(option, OptionReply.INFO, facts)
        + option_reply(option, OptionReply.INFO, blocks)
        + option_reply(option, OptionReply.ACK)
    )


def old_export_reply(size: int, *, without_zeroes: bool) -> bytes:
    """What answers EXPORT_NAME."""
    facts = struct.pack(">QH", rounded(size), _EXPORT_FLAGS)
    return facts if without_zeroes else facts + bytes(124)


def read_request(head: bytes) -> Request:
    """One request (WRITE's data follows it, and ends the connection)."""
    magic, _, command, handle, offset, length = REQUEST.unpack(head)
    if magic != _REQUEST_MAGIC:
        raise ProtocolError("no NBD request")
    return Request(command, handle, offset, length)


def reply(request: Request, fault: Fault = Fault.NONE) -> bytes:
    """The head of a reply; READ's data follows when there is no fault."""
    return struct.pack(">IIQ", _REPLY_MAGIC, fault, request.handle)


def check(request: Request, size: int) -> Fault:
    """Whether the request may be answered."""
    if request.command == Command.FLUSH:
        return Fault.NONE
    if request.command != Command.READ:
        return Fault.NOT_PERMITTED
    if request.length > READ_BYTES_MAX:
        return Fault.INVALID
    if request.offset + request.length > rounded(size):
        return Fault.INVALID
    return Fault.NONE
