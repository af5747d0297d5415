"""``OS::Neutron::Port``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.frame.resource_type import Change, Definition
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.finding import NETWORK, find
from compute.orchestration.resources.frame.schemas import (
    a_flag,
    a_list,
    a_map,
    attributes,
    flag,
    items,
    text,
    texts,
)
from compute.orchestration.resources.neutron.network_thing import (
    TAG_LIST,
    VALUE_SPECS,
    NetworkThing,
    named,
    one_way,
    same_network,
)

SUBNET = "OS::Neutron::Subnet"
GROUPS, FIXED_IPS, POLICY = "security_groups", "fixed_ips", "replacement_policy"
REPLACE_ALWAYS = "REPLACE_ALWAYS"

# What a server's network may ask of the port that is made for it, too.
EXTRA = {
    "value_specs": VALUE_SPECS,
    "admin_state_up": flag("Whether it is switched on", True, live=True),
    "mac_address": text("Its hardware address", live=True),
    "allowed_address_pairs": items(
        "Addresses that it may have besides its own",
        {
            "mac_address": text("A hardware address"),
            "ip_address": text("An address, or a prefix", required=True),
        },
        live=True,
    ),
    "binding:vnic_type": text("How guests are wired", "normal", live=True),
    "port_security_enabled": flag("Whether it is held to its addresses", live=True),
    "dns_name": text("Its name in the DNS", live=True),
    "qos_policy": text("Its QoS policy", live=True, is_a="neutron.qos_policy"),
    "propagate_uplink_status": flag("Whether it follows its uplink"),
    "no_fixed_ips": flag("Whether it has no address at all", False, live=True),
}
NEVER = {"propagate_uplink_status": "guests' ports have no uplink of their own"}


class Port(NetworkThing):
    """A place on a network."""

    name = "OS::Neutron::Port"
    description = "A place on a network, with its addresses."
    shelf = "neutron.port"
    fields = {
        "network": "network_id",
        "qos_policy": "qos_policy_id",
    }
    aside = frozenset({POLICY, "no_fixed_ips"})
    never = NEVER
    kept = frozenset({FIXED_IPS, "mac_address"})
    properties = {
        "name": named("the port"),
        "network": text("On which network", is_a="neutron.network"),
        "network_id": text("The older name of network", is_a="neutron.network"),
        "device_id": text("What it is of", live=True),
        "device_owner": text("Who made that", live=True),
        "fixed_ips": items(
            "Its addresses",
            {
                "subnet": text("Of which subnet", is_a="neutron.subnet"),
                "subnet_id": text("The older name of subnet", is_a="neutron.subnet"),
                "ip_address": text("Which one"),
            },
            live=True,
        ),
        "security_groups": texts(
            "Its groups; none when the list is empty",
            live=True,
            is_a="neutron.security_group",
        ),
        "replacement_policy": text(
            "Whether every update makes another port",
            "AUTO",
            live=True,
            one_of=("AUTO", REPLACE_ALWAYS),
        ),
        "tags": TAG_LIST,
        **EXTRA,
    }
    attributes = attributes(
        admin_state_up=a_flag("Whether it is switched on"),
        device_id="What it is of",
        device_owner="Who made that",
        fixed_ips=a_list("Its addresses"),
        mac_address="Its hardware address",
        name="Its name",
        network_id="Its network's id",
        security_groups=a_list("The ids of its groups"),
        status="Whether its host has wired it",
        tenant_id="The project that owns it",
        allowed_address_pairs=a_list("Addresses that it may have besides"),
        subnets=a_list("The subnets of its addresses"),
        network=a_map("Its network"),
        port_security_enabled=a_flag("Whether it is held to its addresses"),
        qos_policy_id="Its QoS policy",
        dns_assignment=a_list("Its names in the DNS"),
    )

    def validate(self, properties: Mapping[str, Any]) -> None:
        """It is on a network; a port without security has no groups."""
        super().validate(properties)
        if not one_way(properties, "network", "network_id"):
            raise Invalid("Property network not assigned")
        if properties["binding:vnic_type"] != "normal":
            raise Invalid("binding:vnic_type: this cloud has normal ones only")
        if properties["no_fixed_ips"] is True and properties[FIXED_IPS]:
            raise Invalid("fixed_ips cannot be given with no_fixed_ips")
        is_open = properties["port_security_enabled"] is False
        for name in (GROUPS, "allowed_address_pairs"):
            if is_open and properties[name]:
                raise Invalid(f"{name} needs port_security_enabled")

    def dependencies(
        self, mine: Definition, others: Mapping[str, Definition]
    ) -> Iterable[str]:
        """The subnets of its network: it may get an address of any of them."""
        return same_network(mine, others, SUBNET, "network", "network_id")

    def must_replace(self, change: Change) -> bool:
        """Also when that is what the template says."""
        always = change.after.get(POLICY) == REPLACE_ALWAYS
        return always or super().must_replace(change)

    def body(self, work: Work, names: Iterable[str]) -> dict[str, Any]:
        """A change to no groups at all is one to the project's default."""
        body = super().body(work, names)
        for each in body.get(FIXED_IPS) or ():
            if "subnet" in each:
                each["subnet_id"] = each.pop("subnet")
        if work.properties["no_fixed_ips"]:
            body[FIXED_IPS] = []
        if GROUPS in names and work.properties[GROUPS] is None:
            body[GROUPS] = [find(work.cloud, "neutron.security_group", "default")]
        return body

    def shown(self, work: Work, shown: Mapping[str, Any], name: str) -> Any:
        """``subnets`` and ``network`` are looked up."""
        if name == "network":
            found = work.cloud.find(NETWORK, "networks", shown["network_id"])
            return found and found["network"]
        if name == "subnets":
            ids = dict.fromkeys(each["subnet_id"] for each in shown["fixed_ips"])
            answers = [work.cloud.find(NETWORK, "subnets", each) for each in ids]
            return [each["subnet"] for each in answers if each]
        return super().shown(work, shown, name)


TYPES = (Port(),)
