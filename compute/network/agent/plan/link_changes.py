"""What makes one device as it should be: the device, its inner end, its addresses, and
where a tunnel sends what.  Pure."""

from __future__ import annotations

from collections.abc import Iterator

from compute.network.agent import operations as do
from compute.network.agent.metadata_address import METADATA6_PREFIX
from compute.network.agent.model import (
    EVERYBODY,
    HOST,
    InnerLink,
    Link,
    LinkKind,
    Observed,
    SeenLink,
    SeenNamespace,
)

# The kernel gives these itself: they are nobody's to plan.
SELF_MADE_PREFIXES = ("fe80:", "127.", "::1/")


def link_changes(link: Link, observed: Observed) -> Iterator[do.Operation]:
    """Of a device of the host's own namespace."""
    seen = observed.host.links.get(link.name)
    inner = _inner_of(link, observed)
    is_broken = link.inner is not None and inner is None
    # What a tunnel is cannot be changed, only made anew.
    is_other = seen is not None and (seen.segment, seen.local, seen.through) != (
        link.segment,
        link.local,
        link.through,
    )
    if seen is not None and (not _is_kind(seen, link) or is_broken or is_other):
        yield do.RemoveLink(link.name)
        seen = inner = None
    if seen is None:
        yield do.AddLink(link.name, link)
        seen = SeenLink(link.name)
    elif _differs(link, seen):
        yield do.ChangeLink(link.name, link)
    yield from address_changes(
        link.name, HOST, link.name, link.addresses, seen.addresses
    )
    if link.inner is not None:
        yield from _inner(link, link.inner, inner)
    yield from _forwards(link, seen)


def _is_kind(seen: SeenLink, link: Link) -> bool:
    """A container has the outer end of a pair where others have a tap: whoever runs
    the guest has put it in the tap's place.  WireGuard outside of the kernel is a
    process behind a tun."""
    is_container = link.kind is LinkKind.TAP and seen.kind == LinkKind.VETH.value
    is_process = link.kind is LinkKind.WIREGUARD and seen.kind == LinkKind.TAP.value
    return is_container or is_process or seen.kind == link.kind.value


def _forwards(link: Link, seen: SeenLink) -> Iterator[do.Operation]:
    """The new way of an address first: one that has moved is never without."""
    moved = {forward.mac for forward in link.forwards - seen.forwards}
    order = sorted(seen.forwards - link.forwards, key=str)
    for forward in order:
        # Of one address there is one entry: adding replaces it.
        if forward.mac == EVERYBODY or forward.mac not in moved:
            yield do.RemoveForward(link.name, forward)
    for forward in sorted(link.forwards - seen.forwards, key=str):
        yield do.AddForward(link.name, forward)


def _inner_of(link: Link, observed: Observed) -> SeenLink | None:
    if link.inner is None:
        return None
    seen = observed.namespaces.get(link.inner_namespace, SeenNamespace())
    return seen.links.get(link.inner.name)


def _differs(link: Link, seen: SeenLink) -> bool:
    return (
        seen.mtu != link.mtu
        or seen.alias != link.alias
        or seen.is_up != link.is_up
        or seen.bridge != link.bridge
        or bool(link.mac and seen.mac != link.mac)
    )


def _inner(
    link: Link, inner: InnerLink, seen: SeenLink | None
) -> Iterator[do.Operation]:
    if seen is not None and (
        seen.mac != inner.mac
        or seen.mtu != inner.mtu
        or (inner.is_up and not seen.is_up)
    ):
        yield do.ChangeInner(link.name, link.inner_namespace, inner)
    before = seen.addresses if seen is not None else frozenset()
    yield from address_changes(
        link.name, link.inner_namespace, inner.name, inner.addresses, before
    )


def address_changes(
    concerns: str,
    namespace: str,
    device: str,
    wanted: frozenset[str],
    seen: frozenset[str],
) -> Iterator[do.Operation]:
    """Of any device: what it has too much goes before what it lacks comes."""
    theirs = {
        one
        for one in seen
        if one == METADATA6_PREFIX or not one.startswith(SELF_MADE_PREFIXES)
    }
    for address in sorted(theirs - wanted):
        yield do.RemoveAddress(concerns, namespace, device, address)
    for address in sorted(wanted - theirs):
        yield do.AddAddress(concerns, namespace, device, address)
