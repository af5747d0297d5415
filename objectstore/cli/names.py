"""Names as operators give them to tools, and where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import click

from objectstore.cli.outside import Outside, answer
from objectstore.proxy.known.databases import view_database
from objectstore.wire.paths import account_prefix, container_prefix, object_prefix
from ring.device import Device, bracketed

HANDOFFS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Named:
    """An account, a container or an object, and its place."""

    parts: tuple[str, ...]
    ring_name: str  # that of its ring's file
    policy: int
    key: bytes
    partition: int
    primaries: tuple[Device, ...]
    handoffs: tuple[Device, ...]
    scheme: str  # what nodes speak: http or https

    @property
    def path(self) -> str:
        """The name as it stands in a URL."""
        return "/" + "/".join(self.parts)

    def url(self, device: Device) -> str:
        """The node's address for this name."""
        if len(self.parts) == 1:
            prefix, verb = account_prefix(device.device), ""
        elif len(self.parts) == 2:
            prefix, verb = container_prefix(device.device), ""
        else:
            prefix, verb = object_prefix(self.policy, device.device), "/state"
        server = f"{bracketed(device.ip)}:{device.port}"
        return f"{self.scheme}://{server}{prefix}{self.key.hex()}{verb}"


def split_name(words: tuple[str, ...]) -> tuple[str, ...]:
    """``ACCOUNT CONTAINER OBJECT`` or ``/ACCOUNT/CONTAINER/OBJECT``."""
    if len(words) == 1:
        path = words[0].removeprefix("/").removeprefix("v1/")
        words = tuple(path.split("/", 2))
    if not 1 <= len(words) <= 3 or not all(words):
        raise click.UsageError("give an account, a container, or an object")
    return words


def locate(
    outside: Outside,
    parts: tuple[str, ...],
    policy: int | None = None,
    handoffs: int = HANDOFFS_SHOWN,
) -> Named:
    """Where a name lies.  An object's policy is its container's, unless given."""
    placement, rings = outside.placement, outside.rings
    number = 0
    if len(parts) == 1:
        name, ring = "account", rings.account
        key, _ = placement.account(parts[0])
    elif len(parts) == 2:
        name, ring = "container", rings.container
        key, _ = placement.container(*parts)
    else:
        number = policy_of(outside, parts) if policy is None else policy
        known = outside.settings.policies.by_index(number)
        if known is None:
            raise click.UsageError(f"there is no storage policy {number}")
        name, ring = known.ring_name, rings.objects[number]
        key, _ = placement.object(parts[0], parts[1], parts[2], number)
    partition = ring.partition(key)
    further = tuple(islice(ring.handoffs(partition), handoffs))
    primaries = ring.primaries(partition)
    scheme = "https" if outside.settings.tls.authority else "http"
    return Named(parts, name, number, key, partition, primaries, further, scheme)


def policy_of(outside: Outside, parts: tuple[str, ...]) -> int:
    """The policy of an object's container; the default when nobody knows it."""
    key, group = outside.placement.container(parts[0], parts[1])
    view, _ = answer(lambda: view_database(outside.store.parts.rounds, group, key))
    if view is None or view.info is None:
        return outside.settings.policies.default.index
    return int(view.info.policy)
