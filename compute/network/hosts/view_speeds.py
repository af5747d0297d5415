"""How fast the addresses outside of a host's routers may be: for its view."""

from __future__ import annotations

from collections.abc import Sequence

from compute.network import tables, view
from compute.network.frame.work import Work
from compute.network.links.addressing import addresses_of
from compute.network.model import FloatingIp, Router
from compute.network.qos.qualities import qualities
from compute.network.qos.users import policies_of_floating_ips


def floating_qualities(
    work: Work, routers: Sequence[Router]
) -> tuple[view.FloatingQuality, ...]:
    """Of floating IPs, and of gateways: what leaves in their routers' own names."""
    table = tables.floating_ips
    floating = work.records(
        FloatingIp, table, table.c.router_id.in_([router.id for router in routers])
    )
    policies = policies_of_floating_ips(work, floating)
    found = [
        (each.router_id, each.address, policies[each.id])
        for each in floating
        if policies[each.id]
    ]
    limited = {
        router.gateway_port_id: router for router in routers if router.qos_policy_id
    }
    for port_id, held in addresses_of(work, list(limited)).items():
        router = limited[port_id]
        found += [
            (router.id, each.address, router.qos_policy_id)
            for each in held
            if ":" not in each.address
        ]
    wanted = qualities(work, [policy for _, _, policy in found])
    return tuple(
        view.FloatingQuality(router_id, address, wanted[policy])
        for router_id, address, policy in found
    )
