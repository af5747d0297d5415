"""What of the network room is a VPC, its route tables and its internet gateway.

A VPC is a router of the project with the subnets that it leads to.  It is also the
main route table of that VPC.  Further route tables are routers of their own, which say
of which VPC they are; a subnet is associated with the table whose router leads to it.
The routers of one VPC meet on a network that nothing else is on, its transit: there
each is told which subnets the others lead to, and these are the routes named `local`.

What the project has without a router of its own is in one more VPC, the default.

A NAT gateway is a router, too: it leads out, and meets the others on the transit.

An internet gateway that is attached is what the routers' external gateways are shown
as.  One that is not is a router that leads nowhere, and keeps its id and its tags.

Nothing here asks anybody; it is all decided from lists.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Network, collapse_addresses
from typing import Any

from compute.ec2 import ids
from compute.ec2.words import RESERVED, mark

Thing = Mapping[str, Any]

ROUTER_INTERFACE = "network:router_interface"
# The block that a VPC was ordered with, if it was, and those that came later.
CIDR = f"{RESERVED}cidr"
MORE_CIDRS = f"{RESERVED}more-cidrs"
# Of a router: it is a table of that VPC.  Of a group: it was made for it.
OF_VPC = f"{RESERVED}vpc"
# Of a subnet: it is there for the routers of that VPC to meet.
TRANSIT = f"{RESERVED}transit"
# Of a router: the gateway that is attached to this VPC, or that it stands for.
ATTACHED_GATEWAY = f"{RESERVED}gateway"
LONE_GATEWAY = f"{RESERVED}lone-gateway"
# Of a router: it is a NAT gateway of that VPC, ordered for that subnet.
NAT_OF = f"{RESERVED}nat"
NAT_SUBNET = f"{RESERVED}nat-subnet"
# Of a subnet: it was associated with its VPC's main table, which it had anyway.
ASSOCIATED = f"{RESERVED}associated"
PUBLIC = f"{RESERVED}public"  # of a subnet: its instances get public addresses
ALONE = f"{RESERVED}alone"  # of a subnet: its network was made with it
# Of a group: it is its VPC's default one.
DEFAULT_GROUP = f"{RESERVED}default-group"
EVERYWHERE = "0.0.0.0/0"


def is_transit(subnet: Thing) -> bool:
    """Whether it only joins the routers of a VPC."""
    return bool(mark(subnet, TRANSIT))


@dataclass(frozen=True, slots=True)
class Table:
    """A route table; ``router`` is None for the default VPC's, ``subnets`` those that
    its router leads to, ``address`` its own on the transit, or empty."""

    id: str
    vpc: str
    is_main: bool
    router: Thing | None
    subnets: tuple[Thing, ...]
    address: str = ""


@dataclass(frozen=True, slots=True)
class Nat:
    """A NAT gateway; ``address``: its own on the transit, or empty."""

    id: str
    vpc: str
    router: Thing
    address: str


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC, with its main table first."""

    id: str
    router: Thing | None
    tables: tuple[Table, ...]
    transit: Thing | None = None
    nats: tuple[Nat, ...] = ()

    @property
    def is_default(self) -> bool:
        """Whether it is what has no router."""
        return self.router is None

    @property
    def subnets(self) -> list[Thing]:
        """Its subnets."""
        return [subnet for table in self.tables for subnet in table.subnets]

    @property
    def blocks(self) -> list[str]:
        """Its addresses: what it was ordered with, else those of its subnets."""
        if self.router is not None and (ordered := mark(self.router, CIDR)):
            return [ordered, *mark(self.router, MORE_CIDRS).split()]
        given = [IPv4Network(subnet["cidr"]) for subnet in self.subnets]
        return [str(block) for block in collapse_addresses(given)]


@dataclass(frozen=True, slots=True)
class Gateway:
    """An internet gateway, kept by ``router``; ``vpc`` is None while it is attached to
    none, ``is_kept``: it was made as one."""

    id: str
    router: Thing
    vpc: Vpc | None
    is_kept: bool = True


