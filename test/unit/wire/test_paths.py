"""Addresses: what is a device, a key, a number."""

from __future__ import annotations

import pytest

from objectstore.wire import paths


@pytest.mark.parametrize("name", ["sda", "disk-1.a_B", "0"])
def test_devices(name: str) -> None:
    assert paths.is_device(name)
    assert paths.object_prefix(3, name) == f"/v1/object/3/{name}/"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a b", "é", "a%2f", "x" * 256])
def test_no_devices(name: str) -> None:
    assert not paths.is_device(name)


def test_keys() -> None:
    key = bytes(range(16))
    assert paths.parse_key(key.hex()) == key
    for text in ("", "00", key.hex()[:-1], key.hex() + "0", "zz" * 16, " 0" * 16):
        assert paths.parse_key(text) is None


def test_numbers() -> None:
    assert paths.parse_number("0", 9) == 0
    assert paths.parse_number("9", 9) == 9
    for text in ("", "-1", "10", "1.0", "x", "²", "1" * 30, "+1", "1_0"):
        assert paths.parse_number(text, 9) is None
