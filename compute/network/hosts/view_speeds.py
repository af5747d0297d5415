"""How fast the addresses outside of a host's routers may be: for its view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from compute.network import view
from compute.network.frame.work import Work
from compute.network.links.addressing import addresses_of
from compute.network.model import FloatingIp, Router
from compute.network.qos.qualities import qualities
from compute.network.qos.users import policies_of_floating_ips


class Limit(NamedTuple):
    """What leaves a router by an address is as fast as a policy says."""

    router_id: str
    address: str
    policy_id: str


def limits_outside(
    work: Work, routers: Sequence[Router], floating: Sequence[FloatingIp]
) -> list[Limit]:
    """Of floating IPs, and of gateways: what leaves in their routers' own names."""
    policies = policies_of_floating_ips(work, floating)
    found = [
        Limit(each.router_id, each.address, policies[each.id])
        for each in floating
        if policies[each.id]
    ]
    limited = {
        router.gateway_port_id: router for router in routers if router.qos_policy_id
    }
    for port_id, held in addresses_of(work, list(limited)).items():
        router = limited[port_id]
        found += [
            Limit(router.id, each.address, router.qos_policy_id)
            for each in held
            if ":" not in each.address
        ]
    return found


def floating_qualities(
    work: Work, limits: Sequence[Limit]
) -> tuple[view.FloatingQuality, ...]:
    """What these come to."""
    wanted = qualities(work, [each.policy_id for each in limits])
    return tuple(
        view.FloatingQuality(each.router_id, each.address, wanted[each.policy_id])
        for each in limits
    )
