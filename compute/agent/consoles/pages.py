"""noVNC's page, from where it is installed: beside the Python that runs us, or as
Debian's ``novnc``, or in a directory.

Only files below that directory, by name, and only kinds that the page consists of.
"""

from __future__ import annotations

import os
import sys

from objectstore.kernel import concurrency
from objectstore.kernel.reply import Reply, text_reply

OWN_DIRECTORY = os.path.join(sys.prefix, "share", "novnc")
DEBIAN_DIRECTORY = "/usr/share/novnc"
INDEX = "vnc_lite.html"
# The largest file of noVNC is some 100 KiB.
FILE_BYTES_MAX = 4 << 20
_TYPES = {
    ".html": "text/html; charset=UTF-8",
    ".js": "text/javascript; charset=UTF-8",
    ".mjs": "text/javascript; charset=UTF-8",
    ".css": "text/css; charset=UTF-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".ttf": "font/ttf",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".oga": "audio/ogg",
    ".mp3": "audio/mpeg",
}
_HEADERS = [
    # The token is in the page's address: it must not leave with a link.
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "public, max-age=3600"),
]


def novnc_directory() -> str:
    """Where noVNC is, or would be."""
    return OWN_DIRECTORY if os.path.isdir(OWN_DIRECTORY) else DEBIAN_DIRECTORY


class Pages:
    """Serves noVNC's files."""

    def __init__(self, directory: str | None = None) -> None:
        """``directory``: where they are, None: where they were installed."""
        self._directory = os.path.realpath(directory or novnc_directory())

    def reply(self, path: str) -> Reply:
        """The file of that name (``/`` is the page itself), or 404."""
        name = path.lstrip("/") or INDEX
        kind = _TYPES.get(os.path.splitext(name)[1].lower())
        found = os.path.realpath(os.path.join(self._directory, name))
        if kind is None or not found.startswith(self._directory + os.sep):
            return text_reply(404)
        if not os.path.isfile(found):
            if not os.path.isdir(self._directory):
                return text_reply(404, "noVNC is not installed (Debian: novnc)")
            return text_reply(404)
        content = concurrency.offload(_read, found)
        return Reply(200, content, list(_HEADERS), kind)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(FILE_BYTES_MAX)
