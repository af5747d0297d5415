"""Floating IPs: addresses of an external network that stand for guests' own."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from compute.network import tables
from compute.network.errors import conflict, invalid
from compute.network.frame.bodies import Body
from compute.network.frame.collection import Collection, own
from compute.network.frame.fields import TEXT_OR_NULL, UUID, UUID_OR_NULL, Field, Fields
from compute.network.frame.resource import Definition
from compute.network.frame.work import Work
from compute.network.links import addressing, translations
from compute.network.links.dns_names import floating_name
from compute.network.links.port_list import COLLECTION as PORTS
from compute.network.links.ports import remove_port
from compute.network.links.resolvers import wake_resolvers_of_project
from compute.network.model import DOWN, FloatingIp, Port, PortForwarding
from compute.network.port_names import OWNER_FLOATING_IP
from compute.network.qos import users
from compute.network.routing import forwarded_ports
from compute.network.routing.addressee import fixed_address, serving_router
from compute.network.routing.forwarded_ports import Ports
from compute.network.routing.gateway import external_network
from compute.network.routing.router_ports import make_router_port

FIELDS = Fields(
    Field("description", TEXT_OR_NULL, default=""),
    Field("floating_network_id", UUID, required=True, update=False),
    Field("floating_ip_address", TEXT_OR_NULL, default=None, update=False),
    Field("subnet_id", UUID_OR_NULL, default=None, update=False),
    Field("port_id", UUID_OR_NULL, default=None),
    Field("fixed_ip_address", TEXT_OR_NULL, default=None),
    Field("dns_domain", TEXT_OR_NULL, default=""),
    Field("dns_name", TEXT_OR_NULL, default=""),
    users.FIELD,
)
COLUMNS = {
    "floating_network_id": "external_network_id",
    "floating_ip_address": "address",
    "port_id": "port_id",
    "fixed_ip_address": "fixed_address",
    "router_id": "router_id",
    "status": "status",
    "dns_name": "dns_name",
    "dns_domain": "dns_domain",
    users.NAME: "qos_policy_id",
}


def create_floating_ip(work: Work, body: Body) -> FloatingIp:
    """Take an address of an external network for the project."""
    network = external_network(work, body["floating_network_id"])
    identity = work.new()
    wish = {
        name: value
        for name, value in (
            ("subnet_id", body["subnet_id"]),
            ("ip_address", body["floating_ip_address"]),
        )
        if value
    }
    dns_name, dns_domain = floating_name(body["dns_name"], body["dns_domain"])
    if dns_name:
        wake_resolvers_of_project(work, body["project_id"])
    port = make_router_port(
        work,
        network,
        owner=OWNER_FLOATING_IP,
        device_id=identity["id"],
        project_id="",
        wishes=[wish] if wish else None,
    )
    held = addressing.addresses_of(work, [port.id]).get(port.id, [])
    four = [each for each in held if ":" not in each.address]
    if not four:
        raise invalid(
            f"Network {network.id} does not contain any IPv4 subnet", "BadRequest"
        )
    addressing.assign(work, port.id, [(four[0].subnet_id, four[0].address)])
    floating = FloatingIp(
        **identity,
        project_id=body["project_id"],
        description=body["description"] or "",
        external_network_id=network.id,
        floating_port_id=port.id,
        address=four[0].address,
        port_id=None,
        fixed_address=None,
        router_id="",
        status=DOWN,
        changed_at=work.revision(),
        dns_name=dns_name,
        dns_domain=dns_domain,
        qos_policy_id=users.chosen(work, body[users.NAME]),
    )
    work.insert(tables.floating_ips, floating)
    if body["port_id"]:
        floating = _associate(work, floating, body)
    elif body["fixed_ip_address"]:
        raise invalid("fixed_ip_address cannot be specified without a port_id.")
    return floating


def update_floating_ip(work: Work, floating: FloatingIp, body: Body) -> FloatingIp:
    """Associate with a port, or with another one; ``port_id`` null parts them, and so
    does a body that says nothing: once there was nothing else that it could mean."""
    if not body:
        body = {"port_id": None}
    if "description" in body:
        floating = work.save(
            tables.floating_ips, floating, description=body["description"] or ""
        )
    if "dns_name" in body or "dns_domain" in body:
        dns_name, dns_domain = floating_name(
            body.get("dns_name", floating.dns_name),
            body.get("dns_domain", floating.dns_domain),
        )
        wake_resolvers_of_project(work, floating.project_id)
        floating = work.save(
            tables.floating_ips, floating, dns_name=dns_name, dns_domain=dns_domain
        )
    policy = users.changed(work, floating, body)
    if policy != floating.qos_policy_id:
        translations.wake_router(work, floating.router_id)
        floating = work.save(tables.floating_ips, floating, qos_policy_id=policy)
    if "port_id" in body or body.get("fixed_ip_address"):
        _refuse_while_forwarding(work, floating)
    if body.get("port_id"):
        return _associate(work, floating, body)
    if "port_id" in body:
        return translations.part(work, floating)
    if body.get("fixed_ip_address"):
        if not floating.port_id:
            raise invalid("fixed_ip_address cannot be specified without a port_id.")
        return _associate(work, floating, {**body, "port_id": floating.port_id})
    return floating


def delete_floating_ip(work: Work, floating: FloatingIp) -> None:
    """Give the address back."""
    _refuse_while_forwarding(work, floating)
    translations.wake_router(work, floating.router_id)
    if floating.dns_name:
        wake_resolvers_of_project(work, floating.project_id)
    work.delete(tables.floating_ips, floating)
    port = work.find(Port, tables.ports, floating.floating_port_id)
    if port is not None:
        remove_port(work, port)


def _refuse_while_forwarding(work: Work, floating: FloatingIp) -> None:
    if translations.forwardings_of(work, floating_ips=[floating.id]):
        raise conflict(
            "FipInUseByPortForwarding",
            f"Floating IP {floating.id} in use by Port Forwarding resources.",
        )


def _associate(work: Work, floating: FloatingIp, body: Body) -> FloatingIp:
    port = PORTS.find(work, body["port_id"])
    if port.project_id != floating.project_id and not work.is_admin:
        raise invalid(
            f"Port {port.id} is of another project than floating IP {floating.id}.",
            "BadRequest",
        )
    fixed = fixed_address(work, port, body.get("fixed_ip_address"))
    router_id = serving_router(work, port, fixed, floating.external_network_id)
    others = translations.floating_ips_of(work, port.id, fixed.address)
    if any(each.id != floating.id for each in others):
        raise conflict(
            "FloatingIPPortAlreadyAssociated",
            f"Cannot associate floating IP {floating.address} ({floating.id}) with port"
            f" {port.id} using fixed IP {fixed.address}, as that fixed IP already has a"
            f" floating IP on external network {floating.external_network_id}.",
        )
    if translations.forwardings_to(work, port.id, fixed.address):
        raise conflict(
            "PortHasPortForwarding",
            f"Cannot associate floating IP {floating.address} ({floating.id}) with port"
            f" {port.id}: ports of another one are forwarded to {fixed.address}.",
        )
    floating = translations.put_on_router(work, floating, router_id)
    return work.save(
        tables.floating_ips, floating, port_id=port.id, fixed_address=fixed.address
    )


def _present(work: Work, records: Sequence[FloatingIp]) -> list[Body]:
    ports = {
        port.id: port
        for port in work.records(
            Port,
            tables.ports,
            tables.ports.c.id.in_({each.port_id for each in records if each.port_id}),
        )
    }
    inherited = users.policies_of_networks(
        work, {each.external_network_id for each in records}
    )
    forwarded: dict[str, list[Body]] = {}
    identifiers = [each.id for each in records]
    for each in translations.forwardings_of(work, floating_ips=identifiers):
        forwarded.setdefault(each.floating_ip_id, []).append(_summary(each))
    return [
        {
            "floating_network_id": each.external_network_id,
            "floating_ip_address": each.address,
            "port_id": each.port_id,
            "fixed_ip_address": each.fixed_address,
            "router_id": each.router_id or None,
            "status": each.status,
            "port_details": _details(ports.get(each.port_id or "")),
            "port_forwardings": forwarded.get(each.id, []),
            users.NAME: each.qos_policy_id or None,
            "qos_network_policy_id": inherited.get(each.external_network_id),
            "dns_domain": each.dns_domain,
            "dns_name": each.dns_name,
        }
        for each in records
    ]


def _summary(forwarding: PortForwarding) -> Body:
    """A forwarding as its floating IP shows it."""
    inner = Ports(forwarding.inner_first, forwarding.inner_last)
    outer = Ports(forwarding.outer_first, forwarding.outer_last)
    ports = {
        **forwarded_ports.shown(inner, "internal_port"),
        **forwarded_ports.shown(outer, "external_port"),
    }
    return {
        "id": forwarding.id,
        "protocol": forwarding.protocol,
        "internal_port_id": forwarding.port_id,
        "internal_ip_address": forwarding.fixed_address,
        **{
            name: value
            for name, value in ports.items()
            # Ranges only where there are some: older clients compare.
            if outer.size > 1 or not name.endswith("_range")
        },
    }


def _details(port: Port | None) -> Body | None:
    if port is None:
        return None
    return {
        "name": port.name,
        "network_id": port.network_id,
        "mac_address": port.mac,
        "admin_state_up": port.admin_up,
        "status": port.status,
        "device_id": port.device_id,
        "device_owner": port.device_owner,
    }


def _by_name(work: Work, values: list[str]) -> sa.ColumnElement[bool]:
    """Clients look a floating IP up by name: its name is its address."""
    return tables.floating_ips.c.address.in_(values)


COLLECTION = Collection(
    singular="floatingip",
    plural="floatingips",
    title="Floating IP",
    kind="FloatingIP",
    table=tables.floating_ips,
    record=FloatingIp,
    present=_present,
    visible=own(tables.floating_ips),
    columns=COLUMNS,
    special={"name": _by_name},
    has_name=False,
)
DEFINITION = Definition(
    collection=COLLECTION,
    fields=FIELDS,
    create=create_floating_ip,
    update=update_floating_ip,
    delete=delete_floating_ip,
    quota="floatingip",
)
