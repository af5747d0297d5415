"""Style sheet, scripts and icons: read once, named by their content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from compute.dashboard.frame.headers import static_headers
from objectstore.kernel.reply import Reply, text_reply
from objectstore.kernel.request import Request

DIRECTORY = Path(__file__).resolve().parents[1] / "static"
PREFIX = "static"
_TYPES = {
    ".css": "text/css; charset=UTF-8",
    ".js": "text/javascript; charset=UTF-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    kind: str
    tag: str


class Statics:
    """All files of one directory.

    Their addresses have a hash of them all (``static/3f2a.../live.js``): scripts load
    each other by relative names, so that all change together.
    """

    def __init__(self, directory: Path = DIRECTORY) -> None:
        self._files: Mapping[str, _File] = {
            path.name: _File(
                content := path.read_bytes(),
                _TYPES[path.suffix],
                sha256(content).hexdigest()[:16],
            )
            for path in sorted(directory.iterdir())
            if path.suffix in _TYPES
        }
        tags = "".join(f"{name}{file.tag}" for name, file in self._files.items())
        self._version = sha256(tags.encode()).hexdigest()[:12]

    def path(self, name: str) -> str:
        """Where it is, below the dashboard."""
        assert name in self._files, f"there is no static file {name}"
        return f"/{PREFIX}/{self._version}/{name}"

    def reply(self, request: Request, version: str, name: str) -> Reply:
        """The file, or 304 where the browser has it, or 404."""
        file = self._files.get(name)
        if file is None or version != self._version:
            return text_reply(404)
        headers = static_headers(file.tag)
        if request.header("If-None-Match") == f'"{file.tag}"':
            return Reply(304, b"", headers, None)
        return Reply(200, file.content, headers, file.kind)
