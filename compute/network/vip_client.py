"""What the load balancer room asks of the network room: a port with a group of its own.

The port belongs to the project whose load balancer it is; the group, which lets in what
the listeners serve, to the service.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from compute.core.context import TokenSource
from compute.core.errors import NotFound
from compute.network.client_wire import NetworkWire, may_use
from compute.network.port_names import OWNER_BALANCER, balancer_device
from objectstore.client.caller import Caller

# What the service's own groups, and ports, are called: this and the load balancer's id.
NAME_PREFIX = "octavia-lb-"


@dataclass(frozen=True, slots=True)
class SubnetFacts:
    """A subnet that a project may use."""

    id: str
    network_id: str
    version: int


@dataclass(frozen=True, slots=True)
class VipPort:
    """A port, its first address, and the others it has, each with its subnet."""

    id: str
    network_id: str
    subnet_id: str
    address: str
    device_id: str
    device_owner: str
    host: str
    more: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Opening:
    """What a group lets in: TCP or UDP to that port, from that prefix ("": from
    anywhere)."""

    version: int
    port: int
    prefix: str = ""
    protocol: str = "tcp"


class VipClient:
    """Calls the network room.  Errors: see ``NetworkClient``."""

    def __init__(self, caller: Caller, service: TokenSource) -> None:
        self._wire = NetworkWire(caller, service)

    # ---- subnets ---------------------------------------------------------------

    def subnets(self, project_id: str, **filters: str) -> list[SubnetFacts]:
        """Those that the project sees (by ``id``, ``network_id``)."""
        found = self._wire.list("subnets", [*filters.items()], project_id)
        return [
            SubnetFacts(item["id"], item["network_id"], item["ip_version"])
            for item in found
        ]

    def may_use(self, project_id: str, network_id: str) -> bool:
        """Whether the project may put ports on the network."""
        return may_use(self._wire, project_id, network_id)

    def has_quality(self, project_id: str, policy_id: str) -> bool:
        """Whether the project sees the QoS policy."""
        query = urlencode({"id": policy_id, "visible_to_project": project_id})
        return bool(self._wire.json("GET", f"/v2.0/qos/policies?{query}")["policies"])

    def has_group(self, project_id: str, group_id: str) -> bool:
        """Whether the project sees the security group."""
        query = [("id", group_id)]
        return bool(self._wire.list("security-groups", query, project_id))

    # ---- ports -------------------------------------------------------------------

    def create_port(
        self,
        project_id: str,
        balancer_id: str,
        *,
        network_id: str,
        places: Sequence[tuple[str, str]] = (),
        host: str = "",
        groups: Sequence[str] = (),
        qos_policy_id: str = "",
    ) -> VipPort:
        """A port for the load balancer's addresses: ``places`` are subnets and
        addresses, "" for any.  ``Conflict`` when an address is in use, or none is left;
        ``BadRequest`` when it is none of the subnet's."""
        fixed = [{"subnet_id": one, "ip_address": address} for one, address in places]
        wishes = [
            {name: value for name, value in each.items() if value} for each in fixed
        ]
        body: dict[str, Any] = {
            "name": f"{NAME_PREFIX}{balancer_id}",
            "network_id": network_id,
            "project_id": project_id,
            "device_id": balancer_device(balancer_id),
            "device_owner": OWNER_BALANCER,
            "binding:host_id": host,
            "security_groups": list(groups),
        }
        if any(wishes):
            body["fixed_ips"] = wishes
        if qos_policy_id:
            body["qos_policy_id"] = qos_policy_id
        return _port(self._wire.json("POST", "/v2.0/ports", {"port": body})["port"])

    def find_port(self, project_id: str, port_id: str) -> VipPort:
        """A port of the project.  ``NotFound``."""
        found = self._wire.list("ports", [("id", port_id), ("project_id", project_id)])
        if not found:
            raise NotFound(f"Port {port_id} could not be found.", kind="PortNotFound")
        return _port(found[0])

    def ports_of(self, balancer_id: str) -> list[VipPort]:
        """The ports that serve the load balancer."""
        query = [("device_id", balancer_device(balancer_id))]
        return [
            port
            for port in map(_port, self._wire.list("ports", query))
            if port.device_owner == OWNER_BALANCER
        ]

    def all_ports(self) -> list[VipPort]:
        """The ports of all load balancers."""
        query = [("device_owner", OWNER_BALANCER)]
        return [_port(item) for item in self._wire.list("ports", query)]

    def take_port(
        self, port_id: str, balancer_id: str, *, host: str, groups: Sequence[str]
    ) -> VipPort:
        """Let a port that was there serve the load balancer."""
        body = {
            "device_id": balancer_device(balancer_id),
            "device_owner": OWNER_BALANCER,
            "binding:host_id": host,
            "security_groups": list(groups),
        }
        return self._change(port_id, body)

    def set_groups(self, port_id: str, groups: Sequence[str]) -> None:
        """The security groups of the port."""
        self._change(port_id, {"security_groups": list(groups)})

    def give_back(self, port_id: str) -> None:
        """It serves none any more; nothing if it is gone."""
        body = {
            "device_id": "",
            "device_owner": "",
            "binding:host_id": "",
            "security_groups": [],
        }
        try:
            self._change(port_id, body)
        except NotFound:
            return

    def move(self, port_id: str, host: str) -> None:
        """The load balancer lives on that host now."""
        self._change(port_id, {"binding:host_id": host})

    def set_quality(self, port_id: str, policy_id: str) -> None:
        """The QoS policy of the port; "": none."""
        self._change(port_id, {"qos_policy_id": policy_id or None})

    def delete_port(self, port_id: str) -> None:
        """Take it away; nothing if it is gone."""
        try:
            self._wire.json("DELETE", f"/v2.0/ports/{quote(port_id)}")
        except NotFound:
            return

    def _change(self, port_id: str, body: Mapping[str, Any]) -> VipPort:
        path = f"/v2.0/ports/{quote(port_id)}"
        return _port(self._wire.json("PUT", path, {"port": dict(body)})["port"])

    # ---- what is let in ------------------------------------------------------------

    def make_group(self, balancer_id: str) -> str:
        """A group of the service's own for the load balancer; its id."""
        body = {"security_group": {"name": f"{NAME_PREFIX}{balancer_id}"}}
        made = self._wire.json("POST", "/v2.0/security-groups", body)
        return str(made["security_group"]["id"])

    def groups(self, project_id: str) -> dict[str, str]:
        """The groups of load balancers in the service's project: the balancer's id by
        the group's."""
        found = self._wire.list("security-groups", [("project_id", project_id)])
        return {
            str(item["id"]): str(item["name"]).removeprefix(NAME_PREFIX)
            for item in found
            if str(item["name"]).startswith(NAME_PREFIX)
        }

    def set_openings(self, group_id: str, wanted: Collection[Opening]) -> None:
        """Let in these, and nothing else."""
        there = self._wire.list(
            "security-group-rules",
            [("security_group_id", group_id), ("direction", "ingress")],
        )
        had = {_opening(item): str(item["id"]) for item in there}
        for each in sorted(set(wanted) - set(had), key=str):
            rule = {
                "security_group_id": group_id,
                "direction": "ingress",
                "ethertype": f"IPv{each.version}",
                "protocol": each.protocol,
                "port_range_min": each.port,
                "port_range_max": each.port,
                "remote_ip_prefix": each.prefix or None,
            }
            body = {"security_group_rule": rule}
            self._wire.json("POST", "/v2.0/security-group-rules", body)
        for each, rule_id in had.items():
            if each not in wanted:
                path = f"/v2.0/security-group-rules/{quote(rule_id)}"
                self._wire.json("DELETE", path)

    def delete_group(self, group_id: str) -> None:
        """Take the load balancer's group away; nothing if it is gone."""
        try:
            self._wire.json("DELETE", f"/v2.0/security-groups/{quote(group_id)}")
        except NotFound:
            return


def _port(item: Mapping[str, Any]) -> VipPort:
    fixed, *more = item["fixed_ips"] or [{}]
    return VipPort(
        id=item["id"],
        network_id=item["network_id"],
        subnet_id=fixed.get("subnet_id", ""),
        address=fixed.get("ip_address", ""),
        device_id=item["device_id"],
        device_owner=item["device_owner"],
        host=item.get("binding:host_id", ""),
        more=tuple((each["subnet_id"], each["ip_address"]) for each in more),
    )


def _opening(item: Mapping[str, Any]) -> Opening:
    return Opening(
        4 if item["ethertype"] == "IPv4" else 6,
        item["port_range_min"] or 0,
        item["remote_ip_prefix"] or "",
        item["protocol"] or "",
    )
