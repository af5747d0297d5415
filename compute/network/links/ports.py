"""Ports: create, change, bind to a host, delete.

A port is *bound* when it names a host; the host's agent then wires it and reports it
ACTIVE.  Wherever a guest's port comes to a host, or leaves it, the network's DHCP ports
follow, and the hosts concerned are woken.
"""

from __future__ import annotations

from typing import Any

from compute.network import tables
from compute.network.errors import conflict
from compute.network.frame.bodies import Body
from compute.network.frame.collection import TAGS
from compute.network.frame.resource import Definition
from compute.network.frame.work import Work
from compute.network.links import addressing, networks, port_fields, translations
from compute.network.links.bindings import binding_of, drop_binding
from compute.network.links.dhcp_ports import keep_dhcp_ports
from compute.network.links.dns_names import check_length, domain_name, host_name
from compute.network.links.macs import is_mac_taken, new_mac, parse_mac
from compute.network.links.port_checks import (
    check_device,
    check_owner,
    check_removal,
    check_rewiring,
    check_security,
    check_use,
)
from compute.network.links.port_list import COLLECTION
from compute.network.links.port_moves import moved, watched
from compute.network.links.resolvers import wake_resolvers_beside
from compute.network.links.segments import tunnelled_hosts
from compute.network.links.subnets import on_network
from compute.network.model import (
    ACTIVE,
    DOWN,
    Network,
    Port,
)
from compute.network.port_names import (
    OWNER_DHCP,
    OWNER_FLOATING_IP,
    OWNER_ROUTER_GATEWAY,
    OWNER_ROUTER_INTERFACE,
)
from compute.network.projects.reservations import use_reserved
from compute.network.qos import users
from compute.network.routing.placement import place_routers_of_network
from compute.network.security.membership import choose_groups, groups_of, set_groups
from compute.network.trunks.members import NOBODYS, end_trunk, ports_below
from compute.network.trunks.port_rules import check_in_no_trunk, check_place
from compute.network.trunks.statuses import settle_trunks

# What the resolvers of a port's network answer follows from these.
_NAMING = ("dns_name", "dns_domain", "fixed_ips")
_ROUTER_OWNERS = (OWNER_ROUTER_INTERFACE, OWNER_ROUTER_GATEWAY, OWNER_FLOATING_IP)


def create_port(work: Work, body: Body) -> Port:
    """A new port as a client asks for it."""
    network = networks.COLLECTION.find(work, body["network_id"])
    check_use(work, network, body["project_id"])
    check_owner(work, body["device_owner"])
    return make_port(work, network, body)


def make_port(work: Work, network: Network, body: Body) -> Port:
    """A new port.  ``body`` has all attributes; rights are the caller's affair."""
    owner = body["device_owner"] or ""
    mac = _mac(work, network.id, body["mac_address"])
    security = body["port_security_enabled"]
    port = Port(
        **work.new(),
        project_id=body["project_id"],
        name=body["name"],
        description=body["description"],
        network_id=network.id,
        mac=mac,
        admin_up=body["admin_state_up"],
        status=DOWN,
        device_id=body["device_id"] or "",
        device_owner=owner,
        host=body["binding:host_id"] or "",
        vnic_type=body["binding:vnic_type"] or "normal",
        profile=port_fields.profile(body["binding:profile"]),
        port_security=network.port_security if security is None else security,
        address_pairs=port_fields.address_pairs(body["allowed_address_pairs"]),
        dhcp_options=port_fields.dhcp_options(body["extra_dhcp_opts"]),
        dns_name=host_name(body["dns_name"]),
        dns_domain=domain_name(body["dns_domain"]),
        qos_policy_id=users.chosen(work, body[users.NAME]),
    )
    check_security(port)
    check_length(port.dns_name, port.dns_domain or network.dns_domain)
    pairs = addressing.wanted_addresses(
        work,
        networks.subnets_of(work, [network.id]),
        body["fixed_ips"],
        network_id=network.id,
        mac=mac,
        owner=port.device_owner,
    )
    groups = choose_groups(work, port, body["security_groups"])
    work.insert(tables.ports, port)
    if body["tags"]:
        TAGS.set(work.connection, port.id, sorted(set(body["tags"])))
    addressing.assign(work, port.id, pairs)
    set_groups(work, port.id, groups)
    moved(work, port, "")
    wake_resolvers_beside(work, port)
    watched(work, groups)
    return port


def update_port(work: Work, port: Port, body: Body) -> Port:
    """Change a port as a client asks for it."""
    if body.get("device_owner") not in (None, port.device_owner):
        check_owner(work, body["device_owner"])
    check_rewiring(work, port, body)
    check_device(port, body)
    check_place(work, port, body)
    return change_port(work, port, body)


def change_port(work: Work, port: Port, body: Body) -> Port:
    """Change a port; rights are the caller's affair.  Its subports go where it goes."""
    values = _values(work, port, body)
    if values.get("host", port.host) != port.host:
        for subport in ports_below(work, port.id):
            change_port(work, subport, {"binding:host_id": values["host"]})
        was_awaited = binding_of(work, port.id) == values["host"]
        if drop_binding(work, port) and was_awaited:
            values["status"] = ACTIVE  # its wires are there already
    changed = work.save(tables.ports, port, **values)
    check_security(changed)
    groups = before = groups_of(work, port.id)
    if "security_groups" in body or changed.port_security != port.port_security:
        groups = _groups_after(work, changed, body, before)
        set_groups(work, port.id, groups)
    if "fixed_ips" in body:
        _change_addresses(work, changed, body["fixed_ips"])
    if any(name in body for name in _NAMING):
        check_length(changed.dns_name, changed.dns_domain)
        wake_resolvers_beside(work, changed)
    if (groups != before or "fixed_ips" in body) and changed.revision == port.revision:
        changed = work.bump(tables.ports, changed)
    moved(work, changed, port.host)
    watched(work, [*before, *groups])
    settle_trunks(work, [port.id])
    return changed


