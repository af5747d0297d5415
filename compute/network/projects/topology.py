"""A project's own network, made for it at first use: subnet, router, way out.

``ensure_topology`` makes a network with a subnet that no other subnet meets, and a
router that joins it to the default external network.  A project that has one already
gets that one.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.errors import BadRequest, NotFound
from compute.network import tables
from compute.network.errors import conflict
from compute.network.frame.bodies import Body
from compute.network.frame.quota import check_quota
from compute.network.frame.work import NetworkDatabase, Work
from compute.network.links import networks, prefixes, subnets
from compute.network.links.visibility import network_visible
from compute.network.model import Network, Router
from compute.network.routing.interfaces import add_interface, remove_interface
from compute.network.routing.router_ports import interfaces_of
from compute.network.routing.routers import FIELDS as ROUTER_FIELDS
from compute.network.routing.routers import create_router, delete_router
from objectstore.kernel.reply import Reply

# Names that clients know automatic networks by.
PREFIX = "auto_allocated"
NETWORK_NAME = f"{PREFIX}_network"
DRY_RUN = "dry-run"


def make_network_with_router(
    work: Work,
    project_id: str,
    name: str,
    cidr: str,
    external: Network,
    *,
    prefix: str = "",
    **extra: Any,
) -> tuple[Network, Router]:
    """A network with one subnet and a router to the outside.

    ``prefix``: of these two's names; the network's name unless given.
    """
    prefix = prefix or name
    network = networks.create_network(
        work,
        {**networks.FIELDS.new({"name": name, **extra}), "project_id": project_id},
    )
    wanted = {
        "network_id": network.id,
        "name": f"{prefix}_subnet_v4",
        "cidr": cidr,
        "ip_version": 4,
        "dns_nameservers": list(work.settings.dns_server_list),
    }
    subnet = subnets.create_subnet(
        work, {**subnets.FIELDS.new(wanted), "project_id": project_id}
    )
    gateway = {"network_id": external.id}
    router = create_router(
        work,
        {
            **ROUTER_FIELDS.new({"name": f"{prefix}_router"}),
            "external_gateway_info": gateway,
            "project_id": project_id,
        },
    )
    add_interface(work, router, {"subnet_id": subnet.id})
    return network, router


def ensure_topology(work: Work, project_id: str) -> str:
    """The id of the project's automatic network."""
    topologies = tables.topologies
    rows = work.rows(topologies.select().where(topologies.c.project_id == project_id))
    if rows:
        return str(rows[0]["network_id"])
    external = default_external(work, project_id)
    for resource in ("network", "subnet", "router", "port"):
        check_quota(work, resource, project_id)
    network, router = make_network_with_router(
        work, project_id, NETWORK_NAME, _free_prefix(work), external, prefix=PREFIX
    )
    work.connection.execute(
        topologies.insert().values(
            project_id=project_id, network_id=network.id, router_id=router.id
        )
    )
    work.tell("topology.create", network.id)
    return network.id


def default_external(work: Work, project_id: str) -> Network:
    """The external network that the project's automatic network is joined to."""
    table = tables.networks
    found = work.records(
        Network,
        table,
        table.c.external.is_(True),
        table.c.is_default.is_(True),
        network_visible(work, project_id),
    )
    if not found:
        raise conflict(
            "AutoAllocationFailure",
            "Deployment error: No default router:external network.",
        )
    return found[0]


def _free_prefix(work: Work) -> str:
    taken = work.connection.execute(
        sa.select(tables.subnets.c.cidr).where(tables.subnets.c.version == 4)
    ).scalars()
    settings = work.settings
    found = prefixes.free_prefix(
        [settings.automatic_prefix], taken, settings.automatic_prefix_length
    )
    if found is None:
        raise conflict(
            "AutoAllocationFailure", "No more prefixes for automatic networks."
        )
    return found


class TopologyApi:
    """The routes of automatic networks."""

    def __init__(self, database: NetworkDatabase) -> None:
        self._database = database

    def routes(self) -> list[Route]:
        """GET (which makes it) and DELETE."""
        path = "/v2.0/auto-allocated-topology/{project_id}"
        return [Route("GET", path, self.get), Route("DELETE", path, self.delete)]

    def get(self, call: ApiCall) -> Reply:
        """The project's network; with ``fields=dry-run`` whether there could be one."""
        is_dry = DRY_RUN in call.query.all("fields")
        project_id = self._project(call)

        def work_on(work: Work) -> Body:
            self._allow(work, project_id)
            if is_dry:
                default_external(work, project_id)
                return {"id": "dry-run=pass", "tenant_id": project_id}
            found = ensure_topology(work, project_id)
            return {"id": found, "tenant_id": project_id, "project_id": project_id}

        run = self._database.read if is_dry else self._database.write
        return json_reply(200, {"auto_allocated_topology": run(call.context, work_on)})

    def delete(self, call: ApiCall) -> Reply:
        """Take network and router away; 409 while ports are on it."""
        project_id = self._project(call)

        def work_on(work: Work) -> None:
            self._allow(work, project_id)
            _remove(work, project_id)

        self._database.write(call.context, work_on)
        return empty_reply(204)

    def _project(self, call: ApiCall) -> str:
        wanted = call.parameters["project_id"]
        if wanted in ("None", "null"):  # what some clients send for their own
            wanted = call.context.project_id
        if not wanted:
            raise BadRequest("A project must be named")
        return wanted

    def _allow(self, work: Work, project_id: str) -> None:
        target = {"project_id": project_id}
        if work.policy.allows(work.context, "get_auto_allocated_topology", target):
            return
        if project_id == work.project_id:
            work.policy.enforce(work.context, "get_auto_allocated_topology", target)
        raise NotFound("The resource could not be found.")


def _remove(work: Work, project_id: str) -> None:
    topologies = tables.topologies
    rows = work.rows(topologies.select().where(topologies.c.project_id == project_id))
    if not rows:
        raise NotFound(
            f"There is no auto-allocated topology of project {project_id}.",
            kind="AutoAllocatedTopologyNotFound",
        )
    router = work.find(Router, tables.routers, rows[0]["router_id"])
    if router is not None:
        for port in interfaces_of(work, router.id):
            remove_interface(work, router, {"port_id": port.id})
        current = work.find(Router, tables.routers, router.id)
        assert current is not None
        delete_router(work, current)
    network = work.find(Network, tables.networks, rows[0]["network_id"])
    if network is not None:
        networks.delete_network(work, network)
    work.connection.execute(
        topologies.delete().where(topologies.c.project_id == project_id)
    )
