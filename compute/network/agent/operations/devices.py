"""Operations on namespaces and what is in them: devices, addresses, routes."""

from __future__ import annotations

from dataclasses import dataclass

from compute.network.agent.model import Forward, InnerLink, Link, Route, WireGuard


@dataclass(frozen=True, slots=True)
class AddNamespace:
    """Make a namespace, its loopback up."""

    concerns: str


@dataclass(frozen=True, slots=True)
class RemoveNamespace:
    """Remove a namespace; what is in it goes with it."""

    concerns: str


@dataclass(frozen=True, slots=True)
class SetSysctl:
    """Write a kernel setting of a namespace; ``key`` has slashes."""

    concerns: str
    namespace: str
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class AddLink:
    """Make a device (a veth with its inner end) and set it up."""

    concerns: str
    link: Link


@dataclass(frozen=True, slots=True)
class ChangeLink:
    """Give a device of the host's namespace mtu, alias, bridge and state."""

    concerns: str
    link: Link


@dataclass(frozen=True, slots=True)
class ChangeInner:
    """Give the inner end of a veth address and mtu, and set it up."""

    concerns: str
    namespace: str
    inner: InnerLink


@dataclass(frozen=True, slots=True)
class RemoveLink:
    """Remove a device of the host's namespace (of a veth: both ends)."""

    concerns: str


@dataclass(frozen=True, slots=True)
class AttachUplink:
    """Make an interface of the host a port of a bridge ("": of none)."""

    concerns: str
    bridge: str


@dataclass(frozen=True, slots=True)
class AddAddress:
    """Give a device an address (with prefix length) and tell the neighbours."""

    concerns: str
    namespace: str
    device: str
    address: str


@dataclass(frozen=True, slots=True)
class RemoveAddress:
    """Take an address from a device."""

    concerns: str
    namespace: str
    device: str
    address: str


@dataclass(frozen=True, slots=True)
class AddForward:
    """Let tunnels take frames to an address to the host where it is."""

    concerns: str
    forward: Forward


@dataclass(frozen=True, slots=True)
class RemoveForward:
    """Take that back."""

    concerns: str
    forward: Forward


@dataclass(frozen=True, slots=True)
class AddRoute:
    """Add a route, or put it in the place of another to the same destination."""

    concerns: str
    namespace: str
    route: Route


@dataclass(frozen=True, slots=True)
class RemoveRoute:
    """Remove a route."""

    concerns: str
    namespace: str
    route: Route


@dataclass(frozen=True, slots=True)
class SetPeers:
    """Tell a WireGuard device our key and all with whom it speaks."""

    concerns: str
    wireguard: WireGuard
