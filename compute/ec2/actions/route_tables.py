"""Route tables: the routers of a VPC, and which of them leads to which subnet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.actions.subnets import asked_subnet
from compute.ec2.actions.vpcs import own_vpc
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, unsupported
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.inventory import Inventory, Thing
from compute.ec2.joining import align, join, lead, leave, part
from compute.ec2.marking import add_words, set_marks, undone
from compute.ec2.views.routes import routes
from compute.ec2.vpcs import ASSOCIATED, OF_VPC, Table
from compute.ec2.words import mark, word

_MISSING = "InvalidRouteTableID.NotFound"


def _associated(name: str) -> Accessor:
    return lambda shown: [each[name] for each in shown["associationSet"]]


def _route(name: str) -> Accessor:
    return lambda shown: [each.get(name) for each in shown["routeSet"]]


FILTERS: Mapping[str, Accessor] = {
    "association.main": _associated("main"),
    "association.route-table-association-id": _associated("routeTableAssociationId"),
    "association.route-table-id": _associated("routeTableId"),
    "association.subnet-id": lambda shown: [
        each["subnetId"] for each in shown["associationSet"] if "subnetId" in each
    ],
    "owner-id": lambda shown: shown["ownerId"],
    "route-table-id": lambda shown: shown["routeTableId"],
    "route.destination-cidr-block": _route("destinationCidrBlock"),
    "route.gateway-id": _route("gatewayId"),
    "route.instance-id": _route("instanceId"),
    "route.nat-gateway-id": _route("natGatewayId"),
    "route.origin": _route("origin"),
    "route.state": _route("state"),
    "vpc-id": lambda shown: shown["vpcId"],
}


def describe(call: Call) -> Document:
    """``DescribeRouteTables``."""
    tables = call.inventory.layout.tables
    wanted = call.parameters.texts("RouteTableId")
    shown = [
        document(call.inventory, each)
        for each in ids.named(tables, ids.ROUTE_TABLE, wanted)
    ]
    found = chosen(shown, asked_filters(call.parameters), FILTERS)
    key = "routeTableId"
    found, token = page(call.parameters, found, lambda each: str(each[key]))
    return {"routeTableSet": found, "nextToken": token}


def document(inventory: Inventory, table: Table) -> dict[str, Any]:
    """A table as it is shown."""
    return {
        "routeTableId": table.id,
        "vpcId": table.vpc,
        "ownerId": inventory.signer.project_id,
        "routeSet": routes(inventory, table),
        "associationSet": _associations(inventory, table),
        "propagatingVgwSet": [],
        "tagSet": (
            tagging.tag_set(ids.ROUTE_TABLE, table.router) if table.router else []
        ),
    }


def _associations(inventory: Inventory, table: Table) -> list[dict[str, Any]]:
    """The main table is its VPC's, and has the subnets that were given to no other,
    of which nothing is said unless somebody has said it."""
    state = {"state": "associated"}
    found: list[dict[str, Any]] = []
    if table.is_main:
        identifier = table.id.removeprefix(f"{ids.ROUTE_TABLE}-")
        found.append(
            {
                "routeTableAssociationId": f"{ids.TABLE_ASSOCIATION}-{identifier}",
                "routeTableId": table.id,
                "main": True,
                "associationState": state,
            }
        )
    for subnet in table.subnets:
        if not table.is_main or mark(subnet, ASSOCIATED):
            found.append(
                {
                    "routeTableAssociationId": _association_id(subnet),
                    "routeTableId": table.id,
                    "subnetId": inventory.id_of(ids.SUBNET, subnet["id"]),
                    "main": False,
                    "associationState": state,
                }
            )
    return found


def _association_id(subnet: Thing) -> str:
    return ids.ec2_id(ids.TABLE_ASSOCIATION, subnet["id"])


def create(call: Call) -> Document:
    """``CreateRouteTable``: one more router, which meets those that the VPC has."""
    parameters, inventory, rooms = call.parameters, call.inventory, call.rooms
    vpc = own_vpc(call, parameters.required("VpcId"))
    token = tagging.client_token(parameters)
    if before := tagging.made_with(inventory.routers, token):
        return _made(inventory, before["id"])
    holder = tagging.HOLDERS[ids.ROUTE_TABLE]
    tags = tagging.tags_for_new(parameters, ids.ROUTE_TABLE)[ids.ROUTE_TABLE]
    wanted = {"name": tags.get(tagging.NAME, f"route table of {vpc.id}")}
    with coded(limit="RouteTableLimitExceeded", missing="InvalidVpcID.NotFound"):
        made = rooms.post("network", "routers", body={"router": wanted})["router"]
        with undone(rooms, "network", "routers", made["id"]):
            words = [*tagging.words_for(holder, tags), word(OF_VPC, vpc.id)]
            words += tagging.token_words(token)
            add_words(rooms, "routers", made["id"], words)
            join(inventory, vpc, made["id"])
    align(inventory, vpc.id)
    return _made(inventory.look_again(), made["id"])


def _made(inventory: Inventory, router_id: str) -> Document:
    identifier = inventory.id_of(ids.ROUTE_TABLE, router_id)
    return {"routeTable": document(inventory, inventory.layout.table(identifier))}


def delete(call: Call) -> Document:
    """``DeleteRouteTable``: one that no subnet has, and not the main one."""
    layout = call.inventory.layout
    table = layout.table(call.parameters.required("RouteTableId"))
    if table.is_main or table.subnets or table.router is None:
        text = f"The routeTable '{table.id}' has dependencies and cannot be deleted."
        raise Ec2Error("DependencyViolation", text)
    with coded(missing=_MISSING, state="DependencyViolation"):
        transit = layout.vpcs[table.vpc].transit if table.address else None
        part(call.inventory, table.router, transit)
        call.rooms.delete("network", "routers", table.router["id"])
    return {"return": True}


# ---- associations --------------------------------------------------------------------


def associate(call: Call) -> Document:
    """``AssociateRouteTable``: a subnet of the same VPC, which has been given to no
    table but the main one."""
    subnet = asked_subnet(call)
    layout = call.inventory.layout
    table = layout.table(call.parameters.required("RouteTableId"))
    before = layout.table_of(subnet["id"])
    if before.id == table.id or not before.is_main or mark(subnet, ASSOCIATED):
        if before.id != table.id:
            text = f"The subnet is already associated with {before.id}"
            raise Ec2Error("Resource.AlreadyAssociated", text)
        if table.is_main:
            set_marks(call.inventory, "subnets", subnet, {ASSOCIATED: "true"})
    else:
        _move(call, subnet, table)
    return _answer(subnet)


def replace(call: Call) -> Document:
    """``ReplaceRouteTableAssociation``: a subnet's; a VPC's main table stays."""
    subnet = _of_association(call)
    table = call.inventory.layout.table(call.parameters.required("RouteTableId"))
    _move(call, subnet, table)
    marks = {ASSOCIATED: "true" if table.is_main else ""}
    set_marks(call.inventory, "subnets", subnet, marks)
    return {"newAssociationId": _association_id(subnet), **_STATE}


def disassociate(call: Call) -> Document:
    """``DisassociateRouteTable``: its subnet has the main table again."""
    subnet = _of_association(call)
    layout = call.inventory.layout
    vpc = layout.vpcs[layout.vpc_of(subnet["id"])]
    _move(call, subnet, vpc.tables[0])
    set_marks(call.inventory, "subnets", subnet, {ASSOCIATED: ""})
    return {"return": True}


_STATE = {"associationState": {"state": "associated"}}


def _answer(subnet: Thing) -> Document:
    return {"associationId": _association_id(subnet), **_STATE}


def _of_association(call: Call) -> Thing:
    """The subnet of an association that a request names.  ``Ec2Error``."""
    identifier = call.parameters.required("AssociationId")
    ids.check_form(ids.TABLE_ASSOCIATION, identifier)
    for table in call.inventory.layout.tables.values():
        shown = _associations(call.inventory, table)
        if identifier in {each["routeTableAssociationId"] for each in shown}:
            for subnet in table.subnets:
                if _association_id(subnet) == identifier:
                    return subnet
            raise unsupported("AssociationId", "A VPC's main route table stays.")
    raise ids.not_found(ids.TABLE_ASSOCIATION, identifier)


def _move(call: Call, subnet: Thing, table: Table) -> None:
    """Have another router lead to a subnet.  Not while floating addresses of it need
    the one that does."""
    inventory = call.inventory
    before = inventory.layout.table_of(subnet["id"])
    if before.id == table.id:
        return
    if before.vpc != table.vpc or before.router is None or table.router is None:
        text = f"{table.id} and the subnet belong to different networks"
        raise Ec2Error("InvalidParameterValue", text)
    with coded(missing=_MISSING, state="DependencyViolation"):
        leave(inventory, before.router["id"], subnet["id"])
        try:
            lead(inventory, table.router["id"], subnet["id"])
        except BaseException:
            lead(inventory, before.router["id"], subnet["id"])
            raise
    align(inventory, table.vpc)


ACTIONS = {
    "DescribeRouteTables": Action(describe, "RouteTableId Filter MaxResults NextToken"),
    "CreateRouteTable": Action(
        create, "VpcId TagSpecification ClientToken", is_alone=True
    ),
    "DeleteRouteTable": Action(delete, "RouteTableId", is_alone=True),
    "AssociateRouteTable": Action(associate, "RouteTableId SubnetId", is_alone=True),
    "ReplaceRouteTableAssociation": Action(
        replace, "AssociationId RouteTableId", is_alone=True
    ),
    "DisassociateRouteTable": Action(disassociate, "AssociationId", is_alone=True),
}
