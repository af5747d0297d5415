"""What should be on the host, and what is: the two records that a plan compares.

``Desired`` follows from the view alone (``desired``); ``Observed`` is read from the
kernel, files and processes (``host``).  Both are values, so planning is a pure
function of the two.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from compute.network.agent.rules.flows import PortFlows
from compute.network.agent.vlans.turns import VlanTurn

HOST = ""
"""The name of the namespace that the agent itself is in."""

# The one that IANA has given to VXLAN.
TUNNEL_PORT = 4789


class LinkKind(enum.Enum):
    """What a device of ours is to the kernel."""

    BRIDGE = "bridge"
    TAP = "tun"
    VETH = "veth"
    TUNNEL = "vxlan"
    SPEED = "ifb"
    WIREGUARD = "wireguard"


@dataclass(frozen=True, slots=True)
class Forward:
    """Frames to ``mac`` leave for the host at ``address``; those to ``EVERYBODY`` (and
    to whoever is unknown) leave for all that have such an entry."""

    mac: str
    address: str


EVERYBODY = "00:00:00:00:00:00"


@dataclass(frozen=True, slots=True)
class InnerLink:
    """The end of a veth that is inside a service's namespace."""

    name: str
    mac: str
    mtu: int
    addresses: frozenset[str] = frozenset()  # with prefix length
    # Of a trunk's: no, a program sets it up that stands there then.
    is_up: bool = True


@dataclass(frozen=True, slots=True)
class Link:
    """A device in the host's namespace.  ``inner`` and ``inner_namespace`` only for a
    veth; ``mac`` only for a bridge; ``bridge``: whose port it is; ``segment``,
    ``local``, ``through`` and ``forwards`` only for tunnels."""

    name: str
    kind: LinkKind
    alias: str
    mtu: int
    is_up: bool = True
    bridge: str = ""
    mac: str = ""
    addresses: frozenset[str] = frozenset()
    inner: InnerLink | None = None
    inner_namespace: str = ""
    segment: int = 0
    local: str = ""  # the address of this host where they end
    through: str = ""  # the one device that they may leave by; "": as routes lead
    forwards: frozenset[Forward] = frozenset()


@dataclass(frozen=True, slots=True)
class Peer:
    """Another host as WireGuard knows it: its public key, where it is to be found
    (address and port), and the one address that it speaks with inside."""

    key: str
    endpoint: str
    inside: str


@dataclass(frozen=True, slots=True)
class WireGuard:
    """What a device encrypts: our public key, the UDP port, and with whom."""

    key: str = ""
    port: int = 0
    peers: frozenset[Peer] = frozenset()


@dataclass(frozen=True, slots=True)
class Route:
    """To ``destination`` (a prefix) by way of ``nexthop``."""

    destination: str
    nexthop: str


@dataclass(frozen=True, slots=True)
class Namespace:
    """A network namespace: its devices come with the veths that lead into it."""

    name: str
    loopback: frozenset[str] = frozenset()  # extra addresses of ``lo``
    routes: frozenset[Route] = frozenset()
    sysctls: tuple[tuple[str, str], ...] = ()
    rules: str = ""
    # What traffic is translated to, so that changes can end the flows of the old.
    floating: Mapping[str, str] = field(default_factory=dict)
    forwarded: Mapping[str, str] = field(default_factory=dict)  # see ``forwarding``


