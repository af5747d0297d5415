"""``OS::Neutron::Subnet``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.schemas import (
    a_flag,
    a_list,
    a_number,
    attributes,
    flag,
    items,
    text,
    texts,
    whole,
)
from compute.orchestration.resources.neutron.network_thing import (
    OWNER,
    TAG_LIST,
    VALUE_SPECS,
    NetworkThing,
    named,
    one_way,
)

GATEWAY = "gateway_ip"
_IPV6_MODES = ("dhcpv6-stateful", "dhcpv6-stateless", "slaac")


class Subnet(NetworkThing):
    """Addresses of a network.  ``gateway_ip`` "" means that there is none; left out
    when it is made, it is the first address."""

    name = "OS::Neutron::Subnet"
    description = "A range of addresses of a network."
    shelf = "neutron.subnet"
    fields = {
        "network": "network_id",
        "subnetpool": "subnetpool_id",
    }
    never = {"segment": "networks have one segment"}
    properties = {
        "name": named("the subnet"),
        "network": text("On which network", is_a="neutron.network"),
        "network_id": text("The older name of network", is_a="neutron.network"),
        "subnetpool": text("The pool to take it from", is_a="neutron.subnetpool"),
        "prefixlen": whole("How long a prefix to take from the pool", least=0),
        "cidr": text("Its addresses, as 10.0.0.0/24"),
        "value_specs": VALUE_SPECS,
        "ip_version": whole("4 or 6", 4, one_of=(4, 6)),
        "dns_nameservers": texts("Name servers for its guests", [], live=True),
        "gateway_ip": text("Its router's address", live=True),
        "enable_dhcp": flag("Whether guests are told their addresses", True, live=True),
        "allocation_pools": items(
            "What may be given to ports",
            {
                "start": text("The first address", required=True),
                "end": text("The last address", required=True),
            },
            live=True,
        ),
        "tenant_id": OWNER,
        "host_routes": items(
            "Routes that guests are told",
            {
                "destination": text("Where to, as a prefix", required=True),
                "nexthop": text("By which address", required=True),
            },
            live=True,
        ),
        "ipv6_ra_mode": text("Who announces IPv6 routers, how", one_of=_IPV6_MODES),
        "ipv6_address_mode": text("How IPv6 addresses are made", one_of=_IPV6_MODES),
        "segment": text("On which segment of the network"),
        "tags": TAG_LIST,
    }
    attributes = attributes(
        name="Its name",
        network_id="Its network's id",
        tenant_id="The project that owns it",
        allocation_pools=a_list("What may be given to ports"),
        gateway_ip="Its router's address",
        host_routes=a_list("Routes that guests are told"),
        ip_version=a_number("4 or 6"),
        cidr="Its addresses",
        dns_nameservers=a_list("Name servers"),
        enable_dhcp=a_flag("Whether guests are told their addresses"),
    )

    def validate(self, properties: Mapping[str, Any]) -> None:
        """Where it is, and where its addresses come from."""
        super().validate(properties)
        if not one_way(properties, "network", "network_id"):
            raise Invalid("Property network not assigned")
        if not one_way(properties, "cidr", "subnetpool", "prefixlen"):
            raise Invalid("One of cidr, subnetpool and prefixlen is needed")
        if properties["cidr"] is not None and properties["subnetpool"] is not None:
            raise Invalid("cidr and subnetpool: only one of them can be given")
        if properties["ip_version"] == 4:
            for name in ("ipv6_ra_mode", "ipv6_address_mode"):
                if properties[name] is not None:
                    raise Invalid(f"{name}: it needs ip_version 6")

    def body(self, work: Work, names: Iterable[str]) -> dict[str, Any]:
        """No gateway is null in the API."""
        body = super().body(work, names)
        if body.get(GATEWAY) == "":
            body[GATEWAY] = None
        return body


TYPES = (Subnet(),)
