"""The kernel's answer about the generation of its rules."""

from __future__ import annotations

import struct

from compute.network.agent.host.rule_generation import parse_generation


def message(kind: int, *attributes: tuple[int, bytes]) -> bytes:
    body = b"\0\0\0\x07"
    for number, value in attributes:
        body += struct.pack("=HH", 4 + len(value), number) + value
        body += b"\0" * (-len(value) % 4)
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 1, 0) + body


def test_the_generation_is_found() -> None:
    answer = message(
        0x0A0F, (2, b"\0\0\0\x09"), (3, b"nft\0name\0"), (1, b"\0\0\x01\x07")
    )
    assert parse_generation(answer) == 0x107


def test_an_error_or_nothing_is_zero() -> None:
    assert parse_generation(message(2, (1, b"\0\0\0\x01"))) == 0
    assert parse_generation(message(0x0A0F)) == 0
    assert parse_generation(b"") == 0
    assert parse_generation(message(0x0A0F, (0, b""))) == 0