@dataclass(frozen=True, slots=True)
class Dnsmasq:
    """A dnsmasq in the namespace of the same name: what its files say.

    A change of ``config`` needs a new process; the others are read again on SIGHUP.
    """

    namespace: str
    config: str
    hosts: str = ""
    options: str = ""
    names: str = ""

    @property
    def digest(self) -> str:
        """Names the configuration; the file that holds it is called so, thus a running
        process tells by its command line what it was started with."""
        return hashlib.sha256(self.config.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Listener:
    """The metadata service's socket in a namespace: who asks from which prefix is on
    which network."""

    namespace: str
    networks: tuple[tuple[str, str], ...]  # (prefix, network id)
    device: str = ""  # which has the address of the link for IPv6; "": none


@dataclass(frozen=True, slots=True)
class Shaping:
    """How fast a device is: ``text`` for tc.  Of what leaves by it, with ``handle`` for
    a name; or (``through`` another device) of what arrives by it."""

    concerns: str
    namespace: str
    device: str
    text: str
    handle: int = 0
    through: str = ""

    @property
    def is_arriving(self) -> bool:
        """Which side of the device."""
        return bool(self.through)

    @property
    def name(self) -> str:
        """Its own among all of the host."""
        return f"{self.namespace}/{self.device}/{'in' if self.is_arriving else 'out'}"


@dataclass(frozen=True, slots=True)
class Desired:
    """All of it, in the order of names."""

    links: Mapping[str, Link] = field(default_factory=dict)
    uplinks: Mapping[str, str] = field(default_factory=dict)  # interface -> bridge
    namespaces: Mapping[str, Namespace] = field(default_factory=dict)
    processes: Mapping[str, Dnsmasq] = field(default_factory=dict)
    listeners: Mapping[str, Listener] = field(default_factory=dict)
    rules: str = ""
    sysctls: tuple[tuple[str, str], ...] = ()
    flows: Mapping[str, PortFlows] = field(default_factory=dict)
    shapings: Mapping[str, Shaping] = field(default_factory=dict)
    wireguards: Mapping[str, WireGuard] = field(default_factory=dict)  # by device
    turns: Mapping[str, VlanTurn] = field(default_factory=dict)  # by device


@dataclass(frozen=True, slots=True)
class SeenLink:
    """A device as the kernel shows it."""

    name: str
    index: int = 0
    kind: str = ""
    alias: str = ""
    mtu: int = 0
    is_up: bool = False
    bridge: str = ""
    mac: str = ""
    addresses: frozenset[str] = frozenset()
    segment: int = 0
    local: str = ""
    through: str = ""
    forwards: frozenset[Forward] = frozenset()


@dataclass(frozen=True, slots=True)
class SeenRules:
    """The rules that are loaded in a namespace.

    The kernel gives rules back in words of its own, so they cannot be compared with
    what was asked for.  Instead the loader remembers what text it loaded and what the
    kernel showed right after; ``text`` is that text while the kernel still shows the
    same, and None when it does not, or when nobody remembers (a new agent).

    ``strange``: tables under our name that no agent makes there ("ip ringstack").
    """

    exists: bool = False
    text: str | None = None
    strange: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SeenNamespace:
    """A network namespace as it is."""

    links: Mapping[str, SeenLink] = field(default_factory=dict)
    routes: frozenset[Route] = frozenset()
    sysctls: Mapping[str, str] = field(default_factory=dict)
    rules: SeenRules = SeenRules()
    floating: Mapping[str, str] = field(default_factory=dict)
    forwarded: Mapping[str, str] = field(default_factory=dict)
    # Device and side (see ``Shaping.is_arriving``) -> its text.
    shapings: Mapping[tuple[str, bool], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SeenProcess:
    """A dnsmasq of ours: ``digest`` tells its configuration; ``is_at_home``: its
    namespace is still the one of that name; ``files`` is what it has last read, None
    when unknown."""

    process: int
    digest: str
    is_at_home: bool
    files: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything that could be ours.  ``namespaces`` has the host's own under ""."""

    namespaces: Mapping[str, SeenNamespace] = field(default_factory=dict)
    processes: Mapping[str, SeenProcess] = field(default_factory=dict)
    strays: frozenset[int] = frozenset()  # processes of ours that are one too many
    directories: frozenset[str] = frozenset()  # of dnsmasq's files, by namespace
    listeners: Mapping[str, Listener] = field(default_factory=dict)
    flows: Mapping[str, PortFlows] = field(default_factory=dict)
    wireguards: Mapping[str, WireGuard] = field(default_factory=dict)
    turns: Mapping[str, str] = field(default_factory=dict)  # device -> program's name

    @property
    def host(self) -> SeenNamespace:
        """The agent's own namespace."""
        return self.namespaces.get(HOST, SeenNamespace())
