"""What a plan is made of: the changes that an agent can make to its host.

Each is safe to repeat.  ``concerns`` names the thing that is not as it should be until
the operation is done (a device, a namespace, ``RULES``): ports whose things have
none outstanding are wired up.
"""

from __future__ import annotations

from dataclasses import dataclass

from compute.network.agent.model import (
    Dnsmasq,
    Forward,
    InnerLink,
    Link,
    Listener,
    Route,
    Shaping,
    WireGuard,
)
from compute.network.agent.vlan_turns import VlanTurn

RULES = "rules"
"""What an operation on the host's rules concerns: every port."""


@dataclass(frozen=True, slots=True)
class LoadRules:
    """Put a table in the place of the one that is loaded."""

    concerns: str
    namespace: str
    text: str


@dataclass(frozen=True, slots=True)
class DropRules:
    """Take our tables out of the host's namespace."""

    concerns: str


@dataclass(frozen=True, slots=True)
class DropTable:
    """Take a table ("ip ringstack") that is not one of ours out of a namespace,
    though it has our name."""

    concerns: str
    namespace: str


@dataclass(frozen=True, slots=True)
class SetSysctl:
    """Write a kernel setting of a namespace; ``key`` has slashes."""

    concerns: str
    namespace: str
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class AddNamespace:
    """Make a namespace, its loopback up."""

    concerns: str


@dataclass(frozen=True, slots=True)
class RemoveNamespace:
    """Remove a namespace; what is in it goes with it."""

    concerns: str


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
class StartDnsmasq:
    """Write the files and start a dnsmasq in its namespace."""

    concerns: str
    dnsmasq: Dnsmasq


@dataclass(frozen=True, slots=True)
class ReloadDnsmasq:
    """Write the files of ports and let the running dnsmasq read them."""

    concerns: str
    dnsmasq: Dnsmasq
    process: int


@dataclass(frozen=True, slots=True)
class StopProcess:
    """End a process of ours."""

    concerns: str
    process: int


@dataclass(frozen=True, slots=True)
class RemoveFiles:
    """Remove the directory of a dnsmasq that is no more."""

    concerns: str


@dataclass(frozen=True, slots=True)
class OpenListener:
    """Serve metadata in a namespace; one that is open there is replaced."""

    concerns: str
    listener: Listener


@dataclass(frozen=True, slots=True)
class CloseListener:
    """Serve no metadata in a namespace any more."""

    concerns: str


@dataclass(frozen=True, slots=True)
class JudgeFlows:
    """End the flows of a port that its rules do not let live (``flows.py``)."""

    concerns: str
    port_id: str


@dataclass(frozen=True, slots=True)
class EndTranslations:
    """End a router's flows that go by way of a floating address or to the guest that
    had it."""

    concerns: str
    namespace: str
    address: str
    fixed_address: str


@dataclass(frozen=True, slots=True)
class EndForwarded:
    """End a router's flows to one port of a floating address (``forwarding``'s key)."""

    concerns: str
    namespace: str
    key: str


@dataclass(frozen=True, slots=True)
class ShapeDevice:
    """Let a device be as slow as that."""

    concerns: str
    shaping: Shaping


@dataclass(frozen=True, slots=True)
class SetPeers:
    """Tell a WireGuard device our key and all with whom it speaks."""

    concerns: str
    wireguard: WireGuard


@dataclass(frozen=True, slots=True)
class UnshapeDevice:
    """Let a device go as fast as it will."""

    concerns: str
    namespace: str
    device: str
    is_arriving: bool


@dataclass(frozen=True, slots=True)
class TurnFrames:
    """Let the frames that arrive by a device take that turn."""

    concerns: str
    turn: VlanTurn


@dataclass(frozen=True, slots=True)
class LeaveFrames:
    """Let them go on as they would."""

    concerns: str


Operation = (
    LoadRules
    | DropRules
    | DropTable
    | SetSysctl
    | AddNamespace
    | RemoveNamespace
    | AddLink
    | ChangeLink
    | ChangeInner
    | RemoveLink
    | AttachUplink
    | AddAddress
    | RemoveAddress
    | AddForward
    | RemoveForward
    | AddRoute
    | RemoveRoute
    | StartDnsmasq
    | ReloadDnsmasq
    | StopProcess
    | RemoveFiles
    | OpenListener
    | CloseListener
    | JudgeFlows
    | EndTranslations
    | EndForwarded
    | ShapeDevice
    | UnshapeDevice
    | SetPeers
    | TurnFrames
    | LeaveFrames
)
