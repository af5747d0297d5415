"""Views as the release before has them: between its agents and us, and ours and it.

``ADDED`` says what this version of a view has and the one before had not, and what
says there that there is none of it.  A view of that version is ours without such
fields; a view that has some of it cannot be told so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# Raised when a field is added, removed or gets another meaning; ``ADDED`` then says
# what is new, and no more what was.
VIEW_VERSION = 8
VERSION_BEFORE = 7
VERSIONS = (VERSION_BEFORE, VIEW_VERSION)


@dataclass(frozen=True, slots=True)
class Added:
    """A field of each item of a list (of each item of a list ...) of the view."""

    lists: tuple[str, ...]
    name: str
    nothing: Any

    def items(self, view: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """All that may have it."""
        found = [view]
        for name in self.lists:
            found = [item for each in found for item in each[name]]
        yield from found


ADDED = (
    Added(("networks", "subnets"), "packet_rules", None),
    Added(("networks", "subnets"), "ntp_servers", []),
    Added(("ports",), "trunk_port_id", ""),
    Added(("ports",), "vlan", 0),
)


def as_before(view: dict[str, Any]) -> str:
    """Make of a view's JSON what the version before has; the first field that cannot
    be told there, "" when all can."""
    for added in ADDED:
        for item in added.items(view):
            if item.pop(added.name) != added.nothing:
                return added.name
    return ""


def as_now(view: dict[str, Any]) -> None:
    """Make of the JSON of a view of the version before what this one has."""
    for added in ADDED:
        for item in added.items(view):
            item[added.name] = added.nothing
