"""Listings in XML, and which form a media type is.  Pure.

Text and JSON are in ``wire.listing_forms``, for nodes write them too.  XML is written
as strings: a tree of six nodes an entry takes five times as long.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from objectstore.proxy.protocol.accept import JSON, TEXT
from objectstore.wire.listing_forms import Form

# XML 1.0 cannot carry these characters, escaped or not; a listing with one of
# them is better shown with a mark than not at all.
_NOT_IN_XML = dict.fromkeys(
    [*(set(range(32)) - {9, 10, 13}), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)],
    "\ufffd",
)
_IN_TEXT = _NOT_IN_XML | {
    ord("&"): "&amp;",
    ord("<"): "&lt;",
    ord(">"): "&gt;",
    # Plain, a parser reads it as the end of a line.
    13: "&#13;",
}
_IN_ATTRIBUTE = _IN_TEXT | {ord('"'): "&quot;", 9: "&#9;", 10: "&#10;"}
# Looking first is ten times cheaper than translating what needs no change.
_SPECIAL = re.compile('[\0-\x1f&<>"\ud800-\udfff\ufffe\uffff]')

# The type of a page of fields: they are between us and our S3 face.
FIELDS = "application/octet-stream"

_FORMS: dict[str, Form] = {JSON: "json", TEXT: "text"}


def form_of(content_type: str) -> Form | None:
    """The form in which nodes write a page of that type; None: they do not."""
    return _FORMS.get(content_type)


def render_xml(entries: Sequence[Mapping[str, Any]], kind: str, name: str) -> bytes:
    """A listing of the "account" or "container" called ``name``, out of the fields
    that are shown of each entry."""
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<{kind} name="{_quoted(name)}"'
    if not entries:
        return f"{head}/>".encode()
    shown = _object if kind == "container" else _container
    parts = [f"{head}>"]
    for values in entries:
        if "subdir" in values:
            parts.append(_subdirectory(values["subdir"], kind))
        else:
            parts.append(shown(values))
    parts.append(f"</{kind}>")
    return "".join(parts).encode()


def _object(values: Mapping[str, Any]) -> str:
    return (
        f"<object><name>{_text(values['name'])}</name>"
        f"<hash>{_text(values['hash'])}</hash><bytes>{values['bytes']}</bytes>"
        f"<content_type>{_text(values['content_type'])}</content_type>"
        f"<last_modified>{values['last_modified']}</last_modified></object>"
    )


def _container(values: Mapping[str, Any]) -> str:
    return (
        f"<container><name>{_text(values['name'])}</name>"
        f"<count>{values['count']}</count><bytes>{values['bytes']}</bytes>"
        f"<last_modified>{values['last_modified']}</last_modified>"
        f"<storage_policy>{_text(values['storage_policy'])}</storage_policy></container>"
    )


def _subdirectory(name: str, kind: str) -> str:
    if kind == "container":
        return f'<subdir name="{_quoted(name)}"><name>{_text(name)}</name></subdir>'
    return f'<subdir name="{_quoted(name)}"/>'


def _text(text: str) -> str:
    return text if _SPECIAL.search(text) is None else text.translate(_IN_TEXT)


def _quoted(text: str) -> str:
    return text if _SPECIAL.search(text) is None else text.translate(_IN_ATTRIBUTE)
