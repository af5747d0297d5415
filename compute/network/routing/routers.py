"""Routers: create, change, delete, and how the API shows them."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import sqlalchemy as sa

from compute.network import tables
from compute.network.errors import conflict, invalid
from compute.network.frame.bodies import Body
from compute.network.frame.collection import Collection, own
from compute.network.frame.fields import (
    BOOLEAN,
    TEXT,
    TEXTS,
    UUID_OR_NULL,
    Field,
    Fields,
    objects,
)
from compute.network.frame.resource import Definition
from compute.network.frame.work import Work
from compute.network.links.addressing import addresses_of
from compute.network.links.networks import AVAILABILITY_ZONE
from compute.network.links.prefixes import IPNetwork, parse_prefix
from compute.network.links.subnet_fields import host_routes
from compute.network.links.subnets import ROUTES
from compute.network.model import ACTIVE, Port, Router
from compute.network.qos import users
from compute.network.routing.gateway import clear_gateway, set_gateway
from compute.network.routing.router_ports import connected, gateway_of, interfaces_of

FIXED_IPS = objects(
    {"subnet_id": {"type": "string", "maxLength": 36}, "ip_address": TEXT}
)
GATEWAY = {
    "type": ["object", "null"],
    "properties": {
        "network_id": {"type": ["string", "null"], "format": "uuid", "maxLength": 36},
        "enable_snat": {"type": "boolean"},
        "external_fixed_ips": FIXED_IPS,
        users.NAME: UUID_OR_NULL,
    },
    "additionalProperties": False,
}
# A router here is one namespace on one host.
NEVER = {"enum": [False, None]}

FIELDS = Fields(
    Field("name", TEXT, default=""),
    Field("description", TEXT, default=""),
    Field("admin_state_up", BOOLEAN, default=True),
    Field("external_gateway_info", GATEWAY, default=None),
    Field("availability_zone_hints", TEXTS, default=[], update=False),
    Field("routes", ROUTES, create=False),
    Field("distributed", NEVER, default=False),
    Field("ha", NEVER, default=False),
)


def create_router(work: Work, body: Body) -> Router:
    """A new router."""
    router = Router(
        **work.new(),
        project_id=body["project_id"],
        name=body["name"],
        description=body["description"],
        admin_up=body["admin_state_up"],
        status=ACTIVE,
        host="",
        external_network_id="",
        gateway_port_id="",
        snat=True,
        routes=[],
        availability_zone_hints=body["availability_zone_hints"],
    )
    work.insert(tables.routers, router)
    if body["external_gateway_info"]:
        router = set_gateway(work, router, body["external_gateway_info"])
    return router


def update_router(work: Work, router: Router, body: Body) -> Router:
    """Change it; ``external_gateway_info`` null or empty takes the gateway away."""
    plain = {
        "name": "name",
        "description": "description",
        "admin_state_up": "admin_up",
    }
    values = {column: body[name] for name, column in plain.items() if name in body}
    work.touch([router.host])
    changed = work.save(tables.routers, router, **values)
    if "external_gateway_info" in body:
        wanted = body["external_gateway_info"]
        if wanted and wanted.get("network_id"):
            changed = set_gateway(work, changed, wanted)
        else:
            changed = clear_gateway(work, changed)
    if "routes" in body:
        changed = _set_routes(work, changed, host_routes(body["routes"] or []))
    return changed


def delete_router(work: Work, router: Router) -> None:
    """Take it away with its gateway; ``RouterInUse`` while it has interfaces."""
    if interfaces_of(work, router.id):
        raise conflict(
            "RouterInUse", f"Router {router.id} still has ports: it is in use."
        )
    work.touch([router.host])
    clear_gateway(work, router)
    work.connection.execute(
        tables.topologies.delete().where(tables.topologies.c.router_id == router.id)
    )
    helpers = tables.conntrack_helpers
    work.connection.execute(helpers.delete().where(helpers.c.router_id == router.id))
    work.delete(tables.routers, router)


def change_routes(
    work: Work, router: Router, routes: Sequence[dict[str, str]], adding: bool
) -> Router:
    """Add routes to those that the router has, or take some away."""
    given = host_routes(routes)
    if adding:
        kept = list(router.routes)
        kept += [route for route in given if route not in kept]
    else:
        kept = [dict(route) for route in router.routes if route not in given]
    work.touch([router.host])
    return _set_routes(work, router, [dict(route) for route in kept])


def _set_routes(work: Work, router: Router, routes: list[dict[str, str]]) -> Router:
    gateway = gateway_of(work, router)
    ports = [*interfaces_of(work, router.id), *([gateway] if gateway else [])]
    reachable = [parse_prefix(each.cidr) for _, _, each in connected(work, ports)]
    own_addresses = {
        each.address
        for held in addresses_of(work, _ids(ports)).values()
        for each in held
    }
    for route in routes:
        hop = route["nexthop"]
        if not any(_holds(prefix, hop) for prefix in reachable):
            raise invalid(
                f"Invalid format for routes: [{route}], the nexthop is not connected"
                " with router",
                "InvalidRoutes",
            )
        if hop in own_addresses:
            raise invalid(
                f"Invalid format for routes: [{route}], the nexthop is used by router",
                "InvalidRoutes",
            )
    return work.save(tables.routers, router, routes=routes)


def _ids(ports: Sequence[Port]) -> list[str]:
    return [port.id for port in ports]


def _holds(prefix: IPNetwork, address: str) -> bool:
    return ipaddress.ip_address(address) in prefix


def _present(work: Work, routers: Sequence[Router]) -> list[Body]:
    gateways = [each.gateway_port_id for each in routers if each.gateway_port_id]
    addresses = addresses_of(work, gateways)
    helpers = _helpers(work, [router.id for router in routers])
    shown = []
    for router in routers:
        info = None
        if router.external_network_id:
            info = {
                "network_id": router.external_network_id,
                "enable_snat": router.snat,
                users.NAME: router.qos_policy_id or None,
                "external_fixed_ips": [
                    {"subnet_id": each.subnet_id, "ip_address": each.address}
                    for each in addresses.get(router.gateway_port_id, [])
                ],
            }
        shown.append(
            {
                "admin_state_up": router.admin_up,
                "status": router.status,
                "external_gateway_info": info,
                "enable_snat": router.snat,
                "routes": list(router.routes),
                "conntrack_helpers": helpers.get(router.id, []),
                "availability_zone_hints": list(router.availability_zone_hints),
                "availability_zones": [AVAILABILITY_ZONE] if router.host else [],
            }
        )
    return shown


def _helpers(work: Work, routers: Sequence[str]) -> dict[str, list[Body]]:
    table = tables.conntrack_helpers
    found: dict[str, list[Body]] = {}
    for row in work.rows(
        table.select()
        .where(table.c.router_id.in_(list(routers)))
        .order_by(table.c.created_at, table.c.id)
    ):
        shown = {name: row[name] for name in ("helper", "protocol", "port")}
        found.setdefault(row["router_id"], []).append(shown)
    return found


def _never(work: Work, values: list[str]) -> sa.ColumnElement[bool]:
    wanted = any(value.lower() in ("false", "0", "f", "no") for value in values)
    return sa.true() if wanted else sa.false()


COLLECTION = Collection(
    singular="router",
    plural="routers",
    title="Router",
    kind="Router",
    table=tables.routers,
    record=Router,
    present=_present,
    visible=own(tables.routers),
    columns={"admin_state_up": "admin_up", "status": "status", "enable_snat": "snat"},
    special={"ha": _never, "distributed": _never},
)
DEFINITION = Definition(
    collection=COLLECTION,
    fields=FIELDS,
    create=create_router,
    update=update_router,
    delete=delete_router,
    quota="router",
)
