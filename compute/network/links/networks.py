"""Networks: create, change, delete, and how the API shows them."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from compute.core.errors import PolicyNotAuthorized
from compute.network import tables
from compute.network.client_wire import USABLE_BY
from compute.network.errors import conflict
from compute.network.frame.bodies import Body
from compute.network.frame.collection import Collection, is_service
from compute.network.frame.fields import (
    BOOLEAN,
    INTEGER_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    TEXTS,
    Field,
    Fields,
)
from compute.network.frame.resource import Definition
from compute.network.frame.work import Work
from compute.network.links.dns_names import domain_name
from compute.network.links.network_checks import (
    give_back_floating_ips,
    only_default,
    refuse_while_external,
    refuse_while_shared,
)
from compute.network.links.network_wires import (
    check_mtu,
    check_mtu_of_version,
    default_mtu,
    provider,
)
from compute.network.links.outside import keep_outside, lend_outside_to_all
from compute.network.links.scopes import scopes_of
from compute.network.links.visibility import (
    SHARED,
    end_policies,
    lent,
    network_visible,
    shared_with,
    usable_by,
)
from compute.network.model import ACTIVE, Network, Port, Subnet
from compute.network.port_names import OWNER_DHCP
from compute.network.qos import users
from compute.network.qos.policies import default_policy

AVAILABILITY_ZONE = "nova"

FIELDS = Fields(
    Field("name", TEXT, default=""),
    Field("description", TEXT, default=""),
    Field("admin_state_up", BOOLEAN, default=True),
    Field("mtu", {"type": ["integer", "null"]}, default=None),
    Field("shared", BOOLEAN, default=False),
    Field("router:external", BOOLEAN, default=False),
    Field("is_default", BOOLEAN, default=False),
    Field("port_security_enabled", BOOLEAN, default=True),
    Field("dns_domain", TEXT, default=""),
    Field("availability_zone_hints", TEXTS, default=[], update=False),
    Field("provider:network_type", TEXT_OR_NULL, default=None),
    Field("provider:physical_network", TEXT_OR_NULL, default=None),
    Field("provider:segmentation_id", INTEGER_OR_NULL, default=None),
    users.FIELD,
)
COLUMNS = {
    "admin_state_up": "admin_up",
    "status": "status",
    "mtu": "mtu",
    "router:external": "external",
    "is_default": "is_default",
    "port_security_enabled": "port_security",
    "provider:network_type": "network_type",
    "provider:physical_network": "physical_network",
    "dns_domain": "dns_domain",
    users.NAME: "qos_policy_id",
}


def create_network(work: Work, body: Body) -> Network:
    """A new network."""
    network_type, physical = provider(work, body)
    network = Network(
        **work.new(),
        project_id=body["project_id"],
        name=body["name"],
        description=body["description"],
        admin_up=body["admin_state_up"],
        status=ACTIVE,
        mtu=check_mtu(work, body["mtu"])
        or default_mtu(work, network_type, external=body["router:external"]),
        external=body["router:external"],
        shared=body["shared"],
        is_default=body["is_default"],
        port_security=body["port_security_enabled"],
        network_type=network_type,
        physical_network=physical,
        dns_domain=domain_name(body["dns_domain"]),
        availability_zone_hints=body["availability_zone_hints"],
        qos_policy_id=users.chosen(work, body[users.NAME])
        or default_policy(work, body["project_id"]),
    )
    if network.is_default:
        only_default(work, network.id)
    if network.external:
        lend_outside_to_all(work, network)
    return work.insert(tables.networks, network)


def update_network(work: Work, network: Network, body: Body) -> Network:
    """Change it."""
    external = body.get("router:external", network.external)
    if network.external and not external:
        refuse_while_external(work, network)
        keep_outside(work, network)
    if external and not network.external:
        lend_outside_to_all(work, network)
    if network.shared and body.get("shared") is False:
        refuse_while_shared(work, network)
    if body.get("is_default"):
        only_default(work, network.id)
    values = {
        COLUMNS[name]: value
        for name, value in body.items()
        if name in COLUMNS and not name.startswith("provider:")
    }
    values |= {
        name: body[name] for name in ("name", "description", "shared") if name in body
    }
    if "mtu" in body:
        values["mtu"] = check_mtu(work, body["mtu"]) or default_mtu(
            work, network.network_type, external=network.external
        )
        for subnet in subnets_of(work, [network.id]):
            check_mtu_of_version(subnet.version, values["mtu"])
    if "dns_domain" in body:
        values["dns_domain"] = domain_name(body["dns_domain"])
    values["qos_policy_id"] = users.changed(work, network, body)
    if any(name.startswith("provider:") for name in body):
        values["network_type"], values["physical_network"] = provider(work, body)
    work.touch(hosts_of_network(work, network.id))
    return work.save(tables.networks, network, **values)


def delete_network(work: Work, network: Network) -> None:
    """Take it away with its subnets; ``NetworkInUse`` while ports are on it."""
    give_back_floating_ips(work, network)
    ports = work.records(Port, tables.ports, tables.ports.c.network_id == network.id)
    if any(port.device_owner != OWNER_DHCP for port in ports):
        raise conflict(
            "NetworkInUse",
            f"Unable to complete operation on network {network.id}. There are one or"
            " more ports still in use on the network.",
        )
    work.touch({port.host for port in ports})
    identifiers = [port.id for port in ports]
    connection = work.connection
    # Nobody is told of the addresses and the number: their ports and network go too.
    connection.execute(
        tables.addresses.delete().where(tables.addresses.c.port_id.in_(identifiers))
    )
    for port in ports:
        work.delete(tables.ports, port)
    for subnet in subnets_of(work, [network.id]):
        work.delete(tables.subnets, subnet)
    connection.execute(
        tables.segments.delete().where(tables.segments.c.network_id == network.id)
    )
    end_policies(work, network.id)
    connection.execute(
        tables.topologies.delete().where(tables.topologies.c.network_id == network.id)
    )
    work.delete(tables.networks, network)


def subnets_of(work: Work, network_ids: Sequence[str]) -> list[Subnet]:
    """The subnets of these networks."""
    return work.records(
        Subnet, tables.subnets, tables.subnets.c.network_id.in_(network_ids)
    )


def hosts_of_network(work: Work, network_id: str) -> set[str]:
    """The hosts that have ports of it."""
    ports = tables.ports
    found = work.connection.execute(
        sa.select(ports.c.host)
        .where(ports.c.network_id == network_id, ports.c.host != "")
        .distinct()
    )
    return set(found.scalars()) | second_hosts_of_network(work, network_id)


def second_hosts_of_network(work: Work, network_id: str) -> set[str]:
    """The hosts to which a guest's port of the network is about to move."""
    ports, bindings = tables.ports, tables.bindings
    found = work.connection.execute(
        sa.select(bindings.c.host)
        .join(ports, ports.c.id == bindings.c.port_id)
        .where(ports.c.network_id == network_id)
    )
    return set(found.scalars())


