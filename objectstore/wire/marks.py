"""Items of system metadata by which servers tell each other something."""

from __future__ import annotations

from collections.abc import Mapping

from objectstore.kernel.errors import Rejected
from objectstore.kernel.timestamps import from_text, to_text

# An account that was deleted with containers in it: it is gone for its users, and
# the reaper empties it before it deletes it for good.
ACCOUNT_DELETED = "X-Account-Sysmeta-Deleted"


def deletion_mark(timestamp: int) -> str:
    """The value of the mark."""
    return to_text(timestamp)


def deletion_of(metadata: Mapping[str, str]) -> int:
    """When an account with this metadata was marked; 0: it is not."""
    text = metadata.get(ACCOUNT_DELETED, "")
    try:
        return from_text(text) if text else 0
    except Rejected:
        return 0
