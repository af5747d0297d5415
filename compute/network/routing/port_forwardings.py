"""Port forwardings: ports of a floating IP, each leading to another guest's port.

Such a floating IP stands for no port of its own; it is of use while it has at least
one forwarding, and all of them go through one router.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from compute.network import tables
from compute.network.errors import conflict, invalid, not_found
from compute.network.frame.bodies import Body
from compute.network.frame.collection import Collection, own
from compute.network.frame.fields import TEXT_OR_NULL, UUID, Field, Fields
from compute.network.frame.resource import Definition, Parent
from compute.network.frame.work import Work
from compute.network.links import translations
from compute.network.links.port_list import COLLECTION as PORTS
from compute.network.model import FloatingIp, Port, PortForwarding
from compute.network.routing import forwarded_ports
from compute.network.routing.addressee import fixed_address, serving_router
from compute.network.routing.floating_ips import COLLECTION as FLOATING_IPS
from compute.network.routing.forwarded_ports import PORT_MAX, Ports

PROTOCOLS = ("tcp", "udp")
_PORT = {"type": ["integer", "null"], "minimum": 1, "maximum": PORT_MAX}
FIELDS = Fields(
    Field("internal_port_id", UUID, required=True),
    Field("internal_ip_address", TEXT_OR_NULL, default=None),
    Field("internal_port", _PORT, default=None),
    Field("internal_port_range", TEXT_OR_NULL, default=None),
    Field("external_port", _PORT, default=None),
    Field("external_port_range", TEXT_OR_NULL, default=None),
    Field("protocol", {"enum": [*PROTOCOLS]}, required=True),
    Field("description", TEXT_OR_NULL, default=""),
)
LACKS = (
    "project_id",
    "tenant_id",
    "revision_number",
    "created_at",
    "updated_at",
    "tags",
)


def create_port_forwarding(work: Work, body: Body) -> PortForwarding:
    """One more way in."""
    floating = FLOATING_IPS.find(work, body["floating_ip_id"])
    if floating.port_id:
        raise conflict(
            "FloatingIPPortAlreadyAssociated",
            f"Floating IP {floating.address} ({floating.id}) is associated with port"
            f" {floating.port_id}: it cannot forward ports as well.",
        )
    outer = forwarded_ports.ports_of(body, "external_port")
    inner = forwarded_ports.ports_of(body, "internal_port")
    for ports, name in ((outer, "external_port"), (inner, "internal_port")):
        if ports is None:
            raise invalid(f"{name} or {name}_range must be given.", "BadRequest")
    assert outer is not None and inner is not None
    port_id, address = _addressee(
        work, floating, body["internal_port_id"], body["internal_ip_address"]
    )
    forwarding = PortForwarding(
        **work.new(),
        project_id=floating.project_id,
        description=body["description"] or "",
        floating_ip_id=floating.id,
        port_id=port_id,
        fixed_address=address,
        protocol=body["protocol"],
        outer_first=outer.first,
        outer_last=outer.last,
        inner_first=inner.first,
        inner_last=inner.last,
    )
    _check_ports(work, forwarding, outer, inner)
    work.insert(tables.port_forwardings, forwarding)
    return forwarding


def update_port_forwarding(
    work: Work, forwarding: PortForwarding, body: Body
) -> PortForwarding:
    """Lead elsewhere, or from elsewhere."""
    floating = FLOATING_IPS.find(work, forwarding.floating_ip_id)
    outer = forwarded_ports.ports_of(body, "external_port") or _outer(forwarding)
    inner = forwarded_ports.ports_of(body, "internal_port") or _inner(forwarding)
    protocol = body.get("protocol", forwarding.protocol)
    _check_ports(work, replace(forwarding, protocol=protocol), outer, inner)
    port_id = body.get("internal_port_id", forwarding.port_id)
    wanted = body.get("internal_ip_address")
    if wanted is None and port_id == forwarding.port_id:
        wanted = forwarding.fixed_address
    port_id, address = _addressee(work, floating, port_id, wanted, forwarding.id)
    return work.save(
        tables.port_forwardings,
        forwarding,
        port_id=port_id,
        fixed_address=address,
        protocol=protocol,
        description=body.get("description", forwarding.description) or "",
        outer_first=outer.first,
        outer_last=outer.last,
        inner_first=inner.first,
        inner_last=inner.last,
    )


def delete_port_forwarding(work: Work, forwarding: PortForwarding) -> None:
    """Close that way in."""
    work.delete(tables.port_forwardings, forwarding)
    translations.settle_floating_ips(work, [forwarding.floating_ip_id])


def _addressee(
    work: Work,
    floating: FloatingIp,
    port_id: str,
    wanted: str | None,
    changing: str = "",
) -> tuple[str, str]:
    """The port and address that is led to; the floating IP is on the router between
    them from now on.  ``changing``: the forwarding that leads elsewhere by this."""
    port: Port = PORTS.find(work, port_id)
    if port.project_id != floating.project_id and not work.is_admin:
        raise not_found("PortNotFound", "Port", port.id)
    fixed = fixed_address(work, port, wanted)
    router_id = serving_router(work, port, fixed, floating.external_network_id)
    others = [
        each
        for each in translations.forwardings_of(work, floating_ips=[floating.id])
        if each.id != changing
    ]
    if others and floating.router_id != router_id:
        raise invalid(
            f"All ports that floating IP {floating.id} forwards must be behind router"
            f" {floating.router_id}.",
            "BadRequest",
        )
    if translations.floating_ips_of(work, port.id, fixed.address):
        raise conflict(
            "PortHasBindingFloatingIP",
            f"Cannot forward ports of floating IP {floating.address} ({floating.id}) to"
            f" port {port.id} at {fixed.address}: it has a floating IP.",
        )
    translations.put_on_router(work, floating, router_id)
    return port.id, fixed.address


def _check_ports(
    work: Work, forwarding: PortForwarding, outer: Ports, inner: Ports
) -> None:
    forwarded_ports.check_fit(outer, inner)
    others = [
        each
        for each in translations.forwardings_of(
            work, floating_ips=[forwarding.floating_ip_id]
        )
        if each.id != forwarding.id
    ]
    forwarded_ports.check_total([outer, *map(_outer, others)])
    for each in others:
        if each.protocol == forwarding.protocol and _outer(each).meets(outer):
            raise invalid(
                "A duplicate port forwarding entry with same attributes already exists:"
                f" {each.protocol} port {each.outer_first} to {each.outer_last} of"
                " the floating IP.",
                "BadRequest",
            )


def _outer(forwarding: PortForwarding) -> Ports:
    return Ports(forwarding.outer_first, forwarding.outer_last)


def _inner(forwarding: PortForwarding) -> Ports:
    return Ports(forwarding.inner_first, forwarding.inner_last)


def _present(work: Work, records: Sequence[PortForwarding]) -> list[Body]:
    return [
        {
            "internal_port_id": each.port_id,
            "internal_ip_address": each.fixed_address,
            **forwarded_ports.shown(_inner(each), "internal_port"),
            **forwarded_ports.shown(_outer(each), "external_port"),
            "protocol": each.protocol,
        }
        for each in records
    ]


COLLECTION = Collection(
    singular="port_forwarding",
    plural="port_forwardings",
    title="Port forwarding",
    kind="PortForwarding",
    table=tables.port_forwardings,
    record=PortForwarding,
    present=_present,
    visible=own(tables.port_forwardings),
    columns={
        "internal_port_id": "port_id",
        "internal_ip_address": "fixed_address",
        "internal_port": "inner_first",
        "external_port": "outer_first",
        "protocol": "protocol",
    },
    has_name=False,
    lacks=LACKS,
)
DEFINITION = Definition(
    collection=COLLECTION,
    fields=FIELDS,
    create=create_port_forwarding,
    update=update_port_forwarding,
    delete=delete_port_forwarding,
    path="floatingips/{of}/port_forwardings",
    parent=Parent("floating_ip_id", FLOATING_IPS.find),
    rule="floatingip_port_forwarding",
)