def _present(work: Work, networks: Sequence[Network]) -> list[Body]:
    identifiers = [network.id for network in networks]
    subnets: dict[str, list[str]] = {}
    scopes: dict[tuple[str, int], str] = {}
    found = subnets_of(work, identifiers)
    scope_of = scopes_of(work, found)
    for subnet in found:
        subnets.setdefault(subnet.network_id, []).append(subnet.id)
        if subnet.id in scope_of:
            scopes[subnet.network_id, subnet.version] = scope_of[subnet.id]
    lent_here = lent(work, identifiers, SHARED, work.project_id)
    return [
        {
            "admin_state_up": network.admin_up,
            "status": network.status,
            "mtu": network.mtu,
            "router:external": network.external,
            "shared": network.shared or network.id in lent_here,
            "is_default": network.is_default,
            "port_security_enabled": network.port_security,
            "dns_domain": network.dns_domain,
            "availability_zone_hints": list(network.availability_zone_hints),
            "availability_zones": [AVAILABILITY_ZONE],
            "ipv4_address_scope": scopes.get((network.id, 4)),
            "ipv6_address_scope": scopes.get((network.id, 6)),
            "l2_adjacency": True,
            "subnets": subnets.get(network.id, []),
            users.NAME: network.qos_policy_id or None,
            "provider:network_type": network.network_type,
            "provider:physical_network": network.physical_network or None,
            "provider:segmentation_id": None,
        }
        for network in networks
    ]


def _by_shared(work: Work, values: list[str]) -> sa.ColumnElement[bool]:
    """``shared`` as the caller sees it: by flag, or lent by a policy."""
    shared = shared_with(work.project_id)
    wanted = {value.lower() in ("true", "1", "t", "yes") for value in values}
    return sa.or_(
        *(shared if each else sa.not_(shared) for each in sorted(wanted)), sa.false()
    )


def _by_use(work: Work, values: list[str]) -> sa.ColumnElement[bool]:
    """Networks that a project may put ports on; of another project only the cloud's own
    services ask so."""
    foreign = [each for each in values if each != work.project_id]
    if foreign and not (work.is_admin or is_service(work)):
        raise PolicyNotAuthorized(f"({USABLE_BY}) is disallowed by policy")
    return sa.or_(sa.false(), *map(usable_by, dict.fromkeys(values)))


def _by_subnet(work: Work, values: list[str]) -> sa.ColumnElement[bool]:
    subnets = tables.subnets
    found = sa.select(subnets.c.network_id).where(subnets.c.id.in_(values))
    return tables.networks.c.id.in_(found)


COLLECTION = Collection(
    singular="network",
    plural="networks",
    title="Network",
    kind="Network",
    table=tables.networks,
    record=Network,
    present=_present,
    visible=network_visible,
    columns=COLUMNS,
    special={"shared": _by_shared, "subnets": _by_subnet, USABLE_BY: _by_use},
    restricted=frozenset(
        {
            "provider:network_type",
            "provider:physical_network",
            "provider:segmentation_id",
        }
    ),
)
DEFINITION = Definition(
    collection=COLLECTION,
    fields=FIELDS,
    create=create_network,
    update=update_network,
    delete=delete_network,
    quota="network",
)
