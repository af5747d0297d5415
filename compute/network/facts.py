"""What the network room tells other rooms: networks, ports, groups, as plain facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compute.network.port_names import OWNER_SUBPORT


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """A network that a project may use."""

    id: str
    name: str
    project_id: str
    mtu: int
    external: bool
    admin_up: bool
    subnet_ids: tuple[str, ...]
    port_security: bool


@dataclass(frozen=True, slots=True)
class PortFacts:
    """A port as the API shows it, the parts that servers need."""

    id: str
    network_id: str
    project_id: str
    mac: str
    device_id: str
    device_owner: str
    host: str
    status: str
    addresses: tuple[str, ...]
    security_group_ids: tuple[str, ...]

    @property
    def is_subport(self) -> bool:
        """Whether it is a trunk's, whose parent's guest speaks for it."""
        return self.device_owner == OWNER_SUBPORT


@dataclass(frozen=True, slots=True)
class NewPort:
    """What a port is made with.  ``security_group_ids`` None: the project's default
    group; ``fixed_address`` "": any."""

    network_id: str
    device_id: str = ""
    device_owner: str = "compute:nova"
    host: str = ""
    name: str = ""
    fixed_address: str = ""
    security_group_ids: tuple[str, ...] | None = None
    dns_name: str = ""
    mac: str = ""

    def body(self, project_id: str) -> dict[str, Any]:
        """As the API wants it."""
        found: dict[str, Any] = {
            "network_id": self.network_id,
            "project_id": project_id,
            "device_id": self.device_id,
            "device_owner": self.device_owner,
            "name": self.name,
            "binding:host_id": self.host,
            "dns_name": self.dns_name,
        }
        if self.fixed_address:
            found["fixed_ips"] = [{"ip_address": self.fixed_address}]
        if self.security_group_ids is not None:
            found["security_groups"] = list(self.security_group_ids)
        if self.mac:
            found["mac_address"] = self.mac
        return found


@dataclass(frozen=True, slots=True)
class SecurityGroupFacts:
    """A group of a project."""

    id: str
    name: str
    description: str


def network_facts(item: Mapping[str, Any]) -> NetworkFacts:
    """A network of the API's JSON."""
    return NetworkFacts(
        id=item["id"],
        name=item["name"],
        project_id=item["project_id"],
        mtu=item["mtu"],
        external=item["router:external"],
        admin_up=item["admin_state_up"],
        subnet_ids=tuple(item["subnets"]),
        port_security=item["port_security_enabled"],
    )


def port_facts(item: Mapping[str, Any]) -> PortFacts:
    """A port of the API's JSON."""
    return PortFacts(
        id=item["id"],
        network_id=item["network_id"],
        project_id=item["project_id"],
        mac=item["mac_address"],
        device_id=item["device_id"],
        device_owner=item["device_owner"],
        host=item.get("binding:host_id", ""),
        status=item["status"],
        addresses=tuple(each["ip_address"] for each in item["fixed_ips"]),
        security_group_ids=tuple(item["security_groups"]),
    )
