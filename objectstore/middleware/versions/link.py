"""Links: what stands under an object's own name in a container with versions.

An empty object whose system metadata names the current version.  Its listing row
shows the version's ETag, size and type, so that listings need no second look.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from objectstore.kernel.conditions import unquoted
from objectstore.kernel.reply import Reply
from objectstore.kernel.timestamps import to_text
from objectstore.wire.rows import LISTED_ETAG, LISTED_SIZE, SHOWN_SIZE

LINK = "X-Object-Sysmeta-Versions-Link"
LINK_ETAG = "X-Object-Sysmeta-Versions-Etag"
SLO_SIZE = "X-Object-Sysmeta-Slo-Size"
MARKER_TYPE = "application/x-deleted;swift_versions_deleted=1"


class Target(NamedTuple):
    """The version that a link leads to, as listings show it."""

    timestamp: int
    etag: str  # as conditions on writes compare it
    listed_etag: str
    size: int
    content_type: str

    @property
    def version_id(self) -> str:
        """Its id."""
        return to_text(self.timestamp)


def target_of_head(timestamp: int, head: Reply) -> Target:
    """The version whose HEAD this is."""
    etag = unquoted(head.header("Etag"))
    size = (
        head.header(SLO_SIZE)
        or head.header(LISTED_SIZE)
        or head.header("Content-Length")
    )
    return Target(
        timestamp,
        etag,
        whole_listed_etag(head.header(LISTED_ETAG), etag),
        int(size) if size.isdigit() else 0,
        head.header("Content-Type"),
    )


def whole_listed_etag(listed: str, etag: str) -> str:
    """What listings show for an ETag; ``listed`` may be parameters only."""
    return etag + listed if listed[:1] in ("", ";") else listed


def link_headers(
    account: str, container: str, name: str, target: Target
) -> dict[str, str]:
    """The headers of the link's PUT."""
    path = quote(f"/v1/{account}/{container}/{name}")
    version_id = target.version_id
    return {
        "Content-Type": target.content_type,
        LINK: version_id,
        LINK_ETAG: target.etag,
        LISTED_ETAG: (
            f"{target.listed_etag}; version_symlink=true; version_id={version_id}"
            f"; symlink_path={path}?version-id={version_id}"
        ),
        SHOWN_SIZE: str(target.size),
    }


def is_marker(content_type: str) -> bool:
    """Whether something of that type notes that the object was deleted."""
    return content_type.replace(" ", "") == MARKER_TYPE
