"""``OS::Neutron::RouterGateway`` and ``OS::Neutron::ExtraRouteSet``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.frame.resource_type import (
    DEPRECATED,
    Change,
    Definition,
    ResourceType,
    Support,
)
from compute.orchestration.frame.work import Cloud, Work
from compute.orchestration.resources.frame.finding import NETWORK, find
from compute.orchestration.resources.frame.schemas import (
    items,
    text,
)
from compute.orchestration.resources.frame.things import wait_while_held
from compute.orchestration.resources.neutron.network_thing import (
    of_type,
    one_way,
    value_of,
)
from objectstore.kernel.errors import Rejected

GATEWAY = "external_gateway_info"
SUBNET, INTERFACE = "OS::Neutron::Subnet", "OS::Neutron::RouterInterface"


class RouterGateway(ResourceType):
    """A router's way outside, as a resource of its own."""

    name = "OS::Neutron::RouterGateway"
    description = "Leads a router outside."
    support = Support(DEPRECATED, message="Use external_gateway_info of the router.")
    properties = {
        "router_id": text("The router", required=True, is_a="neutron.router"),
        "network": text("An external network", is_a="neutron.network"),
        "network_id": text("The older name of network", is_a="neutron.network"),
    }

    def validate(self, properties: Mapping[str, Any]) -> None:
        """A network is needed."""
        if not one_way(properties, "network", "network_id"):
            raise Invalid("Property network not assigned")

    def dependencies(
        self, mine: Definition, others: Mapping[str, Definition]
    ) -> Iterable[str]:
        """The router's interfaces, and subnets of the network outside."""
        outside = value_of(mine, "network", "network_id")
        for name in of_type(mine, others, SUBNET, INTERFACE):
            other = others[name]
            router = value_of(other, "router", "router_id")
            network = value_of(other, "network", "network_id")
            if other.type == SUBNET and network == outside:
                yield name
            if other.type == INTERFACE and router == value_of(mine, "router_id"):
                yield name

    def create(self, work: Work) -> None:
        """The same when it is done twice."""
        given = work.properties["network"] or work.properties["network_id"]
        router = find(work.cloud, "neutron.router", work.properties["router_id"])
        network = find(work.cloud, "neutron.network", given)

        def lead() -> str:
            _set_gateway(work.cloud, router, {"network_id": network})
            return f"{router}:{network}"

        work.made(lead)

    def delete(self, work: Work) -> None:
        """The router leads nowhere."""
        router, _, _ = work.physical_id.partition(":")
        if router and work.cloud.find(NETWORK, "routers", router) is not None:
            try:
                _set_gateway(work.cloud, router, None)
            except Rejected as refusal:
                wait_while_held(work, refusal)


def _set_gateway(cloud: Cloud, router: str, gateway: Any) -> None:
    body = {"router": {GATEWAY: gateway}}
    cloud.put(NETWORK, "routers", router, body=body)


class ExtraRouteSet(ResourceType):
    """Routes of a router, which nobody else may have set."""

    name = "OS::Neutron::ExtraRouteSet"
    description = "Routes of a router besides those of its networks."
    properties = {
        "router": text("The router", required=True, is_a="neutron.router"),
        "routes": items(
            "The routes",
            {
                "destination": text("Where to, as a prefix", required=True),
                "nexthop": text("By which address", required=True),
            },
            [],
            live=True,
        ),
    }

    def dependencies(
        self, mine: Definition, others: Mapping[str, Definition]
    ) -> Iterable[str]:
        """The interfaces by which the routes lead."""
        return [
            name
            for name in of_type(mine, others, INTERFACE)
            if value_of(others[name], "router", "router_id") == value_of(mine, "router")
        ]

    def create(self, work: Work) -> None:
        """Add them; those that are there stay."""
        router = find(work.cloud, "neutron.router", work.properties["router"])

        def add() -> str:
            _routes(work.cloud, router, "add_extraroutes", work.properties["routes"])
            return f"{router}:{work.marker}"

        work.made(add)

    def update(self, work: Work, change: Change) -> None:
        """Those that are no longer wanted go, the new ones come."""
        router, _, _ = work.physical_id.partition(":")
        before, after = change.before["routes"] or [], change.after["routes"] or []
        gone = [each for each in before if each not in after]
        _routes(work.cloud, router, "remove_extraroutes", gone)
        _routes(work.cloud, router, "add_extraroutes", after)

    def delete(self, work: Work) -> None:
        """Take them away, when the router is there."""
        router, _, _ = work.physical_id.partition(":")
        if router and work.cloud.find(NETWORK, "routers", router) is not None:
            routes = work.properties["routes"]
            _routes(work.cloud, router, "remove_extraroutes", routes)


def _routes(cloud: Cloud, router: str, verb: str, routes: list[dict[str, str]]) -> None:
    if routes:
        body = {"router": {"routes": routes}}
        cloud.put(NETWORK, "routers", router, verb, body=body)


TYPES = (RouterGateway(), ExtraRouteSet())
