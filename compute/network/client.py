"""What other rooms know of the network room: its API, called with the service's token.

Every call names the project that it acts for; what that project may not see is
``NotFound`` here as well.  Deleting what is gone is no error.  Errors are those of
``compute.core.errors`` with Neutron's type as ``kind``; ``Unavailable`` when the room
does not answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from compute.core.context import TokenSource
from compute.core.errors import Conflict, NotFound
from compute.network.client_wire import NetworkWire, may_use
from compute.network.facts import (
    NetworkFacts,
    NewPort,
    PortFacts,
    SecurityGroupFacts,
    network_facts,
    port_facts,
)
from compute.network.nics import Nic, NicAddress, NicRoute
from compute.network.port_names import balancer_namespace
from compute.network.records import decode_record
from compute.network.view_versions import VIEW_VERSION
from compute.network.vip_client import Opening, SubnetFacts, VipClient, VipPort
from objectstore.client.caller import Caller

__all__ = [
    "EVERYBODY",
    "NetworkClient",
    "NetworkFacts",
    "NewPort",
    "Nic",
    "NicAddress",
    "NicRoute",
    "Opening",
    "PortFacts",
    "SecurityGroupFacts",
    "SubnetFacts",
    "VipClient",
    "VipPort",
    "balancer_namespace",
]

# In the place of a project: all that there is.
EVERYBODY = ""
# An agent's question waits on nothing but the database.
AGENT_SECONDS = 30.0
DEVICES_MAX = 200  # in one question


class NetworkClient:
    """Calls the network room."""

    def __init__(self, caller: Caller, service: TokenSource) -> None:
        self._wire = NetworkWire(caller, service)

    # ---- networks --------------------------------------------------------------

    def network(self, project_id: str, network_id: str) -> NetworkFacts:
        """A network that the project may put ports on; ``EVERYBODY``: that anybody may.
        ``NotFound``."""
        for each in self.networks(project_id, {"id": network_id}):
            return each
        raise NotFound(
            f"Network {network_id} could not be found.", kind="NetworkNotFound"
        )

    def networks(
        self, project_id: str, filters: Mapping[str, str] | None = None
    ) -> list[NetworkFacts]:
        """The project's own networks, then those shared with it."""
        found = [
            network_facts(item)
            for item in self._wire.list(
                "networks", [*(filters or {}).items()], project_id
            )
        ]
        return sorted(found, key=lambda each: each.project_id != project_id)

    def may_use(self, project_id: str, network_id: str) -> bool:
        """Whether the project may put ports on the network: to see it as the way out
        is not enough."""
        return may_use(self._wire, project_id, network_id)

    def default_network(self, project_id: str) -> NetworkFacts:
        """The network of a server for which none was named.

        The only one that the project has; one is made, joined to the outside by a
        router, for a project that has none.  ``Conflict`` when there are several.
        """
        own = self.networks(project_id, {"project_id": project_id})
        usable = [each for each in own if not each.external]
        if len(usable) > 1:
            raise Conflict(
                "Multiple possible networks found, use a Network ID to be more"
                " specific.",
                kind="NetworkAmbiguous",
            )
        return usable[0] if usable else self.automatic_network(project_id)

    def automatic_network(self, project_id: str) -> NetworkFacts:
        """The project's automatically allocated network, made when it is not there.
        ``NotFound``/``Conflict`` when there is no external network to join it to."""
        path = f"/v2.0/auto-allocated-topology/{quote(project_id)}"
        found = self._wire.json("GET", path)["auto_allocated_topology"]
        return self.network(project_id, found["id"])

    # ---- ports -----------------------------------------------------------------

    def create_ports(
        self, project_id: str, ports: Iterable[NewPort]
    ) -> list[PortFacts]:
        """All of them or none.  ``QuotaExceeded``, ``NotFound``, ``Conflict``
        (address in use, or none left)."""
        bodies = [port.body(project_id) for port in ports]
        if not bodies:
            return []
        found = self._wire.json("POST", "/v2.0/ports", {"ports": bodies})
        return [port_facts(item) for item in found["ports"]]

    def reserve_ports(
        self, project_id: str, device_ids: Sequence[str], ports: int, least: int
    ) -> int:
        """Set ``ports`` places aside for each of these devices, for their ports to
        come: for as many, in their order, as the quota allows.  ``QuotaExceeded``
        when it does not allow ``least`` of them."""
        body = {
            "project_id": project_id,
            "device_ids": list(device_ids),
            "ports": ports,
            "least": least,
        }
        found = self._wire.json("POST", "/internal/port-reservations", body)
        return len(found["device_ids"])

    def forget_ports(self, device_ids: Sequence[str]) -> None:
        """These devices will have no more ports: what is set aside for them is free
        again."""
        if device_ids:
            path = "/internal/port-reservations/release"
            self._wire.json("POST", path, {"device_ids": list(device_ids)})

    def port(self, project_id: str, port_id: str) -> PortFacts:
        """One port of the project.  ``NotFound``."""
        found = self._wire.list("ports", [("id", port_id), ("project_id", project_id)])
        if not found:
            raise NotFound(f"Port {port_id} could not be found.", kind="PortNotFound")
        return port_facts(found[0])

    def ports_of_device(self, device_id: str) -> list[PortFacts]:
        """The ports that were given to a server, the oldest first."""
        query = [("device_id", device_id), ("sort_key", "created_at")]
        found = [port_facts(item) for item in self._wire.list("ports", query)]
        # Anybody may write any device into a port of his: only services say "server".
        return [each for each in found if each.device_owner.startswith("compute:")]

    def server_ports(self) -> list[PortFacts]:
        """Every server's ports, whoever owns them (for the doctor)."""
        found = map(port_facts, self._wire.list("ports", ()))
        return [port for port in found if port.device_owner.startswith("compute:")]

    def bind_port(
        self,
        port_id: str,
        *,
        device_id: str,
        host: str,
        device_owner: str = "compute:nova",
        dns_name: str = "",
    ) -> PortFacts:
        """Give an existing port to a server, or move it to another host.

        ``Conflict`` when it is another device's.
        """
        body = {
            "device_id": device_id,
            "device_owner": device_owner,
            "binding:host_id": host,
        }
        if dns_name:
            body["dns_name"] = dns_name
        return self.update_port(port_id, body)

    def add_binding(self, port_id: str, host: str) -> None:
        """Wire a second host up for the port; fine when it is.  ``Conflict`` while
        another one is."""
        path = f"/v2.0/ports/{quote(port_id)}/bindings"
        self._wire.json("POST", path, {"binding": {"host": host}})

    def drop_binding(self, port_id: str, host: str) -> None:
        """Take that back; nothing if it is gone."""
        path = f"/v2.0/ports/{quote(port_id)}/bindings/{quote(host, safe='')}"
        try:
            self._wire.json("DELETE", path)
        except NotFound:
            return

    def unbind_port(self, port_id: str) -> None:
        """Take a port away from its server and keep it; nothing if it is gone."""
        body = {"device_id": "", "device_owner": "", "binding:host_id": ""}
        try:
            self.update_port(port_id, body)
        except NotFound:
            return

    def update_port(self, port_id: str, body: Mapping[str, Any]) -> PortFacts:
        """Change a port as the API allows (``security_groups``, ``fixed_ips`` ...)."""
        path = f"/v2.0/ports/{quote(port_id)}"
        return port_facts(self._wire.json("PUT", path, {"port": dict(body)})["port"])

    def delete_port(self, port_id: str) -> None:
        """Delete a port; nothing if it is gone."""
        try:
            self._wire.json("DELETE", f"/v2.0/ports/{quote(port_id)}")
        except NotFound:
            return

    # ---- what servers show -----------------------------------------------------

    def nics(self, device_ids: Iterable[str]) -> dict[str, tuple[Nic, ...]]:
        """The interfaces of each of these devices, the oldest first, with addresses
        (floating ones too), network and subnets.  Devices without any are left
        out."""
        wanted = list(dict.fromkeys(device_ids))
        found: dict[str, tuple[Nic, ...]] = {}
        for start in range(0, len(wanted), DEVICES_MAX):
            body = {"device_ids": wanted[start : start + DEVICES_MAX]}
            answer = self._wire.json("POST", "/internal/devices", body)
            for device_id, nics in answer["devices"].items():
                found[device_id] = tuple(decode_record(Nic, nic) for nic in nics)
        return found

    def nics_of(self, device_id: str) -> tuple[Nic, ...]:
        """The interfaces of one device."""
        return self.nics([device_id]).get(device_id, ())

    def nic_at(self, network_id: str, address: str) -> Nic | None:
        """Whose address that is on that network: how the metadata service knows
        its caller."""
        query = urlencode({"network_id": network_id, "fixed_ip": address})
        try:
            found = self._wire.json("GET", f"/internal/lookup?{query}")
        except NotFound:
            return None
        return decode_record(Nic, found["nic"])

    # ---- security groups -------------------------------------------------------

    def security_groups(self, project_id: str) -> list[SecurityGroupFacts]:
        """The project's groups; its default group is made when it is not there."""
        return [
            SecurityGroupFacts(item["id"], item["name"], item["description"])
            for item in self._wire.list(
                "security-groups", [("project_id", project_id)], project_id
            )
        ]

    def find_security_group(
        self, project_id: str, name_or_id: str
    ) -> SecurityGroupFacts:
        """One group by id or name.  ``NotFound``; ``Conflict`` when several have that
        name."""
        groups = self.security_groups(project_id)
        found = [each for each in groups if each.id == name_or_id]
        found = found or [each for each in groups if each.name == name_or_id]
        if not found:
            raise NotFound(
                f"Security group {name_or_id} not found for project {project_id}.",
                kind="SecurityGroupNotFound",
            )
        if len(found) > 1:
            raise Conflict(
                f"Multiple security groups found matching '{name_or_id}'."
                " Use an ID to be more specific.",
                kind="SecurityGroupAmbiguous",
            )
        return found[0]

    # ---- agents ----------------------------------------------------------------

    def host_view(self, host: str, since: int = -1) -> bytes | None:
        """The host's view (for ``view_wire.decode_view``); None when nothing has
        changed since that revision."""
        query = urlencode({"since": since, "version": VIEW_VERSION})
        path = f"/internal/hosts/{quote(host, safe='')}/view?{query}"
        answer = self._wire.send("GET", path, accept=(304,), timeout=AGENT_SECONDS)
        content = answer.read()
        return None if answer.status in (204, 304) else content

    def report(self, host: str, report: bytes) -> None:
        """What ``view_wire.encode_report`` wrote: the agent lives, what is wired."""
        path = f"/internal/hosts/{quote(host, safe='')}/report"
        self._wire.send("POST", path, report, timeout=AGENT_SECONDS).read()
