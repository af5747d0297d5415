"""Errors of nodes cross the wire without loss."""

from __future__ import annotations

import pytest

from objectstore.kernel.errors import (
    Corrupt,
    DeadlineExceeded,
    InsufficientStorage,
    Rejected,
    Unavailable,
)
from objectstore.wire import codec
from objectstore.wire.errors import decode_error, encode_error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Unavailable("away"), 503),
        (InsufficientStorage("full"), 507),
        (DeadlineExceeded("slow"), 504),
        (Corrupt("bad crc"), 500),
        (Rejected(404), 404),
        (Rejected(409, "not émpty"), 409),
        (Rejected(498, ""), 498),
        (Rejected(401, "no", (("WWW-Authenticate", "Swift"),)), 401),
        (Rejected(503, "odd"), 400),
    ],
)
def test_round_trip(error: Exception, status: int) -> None:
    sent, message = encode_error(error)  # type: ignore[arg-type]
    assert sent == status
    back = decode_error(message)
    assert type(back) is type(error)
    assert str(back) == str(error)
    if isinstance(error, Rejected):
        assert isinstance(back, Rejected)
        assert (back.status, back.text, back.headers) == (
            error.status,
            error.text,
            error.headers,
        )


def test_a_leaf_unknown_to_the_wire_arrives_as_its_root() -> None:
    assert type(decode_error(encode_error(codec.Malformed("x"))[1])) is Corrupt


@pytest.mark.parametrize(
    "value",
    [
        None,
        ["rejected", 9999, "", []],
        ["rejected", 404, "", [["a"]]],
        ["strange", 503, "", []],
        ["rejected", 404, "", "no"],
    ],
)
def test_garbage_is_malformed(value: object) -> None:
    with pytest.raises(codec.Malformed):
        decode_error(codec.pack(value))
