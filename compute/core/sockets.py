"""Where unix sockets lie: their addresses hold 107 bytes, whatever we are given.

Below a short directory they lie in it; a long one gets a directory in /run,
named by its hash: the same again after a restart, which must find them.  Whoever makes
sockets makes the directory, and leaves none behind that is empty.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress

# sockaddr_un in Linux has 108, with the ending zero.
SOCKET_PATH_BYTES_MAX = 107
# "/" and the longest name that we give: a server's id and what its socket is.
NAME_BYTES_MAX = 1 + 36 + len("-serial.sock")
_RUNTIME_DIRECTORY = "/run"


def socket_directory(root: str) -> str:
    """The directory for the sockets of what lives in ``root`` (absolute)."""
    near = os.path.join(root, "sockets")
    if len(os.fsencode(near)) + NAME_BYTES_MAX <= SOCKET_PATH_BYTES_MAX:
        return near
    name = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
    return os.path.join(_RUNTIME_DIRECTORY, f"ringstack-{name}")


def leave_socket_directory(directory: str) -> None:
    """Take it away, unless somebody's socket is in it."""
    with suppress(OSError):
        os.rmdir(directory)
