"""``OS::Neutron::Net`` and ``OS::Neutron::ProviderNet``."""

from __future__ import annotations

from compute.orchestration.frame.properties import Property
from compute.orchestration.resources.frame.schemas import (
    a_flag,
    a_list,
    a_number,
    attributes,
    flag,
    text,
    texts,
)
from compute.orchestration.resources.neutron.network_thing import (
    OWNER,
    TAG_LIST,
    VALUE_SPECS,
    NetworkThing,
    named,
)

_SHOWN = attributes(
    status="Whether it can be used",
    name="Its name",
    subnets=a_list("The ids of its subnets"),
    admin_state_up=a_flag("Whether it is switched on"),
    tenant_id="The project that owns it",
    port_security_enabled=a_flag("Whether new ports of it are held to their addresses"),
    mtu=a_number("The largest packet, in bytes"),
    qos_policy_id="The QoS policy of its ports",
    l2_adjacency=a_flag("Whether its ports reach each other without a router"),
)


class Net(NetworkThing):
    """A network."""

    name = "OS::Neutron::Net"
    description = "A network: guests on it reach each other as on one cable."
    shelf = "neutron.network"
    fields = {"qos_policy": "qos_policy_id"}
    never = {"dhcp_agent_ids": "networks are served by the hosts that have their ports"}
    properties = {
        "name": named("the network"),
        "value_specs": VALUE_SPECS,
        "admin_state_up": flag("Whether it is switched on", True, live=True),
        "tenant_id": OWNER,
        "shared": flag("Whether all projects may use it", False, live=True),
        "dhcp_agent_ids": texts("Which agents serve addresses", live=True),
        "port_security_enabled": flag("The same of its new ports", live=True),
        "dns_domain": text("The domain of its ports' names", live=True),
        "availability_zone_hints": texts("Zones to prefer"),
        "qos_policy": text(
            "The QoS policy of its ports", live=True, is_a="neutron.qos_policy"
        ),
        "tags": TAG_LIST,
    }
    attributes = _SHOWN


_PROVIDER: dict[str, Property] = {
    "name": Net.properties["name"],
    "admin_state_up": Net.properties["admin_state_up"],
    "tenant_id": OWNER,
    "shared": flag("Whether all projects may use it", True, live=True),
    "port_security_enabled": Net.properties["port_security_enabled"],
    "dns_domain": Net.properties["dns_domain"],
    "availability_zone_hints": Net.properties["availability_zone_hints"],
    "tags": TAG_LIST,
    "network_type": text(
        "How it is made on hosts", required=True, one_of=("local", "flat")
    ),
    "physical_network": text("The hosts' own network that it is (of type flat)"),
    "segmentation_id": text("The number of its segment"),
    "router_external": flag(
        "Whether routers lead to it, and floating IPs come from it", False, live=True
    ),
}


class ProviderNet(NetworkThing):
    """A network that an administrator ties to the hosts' own."""

    name = "OS::Neutron::ProviderNet"
    description = "A network of the hosts' own, or one that leads outside."
    shelf = "neutron.network"
    fields = {
        "network_type": "provider:network_type",
        "physical_network": "provider:physical_network",
        "router_external": "router:external",
    }
    never = {"segmentation_id": "networks are local or flat"}
    properties = _PROVIDER
    attributes = _SHOWN


TYPES = (Net(), ProviderNet())
