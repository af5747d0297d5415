"""Entries of listings as clients see them: JSON, plain text; and as fields.  Pure.

Nodes write most pages in these forms themselves (``DatabaseNode.shown``), in SQL, byte
for byte as it is done here; pages that had to be merged from replicas that differ, and
entries that need more than their columns, are written here.

Fields are what the S3 face makes its XML of: of each object the name, MOMENT, when it
was modified (``2026-11-21 14:00:00.000``: the second rounded down, for S3's clients
leave out what is of the future; SQLite's form, to change the blank in SQL costs a tenth
of the page), ETAG, the listed ETag, SIZE, the size in bytes, END.
Where another size is shown, TYPE and the content type, which tells it, stand before
END.  A subdirectory is SUBDIRECTORY, its name, END.  The marks are bytes that no UTF-8
has, so nothing has to be escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import orjson

from objectstore.kernel.timestamps import to_iso
from objectstore.wire.records import ContainerRow, ObjectRow, Subdirectory
from objectstore.wire.rows import SHOWN_SIZE_MARK

Form = Literal["json", "text", "fields"]
FORMS: frozenset[str] = frozenset({"json", "text", "fields"})

SUBDIRECTORY, TYPE, MOMENT = b"\xfa", b"\xfb", b"\xfc"
ETAG, SIZE, END = b"\xfd", b"\xfe", b"\xff"
# Of a moment in text: whole seconds.
SECOND_CHARACTERS = 19
# JSON's largest; manifests of before may say more, and must not hide all others.
SHOWN_BYTES_MAX = 2**63 - 1

Entry = ObjectRow | ContainerRow | Subdirectory
Entries = Sequence[Entry]


def shown(entries: Entries, form: Form) -> bytes:
    """A page as ``form``: a line for each name, a JSON array, or fields of objects."""
    if form == "text":
        return "".join([entry.name + "\n" for entry in entries]).encode()
    if form == "fields":
        return b"".join(map(_fields, entries))
    return orjson.dumps(_all_described(entries))


def _fields(entry: Entry) -> bytes:
    if isinstance(entry, ContainerRow):
        raise TypeError("containers are not listed as fields")
    if isinstance(entry, Subdirectory):
        return b"".join((SUBDIRECTORY, entry.name.encode(), END))
    modified = max(entry.modified, entry.timestamp)
    moment = to_iso(modified)[:SECOND_CHARACTERS] + ".000"
    moment = moment.replace("T", " ")
    size = b"%d" % entry.size
    if SHOWN_SIZE_MARK in entry.content_type:
        size += TYPE + entry.content_type.encode()
    parts = (entry.name.encode(), MOMENT, moment.encode(), ETAG, entry.etag.encode())
    return b"".join((*parts, SIZE, size, END))


def _all_described(entries: Entries) -> list[dict[str, Any]]:
    """``described`` of each; plain objects, nearly all there are, in one loop."""
    found = []
    for entry in entries:
        if type(entry) is not ObjectRow:
            found.append(described(entry))
            continue
        name, timestamp, _, size, content_type, _, etag, modified, _ = entry
        if ";" in etag or ";" in content_type:
            found.append(described(entry))
            continue
        if modified > timestamp:
            timestamp = modified
        found.append(
            {
                "bytes": size,
                "hash": etag,
                "name": name,
                "content_type": content_type,
                "last_modified": to_iso(timestamp),
            }
        )
    return found


def described(entry: Entry) -> dict[str, Any]:
    """The fields that are shown of an entry, in the order of its JSON."""
    if type(entry) is ObjectRow:
        name, timestamp, _, size, content_type, _, etag, modified, _ = entry
        fields = {
            "bytes": size,
            "hash": etag,
            "name": name,
            "content_type": content_type,
            "last_modified": to_iso(modified if modified > timestamp else timestamp),
        }
        if ";" in etag:
            _describe_parameters(fields, etag)
        if SHOWN_SIZE_MARK in content_type:
            kind, _, size_shown = content_type.rpartition(SHOWN_SIZE_MARK)
            if size_shown.isascii() and size_shown.isdigit():
                shown_bytes = min(int(size_shown), SHOWN_BYTES_MAX)
                fields["content_type"], fields["bytes"] = kind, shown_bytes
        return fields
    if type(entry) is ContainerRow:
        return {
            "bytes": entry.bytes_used,
            "count": entry.object_count,
            "name": entry.name,
            "last_modified": to_iso(entry.timestamp),
        }
    return {"subdir": entry.name}


def _describe_parameters(fields: dict[str, Any], etag: str) -> None:
    """``<etag>; slo_etag=<etag>``: each parameter becomes a field; ETags of other
    kinds in quotes, as Swift shows them."""
    fields["hash"], *parameters = (part.strip() for part in etag.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name and name not in fields:
            plain = _PLAIN_PARAMETERS.get(name)
            fields[name] = f'"{value}"' if plain is None else plain(value)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


# What filters tell of links, shown without quotes.
_PLAIN_PARAMETERS: dict[str, Callable[[str], Any]] = {
    "symlink_path": str,
    "symlink_etag": str,
    "symlink_bytes": _number,
    "version_symlink": "true".__eq__,
    "version_id": str,
    "s3_checksum": str,
}
