"""What the caller's project has, as the rooms tell it.

Each list is asked for at most once for a request, and only when somebody looks.  What
others share with the project, the rooms decide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property

from compute.ec2 import ids, vpcs
from compute.ec2.frame.signed import Signer
from compute.ec2.interface_order import hardware_addresses
from compute.ec2.rooms import Rooms
from compute.ec2.vpcs import Layout
from compute.ec2.vpcs import Thing as Thing
from compute.ec2.words import RESERVED, mark
from objectstore.kernel.clock import Clock

# How an address says of which server it is: its description, made with it.
LAUNCHED = f"{RESERVED}launched="
# Of a group's rule: the id of the one in whose place it was put.
RULE_ID = f"{RESERVED}rule"
# For so long a terminated instance is shown; AWS says about an hour.
GONE_SECONDS = 3600


class Inventory:
    """For one request."""

    def __init__(
        self, rooms: Rooms, known: ids.KnownIds, signer: Signer, clock: Clock
    ) -> None:
        self.rooms = rooms
        self.signer = signer
        self._known = known
        self._clock = clock

    def look_again(self) -> Inventory:
        """The same, as it is after something was made or changed."""
        return Inventory(self.rooms, self._known, self.signer, self._clock)

    def now(self) -> int:
        """The time, in whole seconds."""
        return int(self._clock.time())

    # ---- ids -------------------------------------------------------------------

    def id_of(self, kind: str, uuid: str) -> str:
        """A thing's id, which is known from now on."""
        return self._known.note(self.signer.project_id, kind, uuid)

    def uuid(self, kind: str, identifier: str) -> str:
        """The uuid behind an id.  ``Ec2Error``: there is none that the caller sees."""
        if kind == ids.GATEWAY:
            # It is kept by one router, then by another.
            return str(self.layout.gateway(identifier).router["id"])
        if kind == ids.GROUP_RULE and identifier in self._inherited_rules:
            return self._inherited_rules[identifier]
        project = self.signer.project_id
        return self._known.uuid(project, kind, identifier, lambda: self._visible(kind))

    def _visible(self, kind: str) -> list[str]:
        lists: Mapping[str, Callable[[], list[Thing]]] = {
            ids.INSTANCE: lambda: self.servers,
            ids.IMAGE: lambda: self.images,
            ids.VOLUME: lambda: self.volumes,
            ids.SNAPSHOT: lambda: [*self.snapshots, *self.shared_snapshots],
            ids.GROUP: lambda: self.groups,
            ids.PREFIX_LIST: lambda: self.address_groups,
            ids.ADDRESS: lambda: self.addresses,
            ids.ADDRESS_ASSOCIATION: lambda: self.addresses,
            ids.INTERFACE: lambda: self.ports,
            ids.INTERFACE_ATTACHMENT: lambda: self.ports,
            ids.SUBNET: lambda: self.subnets,
            ids.VPC: lambda: self.routers,
            ids.ROUTE_TABLE: lambda: self.routers,
            ids.NAT_GATEWAY: lambda: self.routers,
            ids.GROUP_RULE: lambda: [
                rule for group in self.groups for rule in group["security_group_rules"]
            ],
        }
        return [thing["id"] for thing in lists[kind]()]

    # ---- compute ---------------------------------------------------------------

    @cached_property
    def servers(self) -> list[Thing]:
        """The servers that are there."""
        return list(self.rooms.pages("compute", "servers", "servers", "detail"))

    @cached_property
    def servers_by_id(self) -> Mapping[str, Thing]:
        """Servers that are there by uuid."""
        return {server["id"]: server for server in self.servers}

    @cached_property
    def gone_servers(self) -> list[Thing]:
        """Those that were deleted not long ago."""
        since = datetime.fromtimestamp(self._clock.time() - GONE_SECONDS, UTC)
        # Whatever has changed since then, those that are there as well.
        changed = self.rooms.pages(
            "compute",
            "servers",
            "servers",
            "detail",
            **{"changes-since": since.strftime("%Y-%m-%dT%H:%M:%SZ")},
        )
        return [server for server in changed if server["status"] == "DELETED"]

    @cached_property
    def flavors(self) -> list[Thing]:
        """Instance types."""
        return list(self.rooms.pages("compute", "flavors", "flavors", "detail"))

    @cached_property
    def server_groups(self) -> list[Thing]:
        """Which servers are to be near each other, or apart."""
        found: list[Thing] = self.rooms.get("compute", "os-server-groups")[
            "server_groups"
        ]
        return found

    @cached_property
    def key_pairs(self) -> list[Thing]:
        """The user's."""
        found = self.rooms.pages("compute", "keypairs", "os-keypairs")
        return [each["keypair"] for each in found]

    @cached_property
    def zones(self) -> list[Thing]:
        """Availability zones."""
        answer = self.rooms.get("compute", "os-availability-zone")
        found: list[Thing] = answer["availabilityZoneInfo"]
        return found

    # ---- image and volume --------------------------------------------------------

    @cached_property
    def images(self) -> list[Thing]:
        """Those that the project may use."""
        return list(self.rooms.pages("image", "images", "images"))

    @cached_property
    def volumes(self) -> list[Thing]:
        """With their attachments."""
        return list(self.rooms.pages("volume", "volumes", "volumes", "detail"))

    @cached_property
    def snapshots(self) -> list[Thing]:
        """Of volumes."""
        return list(self.rooms.pages("volume", "snapshots", "snapshots", "detail"))

    @cached_property
    def shared_snapshots(self) -> list[Thing]:
        """Those of others of which the project may make volumes."""
        return list(self.rooms.pages("volume", "snapshots", "snapshots", "shared"))

    @cached_property
    def volumes_by_server(self) -> Mapping[str, list[tuple[Thing, Thing]]]:
        """Volumes with their attachments, by the server's uuid."""
        found = defaultdict(list)
        for volume in self.volumes:
            for attachment in volume["attachments"]:
                found[attachment["server_id"]].append((volume, attachment))
        return found

    # ---- network -----------------------------------------------------------------

    @cached_property
    def networks(self) -> list[Thing]:
        """The project's and those that are shared with it."""
        return [
            network
            for network in self.rooms.pages("network", "networks", "networks")
            if network["project_id"] == self.signer.project_id or network["shared"]
        ]

    @cached_property
    def subnets(self) -> list[Thing]:
        """Of these networks, for IPv4; not those that only join a VPC's routers."""
        return [each for each in self._subnets if not vpcs.is_transit(each)]

    @cached_property
    def _subnets(self) -> list[Thing]:
        networks = {network["id"] for network in self.networks}
        return [
            subnet
            for subnet in self.rooms.pages("network", "subnets", "subnets")
            if subnet["network_id"] in networks and subnet["ip_version"] == 4
        ]

    @cached_property
    def groups(self) -> list[Thing]:
        """Security groups; a VPC's default one is called so here."""
        return [
            {**each, "name": "default"} if mark(each, vpcs.DEFAULT_GROUP) else each
            for each in self._own("security_groups", "security-groups")
        ]

    @cached_property
    def address_groups(self) -> list[Thing]:
        """Named lists of prefixes."""
        return self._own("address_groups", "address-groups")

    def rule_id(self, rule: Thing) -> str:
        """The id of a group's rule: its own, or that of the one it was put for."""
        return mark(rule, RULE_ID) or self.id_of(ids.GROUP_RULE, rule["id"])

    @cached_property
    def _inherited_rules(self) -> Mapping[str, str]:
        return {
            identifier: rule["id"]
            for group in self.groups
            for rule in group["security_group_rules"]
            if (identifier := mark(rule, RULE_ID))
        }

    @cached_property
    def addresses(self) -> list[Thing]:
        """Those that were allocated."""
        return [each for each in self._addresses if not is_launched(each)]

    @cached_property
    def launched_addresses(self) -> list[Thing]:
        """Floating IP addresses that came with instances, and go with them."""
        return [each for each in self._addresses if is_launched(each)]

    @cached_property
    def _addresses(self) -> list[Thing]:
        return self._own("floatingips", "floatingips")

    @cached_property
    def ports(self) -> list[Thing]:
        """Ports."""
        return self._own("ports", "ports")

    @cached_property
    def ports_by_id(self) -> Mapping[str, Thing]:
        """Ports by uuid."""
        return {port["id"]: port for port in self.ports}

    @cached_property
    def routers(self) -> list[Thing]:
        """Routers."""
        return self._own("routers", "routers")

    @cached_property
    def ports_by_server(self) -> Mapping[str, list[Thing]]:
        """The ports of each server, in its own order; many are as old as each other."""
        found = defaultdict(list)
        for port in sorted(self.ports, key=lambda port: str(port.get("created_at"))):
            if port["device_owner"].startswith("compute:"):
                found[port["device_id"]].append(port)
        for server_id, ports in found.items():
            if len(ports) > 1:
                order = hardware_addresses(self.servers_by_id.get(server_id, {}))
                ports.sort(key=lambda port: order.get(port["mac_address"], len(order)))
        return found

    def has_interface(self, server_id: str, hardware_address: str) -> bool:
        """Whether a server has the interface with that address by now."""
        server = self.servers_by_id.get(server_id, {})
        return hardware_address in hardware_addresses(server)

    @cached_property
    def address_by_port(self) -> Mapping[str, Thing]:
        """Floating addresses by the port that they lead to."""
        return {
            address["port_id"]: address
            for address in self._addresses
            if address["port_id"]
        }

    @cached_property
    def subnets_by_id(self) -> Mapping[str, Thing]:
        """Subnets by uuid."""
        return {subnet["id"]: subnet for subnet in self.subnets}

    @cached_property
    def groups_by_id(self) -> Mapping[str, Thing]:
        """Security groups by uuid."""
        return {group["id"]: group for group in self.groups}

    @cached_property
    def layout(self) -> Layout:
        """Which VPCs, route tables and gateways these are."""
        return Layout(self.signer.project_id, self.routers, self.ports, self._subnets)

    def _own(self, name: str, path: str) -> list[Thing]:
        own = {"project_id": self.signer.project_id}
        return list(self.rooms.pages("network", name, path, **own))


def is_launched(address: Thing) -> bool:
    """Whether a floating address was made for a server when that was started."""
    return str(address.get("description") or "").startswith(LAUNCHED)
