"""SQL that writes an entry of a listing as clients see it.

The expressions are those of ``wire.listing_forms`` in SQLite's words: a page of 10,000
entries takes 10 ms of C that holds no lock of the interpreter, where rows to tuples to
dictionaries to JSON took 20 ms that did.

What an entry shows may be more than its columns (``is_plain``); such pages are written
from rows.
"""

from __future__ import annotations

import re
import string

from objectstore.kernel.timestamps import UNITS_PER_SECOND
from objectstore.wire.listing_forms import Form
from objectstore.wire.rows import SHOWN_SIZE_MARK

_SIZE_MARK = SHOWN_SIZE_MARK.encode()
# What no name or ETag has to be escaped for, in XML or in a URL.
_UNESCAPED = (string.ascii_letters + string.digits + "/_.*~-").encode()
# An ETag with parameters.  Inside a text of JSON every quote has a backslash before
# it, so only an entry's own beginning looks like this.
_PARAMETERS = re.compile(rb'\{"bytes":[0-9]+,"hash":"[^"]*;')


def _iso(timestamp: str) -> str:
    """SQL of ``to_iso``; ``datetime`` takes half the time of ``strftime``."""
    return (
        f"replace(datetime({timestamp}/{UNITS_PER_SECOND}, 'unixepoch'), ' ', 'T') "
        f"|| printf('.%05d0', {timestamp}%{UNITS_PER_SECOND})"
    )


OBJECT_JSON = (
    "json_object('bytes', size, 'hash', etag, 'name', name, 'content_type', "
    # Of a live row it is not less than ``timestamp``: ``normal_object_row``.
    f"content_type, 'last_modified', {_iso('modified')})"
)
CONTAINER_JSON = (
    "json_object('bytes', bytes_used, 'count', object_count, 'name', name, "
    f"'last_modified', {_iso('timestamp')})"
)
# S3's XML; a size to be shown in place of the counted one is marked with a semicolon.
OBJECT_CONTENTS = (
    "'<Contents><Key>' || name || '</Key><LastModified>' || "
    f"replace(datetime(modified/{UNITS_PER_SECOND}, 'unixepoch'), ' ', 'T') || '.' || "
    f"substr(modified%{UNITS_PER_SECOND}/{UNITS_PER_SECOND // 1000} + 1000, 2) || "
    "'Z</LastModified><ETag>&quot;' || etag || '&quot;</ETag><Size>' || "
    f"iif(instr(content_type, '{SHOWN_SIZE_MARK}'), ';', size) || "
    "'</Size><StorageClass>STANDARD</StorageClass></Contents>'"
)
# What is left of such an entry without the letters that are never escaped.
_CONTENTS_SIGNS = (
    b"<Contents><Key></Key><LastModified>::</LastModified><ETag>&quot;&quot;</ETag>"
    b"<Size></Size><StorageClass></StorageClass></Contents>"
).translate(None, _UNESCAPED)


def aggregates(entry_json: str, entry_contents: str) -> dict[Form, str]:
    """SQL of a whole page, by form, over rows in order."""
    forms: dict[Form, str] = {
        "json": f"CAST(json_group_array({entry_json}) AS BLOB)",
        "text": "CAST(group_concat(name || char(10), '') AS BLOB)",
    }
    if entry_contents:
        forms["contents"] = f"CAST(group_concat({entry_contents}, '') AS BLOB)"
    return forms


def is_plain(body: bytes, rows: int, form: Form) -> bool:
    """Whether the page says all that there is to say of its rows, as it has to."""
    if form == "contents":
        return body.translate(None, _UNESCAPED) == _CONTENTS_SIGNS * rows
    if form == "text" or b";" not in body:
        return True
    return _SIZE_MARK not in body and _PARAMETERS.search(body) is None


def joined(first: bytes, second: bytes, form: Form) -> bytes:
    """Two pages as one."""
    if form != "json":
        return first + second
    if len(first) <= 2 or len(second) <= 2:  # nothing but the brackets
        return first if len(second) <= 2 else second
    return b"".join((first[:-1], b",", memoryview(second)[1:]))
