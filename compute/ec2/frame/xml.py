"""EC2's documents: nested elements, lists of ``item``s, no attributes.

A mapping is an element with children, a list an element of ``item``s, None is left
out, and other values are texts (true and false in small letters).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

VERSION = "2016-11-15"
NAMESPACE = f"http://ec2.amazonaws.com/doc/{VERSION}/"
CONTENT_TYPE = "text/xml;charset=UTF-8"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
# What XML 1.0 cannot carry at all, however it is written.
_FORBIDDEN = {code: None for code in range(32) if code not in (9, 10, 13)}
_FORBIDDEN |= {0xFFFE: None, 0xFFFF: None}


def reply_document(action: str, request_id: str, content: Mapping[str, Any]) -> bytes:
    """What an action answers."""
    parts = [f'{_DECLARATION}<{action}Response xmlns="{NAMESPACE}">']
    _write(parts, "requestId", request_id)
    for name, value in content.items():
        _write(parts, name, value)
    parts.append(f"</{action}Response>")
    return "".join(parts).encode("utf-8", "replace")


def error_document(code: str, text: str, request_id: str) -> bytes:
    """What went wrong."""
    parts = [f"{_DECLARATION}<Response>"]
    _write(parts, "Errors", {"Error": {"Code": code, "Message": text}})
    _write(parts, "RequestID", request_id)
    parts.append("</Response>")
    return "".join(parts).encode("utf-8", "replace")


def moment(text: str | None) -> str | None:
    """A room's time (ISO 8601, in UTC with or without saying so) as EC2 writes it."""
    if not text:
        return None
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def moment_of(seconds: float) -> str:
    """The same of seconds since the epoch."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _write(parts: list[str], name: str, value: Any) -> None:
    if value is None:
        return
    parts.append(f"<{name}>")
    if isinstance(value, Mapping):
        for child, inner in value.items():
            _write(parts, child, inner)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _write(parts, "item", item)
    elif isinstance(value, bool):
        parts.append("true" if value else "false")
    else:
        parts.append(escape(str(value).translate(_FORBIDDEN)))
    parts.append(f"</{name}>")
