"""The key of a name must be the one every Swift client and tool computes."""

from __future__ import annotations

import hashlib

import pytest

from ring.hashing import hash_path


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("a",), "1c84525acb02107ea475dcd3d09c2c58"),
        (("a", "c"), "33379ecb053aa5c9e356c68997cbb59e"),
        (("a", "c", "o"), "06fbf0b514e5199dfc4e00f42eb5ea83"),
    ],
)
def test_known_keys(parts, expected):
    # The suffix of Swift's own tests, which makes these keys theirs.
    assert hash_path(*parts, suffix=b"endcap").hex() == expected


def test_the_secrets_go_around_the_path():
    key = hash_path("a", "c", "é", prefix=b"before", suffix=b"after")
    assert key == hashlib.md5("before/a/c/éafter".encode()).digest()


def test_an_object_needs_a_container():
    with pytest.raises(ValueError, match="container"):
        hash_path("a", None, "o")
