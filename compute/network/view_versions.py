"""Views as the releases before have them: between their agents and us, and ours and
their control planes.

``ADDED`` says what each version of a view has and the one before had not, and what
says there that there is none of it.  A view of an older version is ours without such
fields; a view that has some of it cannot be told so, unless guests do as well without.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# Raised when a field is added, removed or gets another meaning.
VIEW_VERSION = 9
VERSIONS = (7, 8, VIEW_VERSION)
# What agents speak that say no version.
OLDEST_VERSION = VERSIONS[0]


@dataclass(frozen=True, slots=True)
class Added:
    """A field of each item of a list (of each item of a list ...) of the view; what is
    no list is one item."""

    lists: tuple[str, ...]
    name: str
    nothing: Any
    # Whether what guests can reach, or who reaches them, is otherwise without it.
    is_needed: bool = True

    def items(self, view: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """All that may have it."""
        found = [view]
        for name in self.lists:
            found = [item for each in found for item in _items(each[name])]
        yield from found


_NO_RATE = {"kpps": 0, "burst_kilopackets": 0}
ADDED = {
    8: (
        Added(("networks", "subnets"), "packet_rules", None),
        Added(("networks", "subnets"), "ntp_servers", []),
        Added(("ports",), "trunk_port_id", ""),
        Added(("ports",), "vlan", 0),
    ),
    9: (
        # Not counting until the agent is upgraded is better than a host left as it was.
        Added(("routers",), "meters", [], is_needed=False),
        Added(("ports", "quality"), "egress_packets", _NO_RATE),
        Added(("ports", "quality"), "ingress_packets", _NO_RATE),
        Added(("floating_qualities", "quality"), "egress_packets", _NO_RATE),
        Added(("floating_qualities", "quality"), "ingress_packets", _NO_RATE),
    ),
}


def as_before(view: dict[str, Any], version: int) -> str:
    """Make of a view's JSON what that version has; the first field that cannot be told
    there, "" when all can."""
    for added in _added_since(version):
        for item in added.items(view):
            if item.pop(added.name) != added.nothing and added.is_needed:
                return added.name
    return ""


def as_now(view: dict[str, Any], version: int) -> None:
    """Make of the JSON of a view of that version what this one has."""
    for added in _added_since(version):
        for item in added.items(view):
            item[added.name] = added.nothing


def _added_since(version: int) -> list[Added]:
    return [each for number in ADDED if number > version for each in ADDED[number]]


def _items(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]
