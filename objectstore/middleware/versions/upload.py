"""What a client uploads on its way into a version: its size, its type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from mimetypes import MimeTypes
from typing import Any

from objectstore.kernel.errors import Rejected
from objectstore.kernel.option_types import TRUE_WORDS
from objectstore.kernel.request import Request, footers_of

_INTERNAL_PARAMETER = re.compile(r";\s*swift_", re.IGNORECASE)


class CountedInput:
    """A request's body that knows how much of it was read."""

    def __init__(self, body: Any) -> None:
        self._body = body
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        """As the body's own."""
        piece: bytes = self._body.read(size)
        self.size += len(piece)
        return piece

    def readinto(self, view: Any) -> int:
        """As the body's own."""
        size: int = self._body.readinto(view)
        self.size += size
        return size

    def footers(self) -> Mapping[str, str]:
        """What the body underneath knows at its end."""
        return footers_of(self._body)


def upload_type(request: Request, name: str) -> str:
    """What the client says, or what the object's own name (not its version's) says."""
    sent = request.header("Content-Type").strip()
    detect = request.header("X-Detect-Content-Type").strip().lower() in TRUE_WORDS
    if sent and not detect:
        # The version is written on the house's behalf, which may use such types.
        if _INTERNAL_PARAMETER.search(sent):
            raise Rejected(
                400, "Invalid Content-Type, swift_* is not a valid parameter name."
            )
        return sent
    request.remove_header("X-Detect-Content-Type")
    guessed = MimeTypes(filenames=()).guess_type(name)[0]
    return guessed or "application/octet-stream"
