"""Listings written the plain way: a dictionary or a tree for each page.

What the house sends is written in SQL and as strings; it is held against this.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson
from lxml import etree

from objectstore.kernel.timestamps import to_iso
from objectstore.proxy.protocol.accept import JSON, TEXT
from objectstore.wire.records import ContainerRow, ObjectRow, Subdirectory
from objectstore.wire.rows import SHOWN_SIZE_MARK

# Of every container, in place of its policy's name.
POLICY = "gold & <silver>"

Entries = Sequence[ObjectRow | ContainerRow | Subdirectory]

# XML 1.0 cannot carry these characters, escaped or not; a listing with one of
# them is better shown with a mark than not at all.
_NOT_IN_XML = dict.fromkeys(
    [*(set(range(32)) - {9, 10, 13}), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)],
    "\ufffd",
)


def render(
    entries: Entries, content_type: str, *, kind: str, name: str
) -> tuple[bytes, str]:
    """(body, Content-Type) of a listing; ``kind`` is "account" or "container"."""
    if content_type == JSON:
        body = orjson.dumps([_described(entry) for entry in entries])
    elif content_type == TEXT:
        body = "".join([entry.name + "\n" for entry in entries]).encode()
    else:
        body = _xml(entries, kind, name)
    return body, f"{content_type}; charset=utf-8"


def _described(entry: ObjectRow | ContainerRow | Subdirectory) -> dict[str, Any]:
    if type(entry) is ObjectRow:
        name, timestamp, _, size, content_type, _, etag, modified, _ = entry
        described = {
            "bytes": size,
            "hash": etag,
            "name": name,
            "content_type": content_type,
            "last_modified": to_iso(modified if modified > timestamp else timestamp),
        }
        if ";" in etag:
            _describe_parameters(described, etag)
        if SHOWN_SIZE_MARK in content_type:
            kind, _, shown = content_type.rpartition(SHOWN_SIZE_MARK)
            if shown.isascii() and shown.isdigit():
                described["content_type"], described["bytes"] = kind, int(shown)
        return described
    if type(entry) is ContainerRow:
        return {
            "bytes": entry.bytes_used,
            "count": entry.object_count,
            "name": entry.name,
            "last_modified": to_iso(entry.timestamp),
            "storage_policy": POLICY,
        }
    return {"subdir": entry.name}


def _describe_parameters(described: dict[str, Any], etag: str) -> None:
    """``<etag>; slo_etag=<etag>``: each parameter becomes a field; ETags of other
    kinds in quotes, as Swift shows them."""
    described["hash"], *parameters = (part.strip() for part in etag.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name and name not in described:
            plain = _PLAIN_PARAMETERS.get(name)
            described[name] = f'"{value}"' if plain is None else plain(value)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


# What filters tell of links, shown without quotes.
_PLAIN_PARAMETERS: dict[str, Callable[[str], Any]] = {
    "symlink_path": str,
    "symlink_etag": str,
    "symlink_bytes": _number,
    "version_symlink": "true".__eq__,
    "version_id": str,
}


_FIELDS = {
    "container": ("name", "hash", "bytes", "content_type", "last_modified"),
    "account": ("name", "count", "bytes", "last_modified", "storage_policy"),
}
_ELEMENTS = {"container": "object", "account": "container"}


def _xml(entries: Entries, kind: str, name: str) -> bytes:
    root = etree.Element(kind, name=_printable(name))
    element, fields = _ELEMENTS[kind], _FIELDS[kind]
    for entry in entries:
        described = _described(entry)
        if "subdir" in described:
            text = _printable(described["subdir"])
            node = etree.SubElement(root, "subdir", name=text)
            if kind == "container":
                etree.SubElement(node, "name").text = text
            continue
        node = etree.SubElement(root, element)
        for field in fields:
            etree.SubElement(node, field).text = _printable(str(described[field]))
    declaration = b'<?xml version="1.0" encoding="UTF-8"?>\n'
    return declaration + bytes(etree.tostring(root, encoding="utf-8"))


def _printable(text: str) -> str:
    return text if text.isprintable() else text.translate(_NOT_IN_XML)
