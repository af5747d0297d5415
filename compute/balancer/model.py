"""The room's records: frozen, one for each row; their words; and the state table.

A load balancer has listeners (ports that it serves) and pools (of members); a listener
has a default pool and L7 policies with rules, a pool has members and at most one health
monitor.  ``generation`` counts the changes of a balancer; what hosts and the network
have made true is compared with it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

# Provisioning: whether what is wanted is true already.
ACTIVE, ERROR = "ACTIVE", "ERROR"
PENDING_CREATE, PENDING_UPDATE = "PENDING_CREATE", "PENDING_UPDATE"
PENDING_DELETE = "PENDING_DELETE"
PENDING = (PENDING_CREATE, PENDING_UPDATE, PENDING_DELETE)

# Operating: how it fares.
ONLINE, OFFLINE, DEGRADED = "ONLINE", "OFFLINE", "DEGRADED"
DRAINING, NO_MONITOR = "DRAINING", "NO_MONITOR"

HTTP, HTTPS, TCP = "HTTP", "HTTPS", "TCP"
UDP, PROMETHEUS = "UDP", "PROMETHEUS"
TERMINATED_HTTPS = "TERMINATED_HTTPS"
# Listeners whose requests haproxy reads.
READING = (HTTP, TERMINATED_HTTPS)
PROXY, PROXYV2 = "PROXY", "PROXYV2"
UNLIMITED = -1

PING, UDP_CONNECT = "PING", "UDP-CONNECT"


class Deed(enum.Enum):
    """What may be done to a load balancer, or to something of it."""

    CHANGE = "change"
    DELETE = "delete"
    FAIL_OVER = "fail over"


# In which provisioning status each may be begun, and what follows.  Everything else is
# 409: the balancer is immutable while something is under way.
DEEDS: Mapping[Deed, tuple[frozenset[str], str]] = {
    Deed.CHANGE: (frozenset({ACTIVE}), PENDING_UPDATE),
    Deed.DELETE: (frozenset({ACTIVE, ERROR}), PENDING_DELETE),
    Deed.FAIL_OVER: (frozenset({ACTIVE, ERROR}), PENDING_UPDATE),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What everything that the API shows has.  ``updated_at`` 0: it is
    still being made."""

    id: str
    project_id: str
    name: str = ""
    description: str = ""
    admin_up: bool = True
    provisioning_status: str = PENDING_CREATE
    operating_status: str = OFFLINE
    created_at: float = 0.0
    updated_at: float = 0.0


T = TypeVar("T", bound=Thing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Balancer(Thing):
    """``additional_vips``: more addresses of the same port (``subnet_id``,
    ``ip_address``); ``vip_sg_ids``: groups that the port is in, in the place of its
    own; ``connections_max``: what its flavor lets each listener serve at once, 0: as
    much as there is; ``host``: where it lives; ``owns_port``: whether the port goes
    with it; ``applied``, ``opened``: the generation that its host, and its group of the
    network, have made true; ``pending_since``: since when it waits for them."""

    vip_address: str = ""
    vip_port_id: str = ""
    vip_subnet_id: str = ""
    vip_network_id: str = ""
    vip_qos_policy_id: str = ""
    additional_vips: Sequence[Mapping[str, str]] | None = None
    vip_sg_ids: Sequence[str] | None = None
    flavor_id: str = ""
    connections_max: int = 0
    owns_port: bool = True
    group_id: str = ""
    host: str = ""
    generation: int = 1
    applied: int = 0
    opened: int = 0
    pending_since: float = 0.0
    problem: str = ""

    @property
    def addresses(self) -> list[str]:
        """All that it is reached by, the VIP first."""
        return [
            self.vip_address,
            *(each["ip_address"] for each in self.additional_vips or ()),
        ]

    @property
    def groups(self) -> list[str]:
        """The security groups that its port is in."""
        return list(self.vip_sg_ids or [self.group_id])


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Thing):
    """Something of a load balancer."""

    balancer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener(Part):
    """A port that is served, over TCP or UDP (``transport``: one port may be two
    listeners).  Times are milliseconds.  ``tls``: by the API's names; empty: none."""

    protocol: str
    port: int
    transport: str = "tcp"
    connection_limit: int = UNLIMITED
    default_pool_id: str = ""
    insert_headers: Mapping[str, str]
    timeout_client_data: int
    timeout_member_connect: int
    timeout_member_data: int
    timeout_tcp_inspect: int
    allowed_cidrs: Sequence[str]
    tls: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool(Part):
    """Members, and how one is chosen.  ``persistence``: ``type``, ``cookie_name``,
    ``persistence_timeout``, ``persistence_granularity``; empty: none."""

    protocol: str
    algorithm: str
    persistence: Mapping[str, Any]
    tls_enabled: bool = False
    tls: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(Part):
    """A server.  ``monitor_port`` 0 and ``monitor_address`` "": where it serves."""

    pool_id: str
    address: str
    port: int
    weight: int = 1
    backup: bool = False
    subnet_id: str = ""
    monitor_address: str = ""
    monitor_port: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor(Part):
    """How members are probed.  ``delay`` and ``timeout`` are seconds."""

    pool_id: str
    type: str
    delay: int
    timeout: int
    max_retries: int
    max_retries_down: int
    http_method: str = ""
    url_path: str = ""
    expected_codes: str = ""
    http_version: str = ""
    domain_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(Part):
    """What becomes of requests that all of its rules match."""

    listener_id: str
    action: str
    position: int
    redirect_pool_id: str = ""
    redirect_url: str = ""
    redirect_prefix: str = ""
    redirect_http_code: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Part):
    """What of a request is compared, how, and with what."""

    policy_id: str
    type: str
    compare_type: str
    key: str = ""
    value: str = ""
    invert: bool = False


