"""Writing S3's XML documents: text in, escaped text out.

Listings hold a thousand entries of ten elements each, so documents are built as
strings.  ``element`` takes content that is XML already, ``text`` takes plain
text; keeping the two apart is what keeps names from becoming markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
CONTENT_TYPE = "application/xml"

ESCAPES = {
    ord("&"): "&amp;",
    ord("<"): "&lt;",
    ord(">"): "&gt;",
    ord('"'): "&quot;",
    # XML 1.0 has no way to spell these; references are what AWS sends, and
    # what clients that did not ask for encoding-type=url get along with.
    **{code: f"&#x{code:x};" for code in range(32) if code not in (9, 10)},
    0xFFFE: "&#xfffe;",
    0xFFFF: "&#xffff;",
}


# Looking first is ten times cheaper than translating what needs no change.
_SPECIAL = re.compile("[" + re.escape("".join(map(chr, ESCAPES))) + "]")


def escape(value: str) -> str:
    """Plain text as XML text."""
    if _SPECIAL.search(value) is None:
        return value
    return value.translate(ESCAPES)


def text(name: str, value: str | int) -> str:
    """An element that holds plain text."""
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    return f"<{name}>{escape(value)}</{name}>" if value else f"<{name}/>"


def flag(name: str, value: bool) -> str:
    """An element that holds ``true`` or ``false``."""
    return f"<{name}>true</{name}>" if value else f"<{name}>false</{name}>"


def element(name: str, *content: str) -> str:
    """An element around content that is XML already."""
    return f"<{name}>{''.join(content)}</{name}>"


def document(root: str, *content: str, namespace: str = NAMESPACE) -> bytes:
    """A whole document."""
    opening = f'<{root} xmlns="{namespace}">' if namespace else f"<{root}>"
    return f"{HEAD}{opening}{''.join(content)}</{root}>".encode("utf-8", "replace")


def long_document(root: str, content: Iterable[str], rest: Iterable[bytes]) -> bytes:
    """The same with a long rest that is bytes already.  It is copied once: each copy of
    a listing's 200 KB costs memory from the system and its pages."""
    opening = f'{HEAD}<{root} xmlns="{NAMESPACE}">{"".join(content)}'
    closing = f"</{root}>".encode()
    return b"".join((opening.encode("utf-8", "replace"), *rest, closing))
