"""Which request headers are kept with what they name, and who may see them.

*User metadata* (X-Object-Meta-Color) is the client's own.  *System metadata*
(X-Object-Sysmeta-...) belongs to filters; the gatekeeper keeps clients away
from it in both directions.  A few headers of HTTP itself are kept with an
object and given back with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from objectstore.kernel.errors import Rejected
from objectstore.kernel.metadata_limits import check_metadata
from objectstore.kernel.request import KEY_SETS_MAX, Context, Request
from objectstore.kernel.timestamps import from_text
from objectstore.proxy.protocol.limits import check_header

# A read that too few nodes answered; a write whose row is still to reach its listing.
REDUCED = ("X-Ringstack-Consistency", "reduced")
OWED = ("X-Ringstack-Row", "owed")

KEPT_WITH_OBJECTS = {
    "HTTP_CACHE_CONTROL": "Cache-Control",
    "HTTP_CONTENT_DISPOSITION": "Content-Disposition",
    "HTTP_CONTENT_ENCODING": "Content-Encoding",
    "HTTP_CONTENT_LANGUAGE": "Content-Language",
    "HTTP_EXPIRES": "Expires",
    "HTTP_X_OBJECT_MANIFEST": "X-Object-Manifest",
    "HTTP_X_ROBOTS_TAG": "X-Robots-Tag",
}
_OBJECT_META = "HTTP_X_OBJECT_META_"
_OBJECT_SYSTEM = "HTTP_X_OBJECT_SYSMETA_"
_OBJECT_TRANSIENT = "HTTP_X_OBJECT_TRANSIENT_SYSMETA_"

KEPT_WITH_CONTAINERS = frozenset(
    {
        "X-Container-Read",
        "X-Container-Write",
        "X-Container-Sync-To",
        "X-Container-Sync-Key",
        "X-Versions-Location",
        "X-History-Location",
    }
)

# What Swift's clients send for "yes".
YES = frozenset({"true", "1", "yes", "on", "t", "y"})

# What only the account's owner may see and set.
OWNERS_ONLY = frozenset(
    {
        "X-Container-Read",
        "X-Container-Write",
        "X-Container-Sync-To",
        "X-Container-Sync-Key",
        "X-Container-Meta-Temp-Url-Key",
        "X-Container-Meta-Temp-Url-Key-2",
        "X-Account-Meta-Temp-Url-Key",
        "X-Account-Meta-Temp-Url-Key-2",
    }
)


def may_see_all(context: Context) -> bool:
    """Whether the requester sees and sets what is the owner's."""
    return context.is_owner or context.is_internal or context.authorize is None


def object_metadata(request: Request) -> tuple[dict[str, str], dict[str, str]]:
    """(metadata, system metadata) of a PUT or POST; Rejected 400 over a limit."""
    metadata: dict[str, str] = {}
    system: dict[str, str] = {}
    user_items: list[tuple[str, str]] = []
    for key in _stored_keys(tuple(request.environ)):
        if key.startswith("HTTP_X_OBJECT_"):
            if key.startswith(_OBJECT_META):
                name = header_name(key)
                metadata[name] = value = request.header(name)
                user_items.append((name[len("X-Object-Meta-") :], value))
                continue
            if key.startswith(_OBJECT_SYSTEM):
                name = header_name(key)
                system[name] = request.header(name)
                continue
            if key.startswith(_OBJECT_TRANSIENT):
                name = header_name(key)
                metadata[name] = request.header(name)
                continue
        if key in KEPT_WITH_OBJECTS:
            name = KEPT_WITH_OBJECTS[key]
            value = request.header(name)
            check_header(name, value)
            if value:
                metadata[name] = value
    if user_items:
        check_metadata(user_items)
    return metadata, system


@lru_cache(KEY_SETS_MAX)
def _stored_keys(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Those that are stored with an object.  A client sends the same ones again and
    again, and hardly ever any of these."""
    return tuple(
        key
        for key in keys
        if key.startswith("HTTP_X_OBJECT_") or key in KEPT_WITH_OBJECTS
    )


def header_name(environ_key: str) -> str:
    """``HTTP_X_OBJECT_META_COLOR`` as ``X-Object-Meta-Color``."""
    return environ_key[5:].replace("_", "-").title()


def metadata_changes(request: Request, kind: str) -> dict[str, str]:
    """What a PUT or POST of a container or account wants changed.

    ``kind`` is "Container" or "Account".  An empty value removes the item, and
    so does ``X-Remove-<name>`` with any value.  What only owners may set is
    left out for others.
    """
    kept = KEPT_WITH_CONTAINERS if kind == "Container" else frozenset()
    prefixes = (f"X-{kind}-Meta-", f"X-{kind}-Sysmeta-")
    sees_all = may_see_all(request.context)
    changes: dict[str, str] = {}
    removals: dict[str, str] = {}
    for key in request.environ:
        if not key.startswith("HTTP_X_"):
            continue
        name = header_name(key)
        target = changes
        if name.startswith("X-Remove-"):
            name, target = "X-" + name[len("X-Remove-") :], removals
        if not (name in kept or name.startswith(prefixes)):
            continue
        if name in prefixes:
            raise Rejected(400, "Metadata name cannot be empty")
        if name in OWNERS_ONLY and not sees_all:
            continue
        value = "" if target is removals else request.header(header_name(key))
        check_header(name, value)
        target[name] = value
    return {**removals, **changes}


def check_changes(kind: str, changes: Mapping[str, str]) -> None:
    """Rejected 400 when one request's user metadata breaks a limit.

    What many small POSTs add up to is counted where it is kept, by the nodes.
    """
    prefix = f"X-{kind}-Meta-"
    check_metadata(
        (name[len(prefix) :], value)
        for name, value in changes.items()
        if name.startswith(prefix)
    )


def is_set(request: Request, environ_key: str) -> bool:
    """Whether a header that is a switch says yes."""
    return request.environ.get(environ_key, "").strip().lower() in YES


def internal_timestamp(request: Request) -> int:
    """The timestamp that an internal request brings; 0: take a fresh one."""
    text = request.environ.get("HTTP_X_TIMESTAMP", "")
    if text and request.context.is_internal:
        return from_text(text)
    return 0
