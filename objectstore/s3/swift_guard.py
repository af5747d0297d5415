"""What S3's object lock forbids on Swift's face too.

A protected version must stay whoever asks.  In a bucket with object lock,
versions are deleted through S3 only, where the lock is looked up; versioning
stays on, and nothing gets a date on which it would expire.  The records of locks
are nobody's to touch.
"""

from __future__ import annotations

from typing import Any

from objectstore.kernel.reply import Reply, text_reply
from objectstore.kernel.request import CONTEXT_KEY, Environ
from objectstore.s3 import sysmeta
from objectstore.s3.names import LOCKS_SUFFIX

_LOCK = (sysmeta.CONTAINER + "object-lock").title()
_CHANGING_KEYS = (
    "HTTP_X_VERSIONS_ENABLED",
    "HTTP_X_REMOVE_VERSIONS_ENABLED",
    "HTTP_X_DELETE_AT",
    "HTTP_X_DELETE_AFTER",
)


def guard(environ: Environ) -> Reply | None:
    """A refusal of a Swift request, or None: it may go on."""
    path: str = environ.get("PATH_INFO", "")
    if LOCKS_SUFFIX in path and _container_of(path)[1].endswith(LOCKS_SUFFIX):
        return text_reply(403)
    if environ["REQUEST_METHOD"] == "DELETE":
        if "version-id=" not in environ.get("QUERY_STRING", ""):
            return None
    elif not any(key in environ for key in _CHANGING_KEYS):
        return None
    account, container = _container_of(path)
    facts: Any = getattr(environ.get(CONTEXT_KEY), "facts", None)
    if facts is None or not container:
        return None
    info = facts.container(account, container)
    if info is None or _LOCK not in info.metadata:
        return None
    return text_reply(403, "The container has S3 object lock: use S3 for this.")


def _container_of(path: str) -> tuple[str, str]:
    parts = path.split("/", 4)
    if len(parts) < 4:
        return "", ""
    try:
        account, container = (part.encode("latin-1").decode() for part in parts[2:4])
    except UnicodeDecodeError:
        return "", ""
    return account, container
