"""``OS::Neutron::Router``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compute.orchestration.frame.resource_type import (
    Definition,
)
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.finding import resolved
from compute.orchestration.resources.frame.schemas import (
    a_flag,
    a_list,
    a_map,
    attributes,
    flag,
    items,
    mapping,
    text,
    texts,
)
from compute.orchestration.resources.frame.things import without_none
from compute.orchestration.resources.neutron.network_thing import (
    TAG_LIST,
    VALUE_SPECS,
    NetworkThing,
    named,
    of_type,
    value_of,
)

GATEWAY = "external_gateway_info"
SUBNET = "OS::Neutron::Subnet"
_ONE_HOST = "a router lives on the host that the cloud chooses"


class Router(NetworkThing):
    """A router, and what leads it outside."""

    name = "OS::Neutron::Router"
    description = "A router between networks, and to the outside."
    shelf = "neutron.router"
    never = {
        "l3_agent_id": _ONE_HOST,
        "l3_agent_ids": _ONE_HOST,
        "distributed": _ONE_HOST,
        "ha": _ONE_HOST,
    }
    properties = {
        "name": named("the router"),
        "external_gateway_info": mapping(
            "What leads it outside",
            {
                "network": text(
                    "An external network", required=True, is_a="neutron.network"
                ),
                "enable_snat": flag("Whether guests go out by its own address"),
                "external_fixed_ips": items(
                    "Its addresses there",
                    {
                        "ip_address": text("Which one"),
                        "subnet": text("Of which subnet", is_a="neutron.subnet"),
                    },
                ),
            },
            live=True,
        ),
        "value_specs": VALUE_SPECS,
        "admin_state_up": flag("Whether it is switched on", True, live=True),
        "l3_agent_id": text("Which agent serves it", live=True),
        "l3_agent_ids": texts("Which agents serve it", live=True),
        "distributed": flag("Whether it is on every host"),
        "ha": flag("Whether it is on several hosts"),
        "availability_zone_hints": texts("Zones to prefer"),
        "tags": TAG_LIST,
    }
    attributes = attributes(
        status="Whether it can be used",
        external_gateway_info=a_map("What leads it outside"),
        name="Its name",
        admin_state_up=a_flag("Whether it is switched on"),
        tenant_id="The project that owns it",
        routes=a_list("Routes besides those of its networks"),
    )

    def dependencies(
        self, mine: Definition, others: Mapping[str, Definition]
    ) -> Iterable[str]:
        """The subnets of the network outside, of which it gets an address."""
        gateway = value_of(mine, GATEWAY)
        outside = gateway.get("network") if isinstance(gateway, Mapping) else None
        if outside is None:
            return []
        return [
            name
            for name in of_type(mine, others, SUBNET)
            if value_of(others[name], "network", "network_id") == outside
        ]

    def body(self, work: Work, names: Iterable[str]) -> dict[str, Any]:
        """The gateway by the ids of what it names."""
        names = list(names)
        body = super().body(work, [name for name in names if name != GATEWAY])
        if GATEWAY in names:
            body[GATEWAY] = self._gateway(work)
        return body

    def _gateway(self, work: Work) -> dict[str, Any] | None:
        given = work.properties[GATEWAY]
        if given is None:
            return None
        gateway = dict(
            without_none(resolved(work.cloud, self.properties[GATEWAY], given))
        )
        gateway["network_id"] = gateway.pop("network")
        for each in gateway.get("external_fixed_ips", ()):
            if "subnet" in each:
                each["subnet_id"] = each.pop("subnet")
        return gateway


TYPES = (Router(),)