@dataclass(frozen=True, slots=True)
class Tree:
    """A load balancer with all that it has."""

    balancer: Balancer
    listeners: tuple[Listener, ...] = ()
    pools: tuple[Pool, ...] = ()
    members: tuple[Member, ...] = ()
    monitors: tuple[Monitor, ...] = ()
    policies: tuple[Policy, ...] = ()
    rules: tuple[Rule, ...] = ()

    def parts(self) -> Iterator[Part]:
        """Everything below the balancer."""
        yield from self.listeners
        yield from self.pools
        yield from self.members
        yield from self.monitors
        yield from self.policies
        yield from self.rules

    def members_of(self, pool_id: str) -> list[Member]:
        """A pool's members, in their order."""
        return [each for each in self.members if each.pool_id == pool_id]

    def monitor_of(self, pool_id: str) -> Monitor | None:
        """A pool's health monitor."""
        found = [each for each in self.monitors if each.pool_id == pool_id]
        return found[0] if found else None

    def policies_of(self, listener_id: str) -> list[Policy]:
        """A listener's policies by their positions."""
        found = [each for each in self.policies if each.listener_id == listener_id]
        return sorted(found, key=lambda each: (each.position, each.id))

    def rules_of(self, policy_id: str) -> list[Rule]:
        """A policy's rules."""
        return [each for each in self.rules if each.policy_id == policy_id]

    def pool(self, pool_id: str) -> Pool | None:
        """A pool by its id."""
        return next((each for each in self.pools if each.id == pool_id), None)

    def probing(self, pool_id: str) -> Monitor | None:
        """The pool's health monitor, if it is switched on."""
        monitor = self.monitor_of(pool_id)
        return monitor if monitor is not None and monitor.admin_up else None

    def pools_of(self, listener_id: str, default_pool_id: str) -> list[str]:
        """The pools that a listener leads to, the default one first."""
        named = [each.redirect_pool_id for each in self.policies_of(listener_id)]
        wanted = dict.fromkeys([default_pool_id, *named])
        return [each for each in wanted if self.pool(each) is not None]

    def pools_led_to(self) -> frozenset[str]:
        """The pools that some listener leads to."""
        return frozenset(
            pool_id
            for each in self.listeners
            for pool_id in self.pools_of(each.id, each.default_pool_id)
        )


def living(tree: Tree) -> Tree:
    """The tree without what is being deleted."""

    def kept(parts: tuple[T, ...]) -> tuple[T, ...]:
        return tuple(
            each for each in parts if each.provisioning_status != PENDING_DELETE
        )

    return Tree(
        tree.balancer,
        kept(tree.listeners),
        kept(tree.pools),
        kept(tree.members),
        kept(tree.monitors),
        kept(tree.policies),
        kept(tree.rules),
    )
