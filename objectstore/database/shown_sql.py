"""SQL that writes an entry of a listing as clients see it.

The expressions are those of ``wire.listing_forms`` in SQLite's words: a page of 10,000
entries takes 10 ms of C that holds no lock of the interpreter, where rows to tuples to
dictionaries to JSON took 20 ms that did.

What an entry shows may be more than its columns (``is_plain``); such pages are written
from rows.  Fields are the columns as they are: every page is plain.
"""

from __future__ import annotations

import re

from objectstore.kernel.timestamps import UNITS_PER_SECOND
from objectstore.wire.listing_forms import END, ETAG, MOMENT, SIZE, TYPE, Form
from objectstore.wire.rows import SHOWN_SIZE_MARK

_SIZE_MARK = SHOWN_SIZE_MARK.encode()
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


def _byte(mark: bytes) -> str:
    return f"x'{mark.hex()}'"


# One call writes a row in three quarters of the time of as many concatenations.  It
# would end a name at a NUL.
_FIELDS_FORM = b"".join((MOMENT, b"%s.000", ETAG, b"%s", SIZE, b"%s", END))
OBJECT_FIELDS = (
    f"name || printf(CAST({_byte(_FIELDS_FORM)} AS TEXT), "
    f"datetime(modified/{UNITS_PER_SECOND}, 'unixepoch'), "
    "etag, "
    f"iif(instr(content_type, '{SHOWN_SIZE_MARK}'), size || {_byte(TYPE)} || "
    "content_type, size))"
)


def aggregates(entry_json: str, entry_fields: str) -> dict[Form, str]:
    """SQL of a whole page, by form, over rows in order."""
    forms: dict[Form, str] = {
        "json": f"CAST(json_group_array({entry_json}) AS BLOB)",
        "text": "CAST(group_concat(name || char(10), '') AS BLOB)",
    }
    if entry_fields:
        forms["fields"] = f"CAST(group_concat({entry_fields}, '') AS BLOB)"
    return forms


def is_plain(body: bytes, form: Form) -> bool:
    """Whether the page says all that there is to say of its rows, as it has to."""
    if form != "json" or b";" not in body:
        return True
    return _SIZE_MARK not in body and _PARAMETERS.search(body) is None


def joined(first: bytes, second: bytes, form: Form) -> bytes:
    """Two pages as one."""
    if form != "json":
        return first + second
    if len(first) <= 2 or len(second) <= 2:  # nothing but the brackets
        return first if len(second) <= 2 else second
    return b"".join((first[:-1], b",", memoryview(second)[1:]))
