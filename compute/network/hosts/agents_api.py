"""Agents over HTTP: which hosts' agents there are, and which are alive."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.api.schema import Schema
from compute.core.errors import Forbidden
from compute.core.instants import iso_micro
from compute.network import tables
from compute.network.errors import conflict, not_found
from compute.network.frame.bodies import Body
from compute.network.frame.fields import BOOLEAN, TEXT_OR_NULL
from compute.network.frame.short_lists import short_list
from compute.network.frame.work import NetworkDatabase, Work
from compute.network.hosts.reports import all_agents
from compute.network.links.dhcp_ports import keep_dhcp_ports_of_host
from compute.network.links.networks import AVAILABILITY_ZONE
from compute.network.model import Agent
from compute.network.routing.placement import place_homeless
from objectstore.kernel.reply import Reply

AGENT_TYPE = "Linux bridge agent"
BINARY = "compute-network-agent"
ATTRIBUTES = (
    "id",
    "host",
    "agent_type",
    "binary",
    "topic",
    "availability_zone",
    "admin_state_up",
    "alive",
    "description",
)
UPDATE = Schema(
    {
        "type": "object",
        "properties": {
            "agent": {
                "type": "object",
                "properties": {
                    "admin_state_up": BOOLEAN,
                    "description": TEXT_OR_NULL,
                },
                "additionalProperties": False,
            }
        },
        "required": ["agent"],
    }
)


class AgentApi:
    """The routes of agents.  For administrators."""

    def __init__(self, database: NetworkDatabase) -> None:
        self._database = database

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route("GET", "/v2.0/agents", self.list),
            Route("GET", "/v2.0/agents/{id}", self.show),
            Route("PUT", "/v2.0/agents/{id}", self.update),
            Route("DELETE", "/v2.0/agents/{id}", self.delete),
        ]

    def list(self, call: ApiCall) -> Reply:
        """The agents that the filters let pass (there is one a host)."""

        def work_on(work: Work) -> list[Body]:
            if not work.policy.allows(work.context, "get_agent"):
                return []
            return [show_agent(work, agent) for agent in all_agents(work)]

        found = self._database.read(call.context, work_on)
        return short_list(call, "agents", found, ATTRIBUTES, order=("host",))

    def show(self, call: ApiCall) -> Reply:
        """One agent."""

        def work_on(work: Work) -> Body:
            return show_agent(work, find_agent(work, call, "get_agent"))

        return json_reply(200, {"agent": self._database.read(call.context, work_on)})

    def update(self, call: ApiCall) -> Reply:
        """``admin_state_up`` false: no router comes to this host."""
        body = call.json(UPDATE)["agent"]

        def work_on(work: Work) -> Body:
            agent = find_agent(work, call, "update_agent")
            values: dict[str, Any] = {}
            if "admin_state_up" in body:
                values["admin_up"] = body["admin_state_up"]
            if "description" in body:
                values["description"] = body["description"] or ""
            if values:
                agents = tables.agents
                work.connection.execute(
                    agents.update().where(agents.c.id == agent.id).values(**values)
                )
                place_homeless(work)
            return show_agent(work, find_agent(work, call, "get_agent"))

        return json_reply(200, {"agent": self._database.write(call.context, work_on)})

    def delete(self, call: ApiCall) -> Reply:
        """Forget an agent that is gone; 409 while it lives."""

        def work_on(work: Work) -> None:
            agent = find_agent(work, call, "update_agent")
            if _is_alive(work, agent):
                raise conflict("AgentInUse", f"Agent {agent.id} is alive.")
            agents = tables.agents
            work.connection.execute(agents.delete().where(agents.c.id == agent.id))
            keep_dhcp_ports_of_host(work, agent.host)

        self._database.write(call.context, work_on)
        return empty_reply(204)


def find_agent(work: Work, call: ApiCall, rule: str) -> Agent:
    """The agent of the path, for whom the rule allows.  ``NotFound``, ``Forbidden``."""
    identifier = call.parameters["id"]
    if not work.policy.allows(work.context, rule):
        if work.policy.allows(work.context, "get_agent"):
            raise Forbidden(f"({rule}) is disallowed by policy")
        raise not_found("AgentNotFound", "Agent", identifier)
    for agent in all_agents(work):
        if agent.id == identifier:
            return agent
    raise not_found("AgentNotFound", "Agent", identifier)


def _is_alive(work: Work, agent: Agent) -> bool:
    return agent.heartbeat_at >= work.now - work.settings.agent_down_seconds


def show_agent(work: Work, agent: Agent) -> Body:
    """An agent as the API shows it."""
    return {
        "id": agent.id,
        "agent_type": AGENT_TYPE,
        "binary": BINARY,
        "topic": "network",
        "host": agent.host,
        "availability_zone": AVAILABILITY_ZONE,
        "admin_state_up": agent.admin_up,
        "alive": _is_alive(work, agent),
        "created_at": iso_micro(agent.created_at)[:19].replace("T", " "),
        "started_at": iso_micro(agent.started_at)[:19].replace("T", " "),
        "heartbeat_timestamp": iso_micro(agent.heartbeat_at)[:19].replace("T", " "),
        "description": agent.description or None,
        "configurations": {"revision": agent.revision, "problem": agent.problem},
        "resource_versions": {},
    }
