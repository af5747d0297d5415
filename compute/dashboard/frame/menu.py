"""The menu: what the catalogue has and the person's roles open.  Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from compute.dashboard.frame.session import Session

VOLUME_TYPES = ("block-storage", "volumev3")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line.  ``key`` names it in pages; ``services``: any of these types in the
    catalogue brings it; ``for_domain``: it is shown to who manages a domain, too."""

    key: str
    label: str
    path: str
    icon: str
    services: Collection[str] = ()
    for_admin: bool = False
    for_domain: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Lines under one heading."""

    label: str
    entries: tuple[Entry, ...]


_COMPUTE, _NETWORK = ("compute",), ("network",)
_GROUPS = (
    Group("", (Entry("overview", "Overview", "/", "gauge", for_domain=True),)),
    Group(
        "Compute",
        (
            Entry("servers", "Servers", "/servers", "server", _COMPUTE),
            Entry("images", "Images", "/images", "disc", ("image",)),
            Entry("keys", "Key pairs", "/keys", "key", _COMPUTE),
            Entry("server-groups", "Server groups", "/server-groups", "grid", _COMPUTE),
            Entry("alarms", "Alarms", "/alarms", "bell", ("alarming",)),
            Entry("stacks", "Stacks", "/stacks", "layers", ("orchestration",)),
        ),
    ),
    Group(
        "Storage",
        (
            Entry("volumes", "Volumes", "/volumes", "drive", VOLUME_TYPES),
            Entry("volume-groups", "Volume groups", "/volume-groups", "grid",
                  VOLUME_TYPES),
            Entry("snapshots", "Snapshots", "/snapshots", "camera", VOLUME_TYPES),
            Entry("backups", "Backups", "/backups", "archive", VOLUME_TYPES),
            Entry("objects", "Objects", "/objects", "bucket", ("object-store",)),
        ),
    ),
    Group(
        "Network",
        (
            Entry("networks", "Networks", "/networks", "network", _NETWORK),
            Entry("routers", "Routers", "/routers", "router", _NETWORK),
            Entry("addresses", "Floating addresses", "/addresses", "pin", _NETWORK),
            Entry("groups", "Security groups", "/groups", "shield", _NETWORK),
            Entry("trunks", "Trunks", "/trunks", "layers", _NETWORK),
            Entry("qos", "QoS policies", "/qos", "meter", _NETWORK),
            Entry("balancers", "Load balancers", "/balancers", "balance",
                  ("load-balancer",)),
        ),
    ),
    Group(
        "Security",
        (Entry("secrets", "Secrets", "/secrets", "lock", ("key-manager",)),),
    ),
    Group(
        "Cloud",
        (
            Entry("projects", "Projects", "/projects", "folder", (), True, True),
            Entry("people", "People", "/people", "people", (), True, True),
            Entry("flavors", "Flavors", "/flavors", "sliders", _COMPUTE, True),
            Entry("volume-types", "Volume types", "/volume-types", "drive",
                  VOLUME_TYPES, True),
            Entry("hosts", "Hosts", "/hosts", "host", _COMPUTE, True),
        ),
    ),
)  # fmt: skip


def menu_of(session: Session) -> list[Group]:
    """What this person sees; without a project only what needs none."""
    shown = []
    for group in _GROUPS:
        entries = tuple(each for each in group.entries if _is_open(each, session))
        if entries:
            shown.append(Group(group.label, entries))
    return shown


def _is_open(entry: Entry, session: Session) -> bool:
    if session.domain_id:
        return entry.for_domain
    if entry.for_admin and not session.is_admin:
        return False
    return not entry.services or bool(session.services.intersection(entry.services))