def delete_port(work: Work, port: Port) -> None:
    """Take a port away as a client asks for it; not a router's own."""
    if port.device_owner in _ROUTER_OWNERS:
        raise conflict(
            "ServicePortInUse",
            f"Port {port.id} cannot be deleted directly via the port API: has device"
            f" owner {port.device_owner}.",
        )
    check_removal(work, port)
    check_in_no_trunk(work, port)
    remove_port(work, port)
    if port.device_owner == OWNER_DHCP:
        # Its host's guests need it: a new one comes at once.
        keep_dhcp_ports(work, port.network_id)


def remove_port(work: Work, port: Port) -> None:
    """Take a port away with all that hangs on it."""
    for freed in end_trunk(work, port):
        change_port(work, freed, NOBODYS)
    translations.release(work, port)
    drop_binding(work, port)
    groups = groups_of(work, port.id)
    set_groups(work, port.id, [])
    addressing.release(work, port.id)
    work.delete(tables.ports, port)
    work.touch([port.host, *tunnelled_hosts(work, port.network_id)])
    wake_resolvers_beside(work, port)
    if port.is_guest and port.host:
        keep_dhcp_ports(work, port.network_id)
        place_routers_of_network(work, port.network_id)
    elif not port.is_guest:
        work.touch(networks.hosts_of_network(work, port.network_id))
    watched(work, groups)


# ---- parts ---------------------------------------------------------------------


def _values(work: Work, port: Port, body: Body) -> dict[str, Any]:
    """The columns that a PUT changes."""
    plain = {
        "name": "name",
        "description": "description",
        "admin_state_up": "admin_up",
        "device_id": "device_id",
        "device_owner": "device_owner",
        "binding:host_id": "host",
    }
    values: dict[str, Any] = {
        column: body[name] if body[name] is not None else ""
        for name, column in plain.items()
        if name in body
    }
    if body.get("port_security_enabled") is not None:
        values["port_security"] = body["port_security_enabled"]
    if body.get("binding:vnic_type"):
        values["vnic_type"] = body["binding:vnic_type"]
    if "binding:profile" in body:
        values["profile"] = port_fields.profile(body["binding:profile"])
    if "allowed_address_pairs" in body:
        values["address_pairs"] = port_fields.address_pairs(
            body["allowed_address_pairs"]
        )
    if "extra_dhcp_opts" in body:
        values["dhcp_options"] = port_fields.dhcp_options(
            body["extra_dhcp_opts"], port.dhcp_options
        )
    if "dns_name" in body:
        values["dns_name"] = host_name(body["dns_name"])
    if "dns_domain" in body:
        values["dns_domain"] = domain_name(body["dns_domain"])
    values["qos_policy_id"] = users.changed(work, port, body)
    mac = body.get("mac_address", port.mac)
    # Null asks for a new one.
    if mac is None or (mac and parse_mac(mac) != port.mac):
        values["mac"] = _mac(work, port.network_id, mac)
    if values.get("host", port.host) != port.host:
        values["status"] = DOWN
    return values


def _mac(work: Work, network_id: str, wanted: str | None) -> str:
    if not wanted:
        return new_mac(work, network_id)
    mac = parse_mac(wanted)
    if is_mac_taken(work, network_id, mac):
        raise conflict(
            "MacAddressInUse",
            f"Unable to complete operation for network {network_id}. The mac address"
            f" {mac} is in use.",
        )
    return mac


def _groups_after(work: Work, port: Port, body: Body, before: list[str]) -> list[str]:
    if "security_groups" in body:
        wanted = body["security_groups"] or []
        return choose_groups(work, port, wanted)
    if not port.port_security and before:
        raise conflict(
            "PortSecurityPortHasSecurityGroup",
            "Port has security group associated. Cannot disable port security or IP"
            " address until security group is removed.",
        )
    return before


def _change_addresses(work: Work, port: Port, wishes: Any) -> None:
    had = addressing.addresses_of(work, [port.id]).get(port.id, [])
    pairs = addressing.wanted_addresses(
        work,
        networks.subnets_of(work, [port.network_id]),
        wishes or [],
        network_id=port.network_id,
        mac=port.mac,
        keep=had,
        owner=port.device_owner,
    )
    lost = {each.address for each in had} - {address for _, address in pairs}
    user = translations.uses_any(work, port, lost)
    if user:
        raise conflict(
            f"FixedIpAddressInUseBy{user}",
            f"A {user} uses an address of port {port.id}: end that first.",
        )
    addressing.assign(work, port.id, pairs)


DEFINITION = Definition(
    collection=COLLECTION,
    fields=port_fields.FIELDS,
    create=create_port,
    update=update_port,
    delete=delete_port,
    quota="port",
    target=on_network,
    is_promised=use_reserved,
)
