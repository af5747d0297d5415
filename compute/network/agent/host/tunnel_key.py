"""The host's own key for encrypted tunnels: a file that never leaves the host.

Others need its public half, which the agent reports.  A new key is made where there is
no file: that is how an operator changes it.
"""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from objectstore.kernel.errors import Rejected

FILE = "tunnel-key"


def own_public_key(state_directory: Path) -> str:
    """The public half, as WireGuard writes keys.  The key is made if there is none."""
    path = state_directory / FILE
    if not path.exists():
        _make(path)
    return _text(_load(path).public_key().public_bytes_raw())


def private_key(state_directory: Path) -> str:
    """The key itself: for WireGuard's eyes alone."""
    return _text(_load(state_directory / FILE).private_bytes_raw())


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w") as stream:
        stream.write(_text(X25519PrivateKey.generate().private_bytes_raw()) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    fresh.rename(path)


def _load(path: Path) -> X25519PrivateKey:
    """``Rejected`` says which file is no key, and not what is in it."""
    try:
        content = base64.b64decode(path.read_bytes().strip(), validate=True)
        return X25519PrivateKey.from_private_bytes(content)
    except (OSError, ValueError, binascii.Error):
        raise Rejected(
            400, f"{path} is not a key for tunnels: remove it to have a new one made"
        ) from None


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode()
