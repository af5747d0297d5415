"""``OS::Octavia::LoadBalancer``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.frame.resource_type import Definition
from compute.orchestration.resources.frame.schemas import (
    a_list,
    attributes,
    flag,
    text,
)
from compute.orchestration.resources.neutron.network_thing import (
    one_way,
    same_network,
)
from compute.orchestration.resources.octavia.balancer_thing import BalancerThing

_ONE_KIND = "load balancers are of one kind"


class LoadBalancer(BalancerThing):
    """A load balancer, and its address."""

    name = "OS::Octavia::LoadBalancer"
    description = "An address whose connections go to several servers."
    shelf = "octavia.loadbalancer"
    fields = {
        "vip_subnet": "vip_subnet_id",
        "vip_network": "vip_network_id",
        "vip_port": "vip_port_id",
    }
    never = {"flavor": _ONE_KIND, "availability_zone": _ONE_KIND}
    properties = {
        "name": text("The name of the load balancer", live=True),
        "description": text("What it is for", live=True),
        "vip_address": text("Its address"),
        "vip_subnet": text("Of which subnet it is", is_a="neutron.subnet"),
        "vip_network": text("Of which network it is", is_a="neutron.network"),
        "vip_port": text("Of which port it is", is_a="neutron.port"),
        "provider": text("By what it is made", one_of=("haproxy",)),
        "admin_state_up": flag("Whether it is switched on", True, live=True),
        "tenant_id": text("The project that owns it", is_a="keystone.project"),
        "flavor": text("Of which kind it is"),
        "availability_zone": text("In which zone"),
    }
    attributes = attributes(
        vip_address="Its address",
        vip_port_id="The port of its address",
        vip_subnet_id="The subnet of its address",
        pools=a_list("Its pools"),
        listeners=a_list("Its listeners"),
        flavor_id="Of which kind it is",
        operating_status="How it fares",
    )

    def validate(self, properties: Mapping[str, Any]) -> None:
        """It has an address."""
        super().validate(properties)
        if not one_way(properties, "vip_subnet", "vip_network", "vip_port"):
            raise Invalid("One of vip_subnet, vip_network and vip_port is needed")

    def dependencies(
        self, mine: Definition, others: Mapping[str, Definition]
    ) -> Iterable[str]:
        """The subnets of its network."""
        return same_network(mine, others, "OS::Neutron::Subnet", "vip_network")


TYPES = (LoadBalancer(),)
