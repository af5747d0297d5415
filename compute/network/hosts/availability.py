"""Availability zones of the network, and how many addresses its networks have left."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.network import tables
from compute.network.errors import not_found
from compute.network.frame.bodies import Body
from compute.network.frame.short_lists import short_list
from compute.network.frame.work import NetworkDatabase, Work
from compute.network.links import networks
from compute.network.links.networks import AVAILABILITY_ZONE
from compute.network.links.prefixes import ranges_of
from compute.network.model import Network, Subnet
from objectstore.kernel.reply import Reply

PROVIDER = ("service_type", "name", "default")
AVAILABILITY = ("network_id", "network_name", "tenant_id", "project_id")


class AvailabilityApi:
    """The routes of zones and of addresses left."""

    def __init__(self, database: NetworkDatabase) -> None:
        self._database = database

    def routes(self) -> list[Route]:
        """All of them."""
        path = "/v2.0/network-ip-availabilities"
        return [
            Route("GET", "/v2.0/availability_zones", self.zones),
            Route("GET", "/v2.0/service-providers", self.providers),
            Route("GET", path, self.list),
            Route("GET", path + "/{id}", self.show),
        ]

    def zones(self, call: ApiCall) -> Reply:
        """One zone, for networks and for routers."""
        zones = [
            {"name": AVAILABILITY_ZONE, "resource": resource, "state": "available"}
            for resource in ("network", "router")
        ]
        return short_list(
            call,
            "availability_zones",
            zones,
            ("name", "resource", "state"),
            identifier="resource",
        )

    def providers(self, call: ApiCall) -> Reply:
        """None: no service has more than one.  ``project cleanup`` asks for those of
        VPNs before it looks at anything else."""
        return short_list(call, "service_providers", [], PROVIDER, identifier="name")

    def list(self, call: ApiCall) -> Reply:
        """Every network's addresses.  For administrators."""
        # This one is of the subnets, and not of the network that is listed.
        version = call.query.all("ip_version")

        def work_on(work: Work) -> list[Body]:
            if not work.policy.allows(work.context, "get_network_ip_availability"):
                return []
            found = work.records(Network, tables.networks)
            return [_shown(work, network, version) for network in found]

        found = self._database.read(call.context, work_on)
        return short_list(
            call,
            "network_ip_availabilities",
            found,
            AVAILABILITY,
            identifier="network_id",
            passed=("ip_version",),
        )

    def show(self, call: ApiCall) -> Reply:
        """One network's addresses."""

        def work_on(work: Work) -> Body:
            identifier = call.parameters["id"]
            if not work.policy.allows(work.context, "get_network_ip_availability"):
                raise not_found("NetworkNotFound", "Network", identifier)
            return _shown(work, networks.COLLECTION.find(work, identifier), [])

        found = self._database.read(call.context, work_on)
        return json_reply(200, {"network_ip_availability": found})


def _shown(work: Work, network: Network, versions: list[str]) -> Body:
    subnets = [
        subnet
        for subnet in networks.subnets_of(work, [network.id])
        if not versions or str(subnet.version) in versions
    ]
    used = {subnet.id: _used(work, subnet) for subnet in subnets}
    total = {subnet.id: _total(subnet.pools) for subnet in subnets}
    return {
        "network_id": network.id,
        "network_name": network.name,
        "project_id": network.project_id,
        "tenant_id": network.project_id,
        "total_ips": sum(total.values()),
        "used_ips": sum(used.values()),
        "subnet_ip_availability": [
            {
                "subnet_id": subnet.id,
                "subnet_name": subnet.name,
                "cidr": subnet.cidr,
                "ip_version": subnet.version,
                "total_ips": total[subnet.id],
                "used_ips": used[subnet.id],
            }
            for subnet in subnets
        ],
    }


def _total(pools: Iterable[object]) -> int:
    ranges = ranges_of([pool for pool in pools if isinstance(pool, dict)])
    return sum(each.last - each.first + 1 for each in ranges)


def _used(work: Work, subnet: Subnet) -> int:
    addresses = tables.addresses
    count = sa.select(sa.func.count()).where(addresses.c.subnet_id == subnet.id)
    return int(work.connection.execute(count).scalar_one())
