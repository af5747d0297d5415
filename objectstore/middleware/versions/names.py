"""What hidden containers and the versions in them are called.  Pure.

The versions of ``photos`` lie in ``\\0versions\\0photos``, each named
``\\0object\\0inverse``, where the inverse of its time sorts the newest first.  A
version's id is its time in Swift's text form.
"""

from __future__ import annotations

from objectstore.kernel.errors import Rejected
from objectstore.kernel.timestamps import TIMESTAMP_MAX, from_text, to_text

RESERVED = "\0"
NULL = "null"
# What a version carries that is S3's null version.
NULL_MARK = "X-Object-Sysmeta-Versions-Null"
HIDDEN_PREFIX = f"{RESERVED}versions{RESERVED}"


def hidden_container(container: str) -> str:
    """Where the container's versions are."""
    return HIDDEN_PREFIX + container


def visible_container(hidden: str) -> str:
    """Whose versions are in the hidden container; "" when it is none of ours."""
    if not hidden.startswith(HIDDEN_PREFIX):
        return ""
    return hidden[len(HIDDEN_PREFIX) :]


def version_name(name: str, timestamp: int) -> str:
    """What the version of that time is called."""
    return f"{versions_prefix(name)}{to_text(TIMESTAMP_MAX - timestamp)}"


def versions_prefix(name: str) -> str:
    """What the names of all versions of one object begin with."""
    return f"{RESERVED}{name}{RESERVED}"


def split_version(version: str) -> tuple[str, int] | None:
    """(object, time) of a version's name; None when it is no such name."""
    name, separator, inverse = version[1:].rpartition(RESERVED)
    if not separator or version[:1] != RESERVED:
        return None
    try:
        return name, TIMESTAMP_MAX - from_text(inverse)
    except Rejected:
        return None


def parse_version_id(text: str) -> int:
    """The time that a version id stands for; Rejected 400 when it is none."""
    try:
        timestamp = from_text(text)
    except Rejected:
        timestamp = 0
    if not 0 < timestamp <= TIMESTAMP_MAX:
        raise Rejected(400, "Invalid version parameter")
    return timestamp


def version_to_read(text: str) -> int:
    """The time in ``?version-id=``; 0 for ``null``.  Rejected 400."""
    return 0 if text == NULL else parse_version_id(text)
