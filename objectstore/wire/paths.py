"""The addresses of nodes: what a URL of the node interface looks like.

::

    /v1/object/<policy>/<device>/<key>[/<verb>]
    /v1/container/<device>/<key>[/<verb>]
    /v1/account/<device>/<key>[/<verb>]

``key`` is 32 hexadecimal digits, or ``-`` for a verb that concerns the whole
device; ``read`` has three numbers behind it.  What a verb takes and gives is in
``doc/formats-wire.md``.
"""

from __future__ import annotations

import string

KEY_BYTES = 16
NO_KEY = "-"
DEVICE_CHARACTERS = frozenset(string.ascii_letters + string.digits + "._-")
DEVICE_CHARACTERS_MAX = 255  # a file name: devices are directories


def is_device(name: str) -> bool:
    """Whether ``name`` can stand in a URL and name a directory."""
    return (
        0 < len(name) <= DEVICE_CHARACTERS_MAX
        and name not in (".", "..")
        and DEVICE_CHARACTERS.issuperset(name)
    )


def object_prefix(policy: int, device: str) -> str:
    """The URL of one device's objects of a policy; a key goes behind it."""
    assert is_device(device), device
    return f"/v1/object/{policy}/{device}/"


def container_prefix(device: str) -> str:
    """The URL of one device's containers."""
    assert is_device(device), device
    return f"/v1/container/{device}/"


def account_prefix(device: str) -> str:
    """The URL of one device's accounts."""
    assert is_device(device), device
    return f"/v1/account/{device}/"


def parse_key(text: str) -> bytes | None:
    """The key of a URL; None when it is none."""
    if len(text) != 2 * KEY_BYTES:
        return None
    try:
        key = bytes.fromhex(text)
    except ValueError:
        return None
    return key if len(key) == KEY_BYTES else None


def parse_number(text: str, largest: int) -> int | None:
    """A plain decimal number in [0, largest]; None when it is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        return None
    number = int(text)
    return number if number <= largest else None
