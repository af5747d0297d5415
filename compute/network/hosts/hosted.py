"""What each host's agent serves: the networks whose addresses it hands out, the routers
that live there; and the other way round.

It is for looking only: hosts serve what their guests need, and nobody sends a network
or a router to a host by hand.
"""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.network import tables
from compute.network.frame.bodies import Body
from compute.network.frame.work import NetworkDatabase, Work
from compute.network.hosts.agents_api import find_agent, show_agent
from compute.network.hosts.reports import all_agents
from compute.network.links.networks import COLLECTION as NETWORKS
from compute.network.model import Network, Router
from compute.network.port_names import OWNER_DHCP
from compute.network.routing.routers import COLLECTION as ROUTERS
from objectstore.kernel.reply import Reply


class HostedApi:
    """The routes.  For administrators."""

    def __init__(self, database: NetworkDatabase) -> None:
        self._database = database

    def routes(self) -> list[Route]:
        """All four."""
        return [
            Route("GET", "/v2.0/agents/{id}/dhcp-networks", self.networks),
            Route("GET", "/v2.0/agents/{id}/l3-routers", self.routers),
            Route("GET", "/v2.0/networks/{id}/dhcp-agents", self.dhcp_agents),
            Route("GET", "/v2.0/routers/{id}/l3-agents", self.router_agents),
        ]

    def networks(self, call: ApiCall) -> Reply:
        """The networks whose addresses the agent hands out."""

        def work_on(work: Work) -> list[Body]:
            host = find_agent(work, call, "get_agent").host
            ports, networks = tables.ports, tables.networks
            served = sa.select(ports.c.network_id).where(
                ports.c.host == host, ports.c.device_owner == OWNER_DHCP
            )
            found = work.records(Network, networks, networks.c.id.in_(served))
            return NETWORKS.show(work, found)

        return json_reply(200, {"networks": self._database.read(call.context, work_on)})

    def routers(self, call: ApiCall) -> Reply:
        """The routers that live on the agent's host."""

        def work_on(work: Work) -> list[Body]:
            host = find_agent(work, call, "get_agent").host
            routers = tables.routers
            found = work.records(Router, routers, routers.c.host == host)
            return ROUTERS.show(work, found)

        return json_reply(200, {"routers": self._database.read(call.context, work_on)})

    def dhcp_agents(self, call: ApiCall) -> Reply:
        """The agents that hand out a network's addresses."""

        def work_on(work: Work) -> list[Body]:
            network = NETWORKS.find(work, call.parameters["id"])
            ports = tables.ports
            served = work.rows(
                sa.select(ports.c.host).where(
                    ports.c.network_id == network.id,
                    ports.c.device_owner == OWNER_DHCP,
                )
            )
            return _agents(work, {row["host"] for row in served})

        return json_reply(200, {"agents": self._database.read(call.context, work_on)})

    def router_agents(self, call: ApiCall) -> Reply:
        """The agent of the host that a router lives on."""

        def work_on(work: Work) -> list[Body]:
            router = ROUTERS.find(work, call.parameters["id"])
            return [
                {**agent, "ha_state": None} for agent in _agents(work, {router.host})
            ]

        return json_reply(200, {"agents": self._database.read(call.context, work_on)})


def _agents(work: Work, hosts: set[str]) -> list[Body]:
    if not work.policy.allows(work.context, "get_agent"):
        return []
    return [show_agent(work, each) for each in all_agents(work) if each.host in hosts]
