"""``OS::Neutron::FloatingIP``, what it leads to, and ports of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.frame.resource_type import Change, Definition, ResourceType
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.finding import NETWORK, find
from compute.orchestration.resources.frame.schemas import (
    attributes,
    text,
    whole,
)
from compute.orchestration.resources.neutron.network_thing import (
    TAG_LIST,
    VALUE_SPECS,
    NetworkThing,
    of_type,
    one_way,
    value_of,
)
from objectstore.kernel.errors import Rejected

# What makes a floating IP reachable: a port's router must lead to its network.
WAYS = ("OS::Neutron::RouterInterface", "OS::Neutron::RouterGateway")
ROUTER = "OS::Neutron::Router"


class FloatingIP(NetworkThing):
    """An address of an external network, which may lead to a port."""

    name = "OS::Neutron::FloatingIP"
    description = "An address of an external network, which may lead to a port."
    shelf = "neutron.floating_ip"
    mark = "description"
    fields = {
        "floating_network": "floating_network_id",
        "floating_subnet": "subnet_id",
        "qos_policy": "qos_policy_id",
    }
    properties = {
        "floating_network": text("Of which network", is_a="neutron.network"),
        "floating_network_id": text(
            "The older name of floating_network", is_a="neutron.network"
        ),
        "floating_subnet": text("Of which subnet of it", is_a="neutron.subnet"),
        "floating_ip_address": text("Which address"),
        "value_specs": VALUE_SPECS,
        "port_id": text("What it leads to", live=True, is_a="neutron.port"),
        "fixed_ip_address": text("Which of the port's addresses", live=True),
        "dns_name": text("Its name in the DNS", live=True),
        "dns_domain": text("Its domain in the DNS", live=True),
        "qos_policy": text("Its QoS policy", live=True, is_a="neutron.qos_policy"),
        "tags": TAG_LIST,
    }
    attributes = attributes(
        router_id="The router that leads to the port",
        tenant_id="The project that owns it",
        floating_network_id="The id of its network",
        fixed_ip_address="The port's address that it leads to",
        floating_ip_address="Itself",
        port_id="What it leads to",
    )

    def validate(self, properties: Mapping[str, Any]) -> None:
        """A network is needed."""
        super().validate(properties)
        if not one_way(properties, "floating_network", "floating_network_id"):
            raise Invalid("Property floating_network not assigned")
        if properties["fixed_ip_address"] is not None and properties["port_id"] is None:
            raise Invalid("fixed_ip_address needs port_id")

    def dependencies(
        self, mine: Definition, others: Mapping[str, Definition]
    ) -> Iterable[str]:
        """Whatever may make it reachable from its port."""
        network = value_of(mine, "floating_network", "floating_network_id")
        routers = [
            name
            for name in of_type(mine, others, ROUTER)
            if _outside(others[name]) == network
        ]
        return [*routers, *of_type(mine, others, *WAYS)]

    def body(self, work: Work, names: Iterable[str]) -> dict[str, Any]:
        """An address of the port that is not said is the port's first."""
        body = super().body(work, names)
        if "port_id" in body and not body.get("fixed_ip_address"):
            body.pop("fixed_ip_address", None)
        return body


def _outside(router: Definition) -> Any:
    gateway = value_of(router, "external_gateway_info")
    return gateway.get("network") if isinstance(gateway, Mapping) else None


class FloatingIPAssociation(ResourceType):
    """That a floating IP leads to a port.  Its id is the floating IP's."""

    name = "OS::Neutron::FloatingIPAssociation"
    description = "Lets a floating IP lead to a port."
    properties = {
        "floatingip_id": text(
            "The floating IP", required=True, live=True, is_a="neutron.floating_ip"
        ),
        "port_id": text(
            "What it leads to", required=True, live=True, is_a="neutron.port"
        ),
        "fixed_ip_address": text("Which of the port's addresses", live=True),
    }

    def dependencies(
        self, mine: Definition, others: Mapping[str, Definition]
    ) -> Iterable[str]:
        """Whatever makes floating IPs reachable."""
        return of_type(mine, others, ROUTER, *WAYS)

    def create(self, work: Work) -> None:
        """The same when it is done twice."""
        work.made(lambda: _lead(work, work.properties))

    def update(self, work: Work, change: Change) -> None:
        """The old one leads nowhere, the new one there."""
        before = change.before["floatingip_id"]
        if before and before != change.after["floatingip_id"]:
            _part(work, before, change.before["port_id"])
        _lead(work, change.after)

    def delete(self, work: Work) -> None:
        """It leads nowhere, unless somebody has let it lead elsewhere."""
        if work.physical_id:
            properties = work.properties
            _part(work, properties["floatingip_id"], properties["port_id"])

    def reference(self, work: Work) -> Any:
        """The floating IP's id."""
        return work.physical_id.partition(":")[0] or work.physical_name


def _lead(work: Work, properties: Mapping[str, Any]) -> str:
    port = find(work.cloud, "neutron.port", properties["port_id"])
    body: dict[str, Any] = {"port_id": port}
    if properties["fixed_ip_address"]:
        body["fixed_ip_address"] = properties["fixed_ip_address"]
    identifier = str(properties["floatingip_id"])
    work.cloud.put(NETWORK, "floatingips", identifier, body={"floatingip": body})
    return f"{identifier}:{port}"


def _part(work: Work, floating_ip: str, port: str) -> None:
    document = work.cloud.find(NETWORK, "floatingips", floating_ip)
    if document is None or document["floatingip"]["port_id"] != port:
        return
    body = {"floatingip": {"port_id": None}}
    try:
        work.cloud.put(NETWORK, "floatingips", floating_ip, body=body)
    except Rejected as refusal:
        if refusal.status != 404:
            raise


class FloatingIPPortForward(NetworkThing):
    """A port of a floating IP that leads to a port of a guest."""

    name = "OS::Neutron::FloatingIPPortForward"
    description = "A port of a floating IP that leads to a port of a guest."
    shelf = "neutron.port_forwarding"
    mark = "description"
    aside = frozenset({"floatingip"})
    fields = {
        "internal_port": "internal_port_id",
        "internal_port_number": "internal_port",
    }
    properties = {
        "floatingip": text(
            "The floating IP", required=True, is_a="neutron.floating_ip"
        ),
        "internal_port": text(
            "The guest's port on its network",
            required=True,
            live=True,
            is_a="neutron.port",
        ),
        "internal_ip_address": text("Its address", live=True),
        "internal_port_number": whole(
            "The port that the guest serves", required=True, live=True, least=1
        ),
        "external_port": whole(
            "The port of the floating IP", required=True, live=True, least=1
        ),
        "protocol": text("Of which protocol", required=True, one_of=("tcp", "udp")),
    }

    def dependencies(
        self, mine: Definition, others: Mapping[str, Definition]
    ) -> Iterable[str]:
        """Whatever makes floating IPs reachable."""
        return of_type(mine, others, ROUTER, *WAYS)

    def path(self, work: Work) -> tuple[str, ...]:
        """Below the floating IP."""
        return ("floatingips", work.properties["floatingip"], "port_forwardings")


TYPES = (FloatingIP(), FloatingIPAssociation(), FloatingIPPortForward())