@dataclass
class Layout:
    """A project's network as EC2 has it, from what the room lists."""

    project_id: str
    routers: Sequence[Thing]
    ports: Sequence[Thing]
    every_subnet: Sequence[Thing] = field(default=())

    @cached_property
    def default(self) -> str:
        """The id of the default VPC."""
        return ids.ec2_id(ids.VPC, self.project_id)

    @cached_property
    def vpcs(self) -> Mapping[str, Vpc]:
        """All of them by their ids, the default first."""
        found = {self.default: self._default_vpc()}
        tables = defaultdict(list)
        for router in self._leading:
            tables[self._vpc_of_router[router["id"]]].append(self._table(router))
        # One that a process was just beginning is none before a router is there.
        met = {each["subnet_id"] for at in self._places.values() for each in at}
        subnets = sorted(self.every_subnet, key=lambda each: each["id"] in met)
        transits = {mark(each, TRANSIT): each for each in subnets}
        for identifier, each in tables.items():
            each.sort(key=lambda table: not table.is_main)
            transit = transits.get(identifier)
            nats = tuple(nat for nat in self.nats.values() if nat.vpc == identifier)
            main = each[0].router
            found[identifier] = Vpc(identifier, main, tuple(each), transit, nats)
        return found

    @cached_property
    def nats(self) -> Mapping[str, Nat]:
        """All NAT gateways by their ids."""
        found = {}
        for router in self.routers:
            if vpc := mark(router, NAT_OF):
                name = ids.ec2_id(ids.NAT_GATEWAY, router["id"])
                found[name] = Nat(name, vpc, router, self._on_transit(router))
        return found

    @cached_property
    def tables(self) -> Mapping[str, Table]:
        """All route tables by their ids."""
        every = (table for vpc in self.vpcs.values() for table in vpc.tables)
        return {table.id: table for table in every}

    @cached_property
    def gateways(self) -> Mapping[str, Gateway]:
        """All internet gateways by their ids."""
        found = {
            identifier: Gateway(identifier, router, None)
            for router in self.routers
            if (identifier := mark(router, LONE_GATEWAY))
        }
        for vpc in self.vpcs.values():
            if vpc.router is None:
                continue
            identifier = mark(vpc.router, ATTACHED_GATEWAY)
            leads_out = any(
                table.router and table.router["external_gateway_info"]
                for table in vpc.tables
            )
            if identifier or leads_out:
                # One that is attached is not alone, though it may just have been.
                shown = identifier or ids.ec2_id(ids.GATEWAY, vpc.router["id"])
                found[shown] = Gateway(shown, vpc.router, vpc, bool(identifier))
        return found

    def gateway(self, identifier: str) -> Gateway:
        """The one with that id.  ``Ec2Error``."""
        return ids.named(self.gateways, ids.GATEWAY, [identifier])[0]

    def gateway_of(self, vpc: str) -> Gateway | None:
        """The one that is attached to a VPC."""
        for gateway in self.gateways.values():
            if gateway.vpc is not None and gateway.vpc.id == vpc:
                return gateway
        return None

    def vpc(self, identifier: str) -> Vpc:
        """The one with that id.  ``Ec2Error``."""
        return ids.named(self.vpcs, ids.VPC, [identifier])[0]

    def table(self, identifier: str) -> Table:
        """The one with that id.  ``Ec2Error``."""
        return ids.named(self.tables, ids.ROUTE_TABLE, [identifier])[0]

    def table_of(self, subnet_id: str) -> Table:
        """The table that a subnet is associated with, or the main one of its VPC."""
        if subnet_id in self._table_by_subnet:
            return self._table_by_subnet[subnet_id]
        return self.vpcs[self.default].tables[0]

    def vpc_of(self, subnet_id: str) -> str:
        """The id of the VPC that a subnet is in."""
        return self.table_of(subnet_id).vpc

    # ---- from lists ------------------------------------------------------------------

    @cached_property
    def _leading(self) -> list[Thing]:
        return [
            each
            for each in self.routers
            if not mark(each, LONE_GATEWAY) and not mark(each, NAT_OF)
        ]

    @cached_property
    def _vpc_of_router(self) -> Mapping[str, str]:
        """A table whose VPC is gone is a VPC by itself."""
        own = {each["id"]: ids.ec2_id(ids.VPC, each["id"]) for each in self._leading}
        mains = {own[each["id"]] for each in self._leading if not mark(each, OF_VPC)}
        found = dict(own)
        for each in self._leading:
            if (said := mark(each, OF_VPC)) in mains:
                found[each["id"]] = said
        return found

    @cached_property
    def _places(self) -> Mapping[str, list[Thing]]:
        """Where each router is: its addresses in subnets."""
        found: defaultdict[str, list[Thing]] = defaultdict(list)
        for port in self.ports:
            if port["device_owner"] == ROUTER_INTERFACE:
                found[port["device_id"]] += port["fixed_ips"]
        return found

    @cached_property
    def _table_by_subnet(self) -> Mapping[str, Table]:
        return {
            subnet["id"]: table
            for vpc in self.vpcs.values()
            for table in vpc.tables
            for subnet in table.subnets
        }

    def _places_of(self, router: Thing) -> list[tuple[Thing, str]]:
        """The subnets that a router is on, and its addresses there."""
        by_id = {subnet["id"]: subnet for subnet in self.every_subnet}
        places = self._places.get(router["id"], [])
        at = [(by_id.get(each["subnet_id"]), each["ip_address"]) for each in places]
        return [(subnet, address) for subnet, address in at if subnet]

    def _on_transit(self, router: Thing) -> str:
        for subnet, address in self._places_of(router):
            if is_transit(subnet):
                return address
        return ""

    def _table(self, router: Thing) -> Table:
        vpc = self._vpc_of_router[router["id"]]
        return Table(
            ids.ec2_id(ids.ROUTE_TABLE, router["id"]),
            vpc,
            vpc == ids.ec2_id(ids.VPC, router["id"]),
            router,
            tuple(each for each, _ in self._places_of(router) if not is_transit(each)),
            self._on_transit(router),
        )

    def _default_vpc(self) -> Vpc:
        led_to = {
            place["subnet_id"]
            for router in self._leading
            for place in self._places.get(router["id"], [])
        }
        rest = tuple(
            subnet
            for subnet in self.every_subnet
            if subnet["id"] not in led_to and not is_transit(subnet)
        )
        identifier = ids.ec2_id(ids.ROUTE_TABLE, self.project_id)
        table = Table(identifier, self.default, True, None, rest)
        return Vpc(self.default, None, (table,))
