"""The routers of a host's view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from compute.network import view
from compute.network.frame.work import Work
from compute.network.metering.reach import meters_of
from compute.network.model import Port, Router
from compute.network.port_names import OWNER_ROUTER_INTERFACE
from compute.network.routing.conntrack_helpers import helpers_of


def told_routers(
    work: Work, routers: Sequence[Router], ports: Sequence[Port]
) -> tuple[view.Router, ...]:
    """As agents know them."""
    helpers: dict[str, list[view.ConntrackHelper]] = {}
    for each in helpers_of(work, [router.id for router in routers]):
        told = view.ConntrackHelper(each.helper, each.protocol, each.port)
        helpers.setdefault(each.router_id, []).append(told)
    meters = meters_of(work, routers) if routers else {}
    return tuple(_router(router, ports, helpers, meters) for router in routers)


def told_routes(items: Sequence[Mapping[str, str]]) -> tuple[view.StaticRoute, ...]:
    """Static routes, of routers and of subnets."""
    return tuple(
        view.StaticRoute(item["destination"], item["nexthop"]) for item in items
    )


def _router(
    router: Router,
    ports: Sequence[Port],
    helpers: Mapping[str, Sequence[view.ConntrackHelper]],
    meters: Mapping[str, tuple[view.Meter, ...]],
) -> view.Router:
    own = [port for port in ports if port.device_id == router.id]
    gateway = None
    if any(port.id == router.gateway_port_id for port in own):
        gateway = view.RouterGateway(router.gateway_port_id, router.snat)
    return view.Router(
        id=router.id,
        admin_up=router.admin_up,
        gateway=gateway,
        interfaces=tuple(
            port.id for port in own if port.device_owner == OWNER_ROUTER_INTERFACE
        ),
        routes=told_routes(router.routes),
        helpers=tuple(helpers.get(router.id, ())),
        meters=meters[router.id],
    )
