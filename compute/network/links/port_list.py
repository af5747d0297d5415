"""How the API lists and shows ports."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from compute.core.errors import BadRequest
from compute.network import tables
from compute.network.frame.bodies import Body
from compute.network.frame.collection import Collection
from compute.network.frame.work import Work
from compute.network.links.addressing import addresses_of
from compute.network.links.dns_names import assignment
from compute.network.links.port_fields import UNBOUND, VIF_TYPE
from compute.network.links.prefixes import parse_address
from compute.network.links.visibility import port_visible
from compute.network.model import Network, Port
from compute.network.port_names import tap_name
from compute.network.qos import users
from compute.network.security.membership import groups_of_ports
from compute.network.trunks.details import trunk_details

COLUMNS = {
    "network_id": "network_id",
    "mac_address": "mac",
    "admin_state_up": "admin_up",
    "status": "status",
    "device_id": "device_id",
    "device_owner": "device_owner",
    "binding:host_id": "host",
    "binding:vnic_type": "vnic_type",
    "port_security_enabled": "port_security",
    "dns_name": "dns_name",
    "dns_domain": "dns_domain",
    users.NAME: "qos_policy_id",
}
RESTRICTED = frozenset(
    {"binding:host_id", "binding:vif_type", "binding:vif_details", "binding:profile"}
)


def _present(work: Work, ports: Sequence[Port]) -> list[Body]:
    identifiers = [port.id for port in ports]
    addresses = addresses_of(work, identifiers)
    groups = groups_of_ports(work, identifiers)
    networks = _networks(work, {port.network_id for port in ports})
    trunks = trunk_details(work, identifiers)
    return [
        {
            "network_id": port.network_id,
            "mac_address": port.mac,
            "admin_state_up": port.admin_up,
            "status": port.status,
            "device_id": port.device_id,
            "device_owner": port.device_owner,
            "fixed_ips": [
                {"subnet_id": each.subnet_id, "ip_address": each.address}
                for each in addresses.get(port.id, [])
            ],
            "security_groups": groups.get(port.id, []),
            "port_security_enabled": port.port_security,
            "allowed_address_pairs": [
                {
                    "ip_address": pair["ip_address"],
                    "mac_address": pair.get("mac_address", port.mac),
                }
                for pair in port.address_pairs
            ],
            "extra_dhcp_opts": list(port.dhcp_options),
            "dns_name": port.dns_name,
            "dns_domain": port.dns_domain,
            "dns_assignment": [
                assignment(
                    port.dns_name,
                    each.address,
                    port.dns_domain or networks[port.network_id].dns_domain,
                )
                for each in addresses.get(port.id, [])
            ],
            "binding:host_id": port.host,
            "binding:vnic_type": port.vnic_type,
            "binding:vif_type": VIF_TYPE if port.host else UNBOUND,
            "binding:vif_details": _details(port),
            "binding:profile": dict(port.profile),
            users.NAME: port.qos_policy_id or None,
            "qos_network_policy_id": networks[port.network_id].qos_policy_id or None,
            **({"trunk_details": trunks[port.id]} if port.id in trunks else {}),
        }
        for port in ports
    ]


def _details(port: Port) -> Body:
    if not port.host:
        return {}
    return {"port_filter": True, "connectivity": "l2", "tap": tap_name(port.id)}


def _networks(work: Work, network_ids: set[str]) -> dict[str, Network]:
    networks = tables.networks
    found = work.records(Network, networks, networks.c.id.in_(network_ids))
    return {network.id: network for network in found}


def _by_fixed_ips(work: Work, values: list[str]) -> sa.ColumnElement[bool]:
    """``fixed_ips=ip_address=A``, ``subnet_id=S``, ``ip_address_substr=T``: of several
    of one kind any, of several kinds all."""
    addresses, ports = tables.addresses, tables.ports
    wanted: dict[str, list[str]] = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals or name not in ("ip_address", "subnet_id", "ip_address_substr"):
            raise BadRequest(f"Invalid value for fixed_ips: {value[:80]!r}")
        wanted.setdefault(name, []).append(text)
    clauses: list[sa.ColumnElement[bool]] = []
    if "ip_address" in wanted:
        texts = [str(parse_address(text)) for text in wanted["ip_address"]]
        clauses.append(addresses.c.address.in_(texts))
    if "subnet_id" in wanted:
        clauses.append(addresses.c.subnet_id.in_(wanted["subnet_id"]))
    for text in wanted.get("ip_address_substr", ()):
        clauses.append(addresses.c.address.contains(text, autoescape=True))
    return ports.c.id.in_(sa.select(addresses.c.port_id).where(*clauses))


def _by_group(work: Work, values: list[str]) -> sa.ColumnElement[bool]:
    members = tables.port_groups
    found = sa.select(members.c.port_id).where(members.c.group_id.in_(values))
    return tables.ports.c.id.in_(found)


COLLECTION = Collection(
    singular="port",
    plural="ports",
    title="Port",
    kind="Port",
    table=tables.ports,
    record=Port,
    present=_present,
    visible=port_visible,
    columns=COLUMNS,
    special={"fixed_ips": _by_fixed_ips, "security_groups": _by_group},
    restricted=RESTRICTED,
)
