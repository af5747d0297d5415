"""Calls, answers and pieces: whole, cut anywhere, mixed, and nonsense."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from objectstore.wire.channel.format import (
    CALL_BYTES_MAX,
    CALL_HEAD_BYTES_MAX,
    LAST,
    LEAVING,
    MORE,
    NODE_ERROR,
    PIECE_BYTES_MAX,
    PIECE_HEAD,
    REFUSED,
    UNFINISHED_BYTES_MAX,
    VALUE,
    Assembler,
    Call,
    answer_head,
    call_head,
    parse_answer,
    parse_call,
    piece_head,
    pieces,
)
from objectstore.wire.codec import Malformed

TARGET = "/v1/object/0/sda/" + "0a" * 16
NUMBER_MAX = 2**32 - 1


def message(number: int, body: bytes) -> bytes:
    return piece_head(number, len(body)) + body


def long_message(number: int, body: bytes) -> bytes:
    return b"".join(head + bytes(payload) for head, payload in pieces(number, body))


def fed(*chunks: bytes) -> list[tuple[int, bytes]]:
    assembler = Assembler()
    return [
        (number, bytes(whole))
        for chunk in chunks
        for number, whole in assembler.feed(chunk)
    ]


def test_a_call_comes_back() -> None:
    raw = call_head("PUT", TARGET, "tx1") + b"body"
    assert parse_call(memoryview(raw)) == Call("PUT", TARGET, "tx1", b"body")


def test_a_strange_transaction_cannot_break_a_call() -> None:
    raw = call_head("GET", TARGET, "tx\u00e9") + b""
    assert parse_call(memoryview(raw)).transaction == "tx?"


@pytest.mark.parametrize("outcome", [VALUE, NODE_ERROR, REFUSED])
def test_an_answer_comes_back(outcome: int) -> None:
    raw = answer_head(outcome) + b"value"
    assert parse_answer(memoryview(raw)) == (outcome, b"value")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00",
        b"\x00\x05GET",
        b"\xff\xff" + b"x" * 70000,
        call_head("GET", TARGET, "two words"),
        call_head("GET", TARGET, "")[:-1],
        b"\x00\x02\xff\xff",
        call_head("GET", "/" + "x" * CALL_HEAD_BYTES_MAX, "-"),
        call_head("PUT", TARGET, "-") + bytes(CALL_BYTES_MAX + 1),
    ],
)
def test_what_is_no_call(raw: bytes) -> None:
    with pytest.raises(Malformed):
        parse_call(memoryview(raw))


@pytest.mark.parametrize("raw", [b"", b"\x03value", b"\xff"])
def test_what_is_no_answer(raw: bytes) -> None:
    with pytest.raises(Malformed):
        parse_answer(memoryview(raw))


def test_messages_cut_anywhere() -> None:
    sent = [(1, b""), (NUMBER_MAX, b"x"), (7, bytes(range(256)))]
    raw = b"".join(message(*each) for each in sent)
    for cut in range(len(raw) + 1):
        assert fed(raw[:cut], raw[cut:]) == sent
    assert fed(*(raw[at : at + 1] for at in range(len(raw)))) == sent


def test_long_messages_mixed_with_short_ones() -> None:
    rand = random.Random(5)
    bodies = {
        number: rand.randbytes(size)
        for number, size in enumerate(
            (PIECE_BYTES_MAX + 1, 3 * PIECE_BYTES_MAX, 2 * PIECE_BYTES_MAX - 1)
        )
    }
    waiting = [list(pieces(number, body)) for number, body in bodies.items()]
    raw, shorts = b"", {}
    while any(waiting):
        turn = rand.choice([each for each in waiting if each])
        head, payload = turn.pop(0)
        raw += head + bytes(payload)
        short = 100 + len(shorts)
        shorts[short] = rand.randbytes(rand.randrange(50))
        raw += message(short, shorts[short])
    chunks = []
    while raw:
        size = rand.randrange(1, 100_000)
        chunks.append(raw[:size])
        raw = raw[size:]
    assert dict(fed(*chunks)) == bodies | shorts


def test_a_piece_is_never_longer_than_it_may_be() -> None:
    for _, payload in pieces(1, bytes(5 * PIECE_BYTES_MAX + 3)):
        assert 0 < len(payload) <= PIECE_BYTES_MAX


def test_leaving_is_noticed() -> None:
    assembler = Assembler()
    assert list(assembler.feed(PIECE_HEAD.pack(LEAVING, 0, 0) + message(1, b"a")))
    assert assembler.is_leaving


@pytest.mark.parametrize(
    "raw",
    [
        PIECE_HEAD.pack(3, 1, 0),
        PIECE_HEAD.pack(LAST, 1, PIECE_BYTES_MAX + 1),
        PIECE_HEAD.pack(MORE, 1, 0),
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ],
)
def test_what_is_no_piece(raw: bytes) -> None:
    with pytest.raises(Malformed):
        fed(raw)


def test_what_never_ends_is_bounded() -> None:
    assembler = Assembler()
    piece = bytes(PIECE_BYTES_MAX)
    with pytest.raises(Malformed):
        for number in range(UNFINISHED_BYTES_MAX // PIECE_BYTES_MAX + 1):
            head = PIECE_HEAD.pack(MORE, number, len(piece))
            assert not list(assembler.feed(head + piece))


@pytest.mark.parametrize("seed", range(20))
def test_garbage_is_malformed_or_messages(seed: int) -> None:
    rand = random.Random(seed)
    raw = bytearray(message(1, b"abc") + long_message(2, bytes(PIECE_BYTES_MAX + 9)))
    for _ in range(rand.randint(1, 6)):
        raw[rand.randrange(40)] = rand.randrange(256)
    with suppress(Malformed):
        fed(bytes(raw))
