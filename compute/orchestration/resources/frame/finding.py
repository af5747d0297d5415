"""Things of the cloud by the name or the id that a template has for them.

A property whose constraint is ``neutron.network`` and the like may be given either;
before it is sent to a room it becomes the id (``resolved``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compute.orchestration.frame.properties import Property
from compute.orchestration.frame.work import Cloud
from compute.orchestration.resources.frame.schemas import reference_of
from objectstore.kernel.errors import Rejected

COMPUTE, VOLUME, IMAGE = "compute", "volume", "image"
NETWORK, BALANCER, IDENTITY = "network", "load-balancer", "identity"


class NoSuchThing(Rejected):
    """Nothing, or more than one thing, is called so."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where things of a kind are.  ``key``: what stands for one in other bodies;
    ``filters``: whether the room finds by name itself; ``wraps``: each entry of the
    list is in a map of its own."""

    title: str
    room: str
    path: tuple[str, ...]
    singular: str
    plural: str
    key: str = "id"
    filters: bool = True
    wraps: bool = False

    def inside(self, document: Any) -> Any:
        """The thing in the document that shows it."""
        return document[self.singular] if self.singular else document


def _network(singular: str, path: str, plural: str = "", title: str = "") -> Shelf:
    plural = plural or path.replace("-", "_")
    return Shelf(title or singular, NETWORK, tuple(path.split("/")), singular, plural)


def _balancer(singular: str, plural: str) -> Shelf:
    return Shelf(singular, BALANCER, (plural,), singular, plural)


def _identity(singular: str, plural: str) -> Shelf:
    return Shelf(singular, IDENTITY, (plural,), singular, plural)


SHELVES: Mapping[str, Shelf] = {
    "nova.flavor": Shelf(
        "flavor", COMPUTE, ("flavors",), "flavor", "flavors", filters=False
    ),
    "nova.keypair": Shelf(
        "key pair",
        COMPUTE,
        ("os-keypairs",),
        "keypair",
        "keypairs",
        key="name",
        filters=False,
        wraps=True,
    ),
    "nova.server": Shelf("server", COMPUTE, ("servers",), "server", "servers"),
    "nova.server_group": Shelf(
        "server group",
        COMPUTE,
        ("os-server-groups",),
        "server_group",
        "server_groups",
        filters=False,
    ),
    "glance.image": Shelf("image", IMAGE, ("images",), "", "images"),
    "cinder.volume": Shelf("volume", VOLUME, ("volumes",), "volume", "volumes"),
    "cinder.snapshot": Shelf(
        "snapshot", VOLUME, ("snapshots",), "snapshot", "snapshots"
    ),
    "cinder.backup": Shelf("backup", VOLUME, ("backups",), "backup", "backups"),
    "cinder.vtype": Shelf(
        "volume type", VOLUME, ("types",), "volume_type", "volume_types", filters=False
    ),
    "cinder.qos_specs": Shelf(
        "QoS spec", VOLUME, ("qos-specs",), "qos_specs", "qos_specs", filters=False
    ),
    "neutron.network": _network("network", "networks"),
    "neutron.subnet": _network("subnet", "subnets"),
    "neutron.port": _network("port", "ports"),
    "neutron.router": _network("router", "routers"),
    "neutron.floating_ip": _network("floatingip", "floatingips", title="floating IP"),
    "neutron.security_group": _network(
        "security_group", "security-groups", title="security group"
    ),
    "neutron.address_scope": _network(
        "address_scope", "address-scopes", title="address scope"
    ),
    "neutron.subnetpool": _network("subnetpool", "subnetpools", title="subnet pool"),
    "neutron.qos_policy": _network(
        "policy", "qos/policies", "policies", title="QoS policy"
    ),
    "neutron.port_forwarding": _network(
        "port_forwarding", "port_forwardings", title="port forwarding"
    ),
    "neutron.security_group_rule": _network(
        "security_group_rule", "security-group-rules", title="security group rule"
    ),
    "neutron.rbac_policy": _network(
        "rbac_policy", "rbac-policies", "rbac_policies", title="RBAC policy"
    ),
    "neutron.bandwidth_limit_rule": _network(
        "bandwidth_limit_rule", "bandwidth_limit_rules", title="bandwidth limit"
    ),
    "neutron.dscp_marking_rule": _network(
        "dscp_marking_rule", "dscp_marking_rules", title="DSCP mark"
    ),
    "neutron.metering_label": _network(
        "metering_label",
        "metering/metering-labels",
        "metering_labels",
        title="metering label",
    ),
    "neutron.metering_rule": _network(
        "metering_label_rule",
        "metering/metering-label-rules",
        "metering_label_rules",
        title="metering rule",
    ),
    "neutron.trunk": _network("trunk", "trunks"),
    "octavia.loadbalancer": _balancer("loadbalancer", "loadbalancers"),
    "octavia.listener": _balancer("listener", "listeners"),
    "octavia.pool": _balancer("pool", "pools"),
    "octavia.l7policy": _balancer("l7policy", "l7policies"),
    "octavia.member": _balancer("member", "members"),
    "octavia.l7rule": _balancer("rule", "rules"),
    "octavia.healthmonitor": _balancer("healthmonitor", "healthmonitors"),
    "keystone.user": _identity("user", "users"),
    "keystone.group": _identity("group", "groups"),
    "keystone.project": _identity("project", "projects"),
    "keystone.role": _identity("role", "roles"),
    "keystone.domain": _identity("domain", "domains"),
    "keystone.service": _identity("service", "services"),
    "keystone.region": _identity("region", "regions"),
}
"""By the name of the constraint."""


def find(cloud: Cloud, kind: str, given: str) -> str:
    """The id of the thing that is called so, or has this id.  ``NoSuchThing``."""
    return str(found(cloud, kind, given)[SHELVES[kind].key])


def found(cloud: Cloud, kind: str, given: str) -> Mapping[str, Any]:
    """The thing itself."""
    shelf = SHELVES[kind]
    if by_id := _by_id(cloud, shelf, given):
        return by_id
    named = _by_name(cloud, shelf, given)
    if len(named) == 1:
        return named[0]
    if not named:
        raise NoSuchThing(404, f"The {shelf.title} ({given}) could not be found.")
    raise NoSuchThing(409, f"{len(named)} {shelf.title}s are called {given}.")


def _by_id(cloud: Cloud, shelf: Shelf, given: str) -> Mapping[str, Any] | None:
    if not given:
        return None
    try:
        document = cloud.find(shelf.room, *shelf.path, given)
    except Rejected as refusal:
        # 400: a room that takes only uuids there; 403: identity tells those who may
        # not look nothing, whatever there is.
        if refusal.status in (400, 403):
            return None
        raise
    return document and shelf.inside(document)


def _by_name(cloud: Cloud, shelf: Shelf, given: str) -> Sequence[Mapping[str, Any]]:
    query = {"name": given} if shelf.filters else {}
    entries = cloud.pages(shelf.room, shelf.plural, *shelf.path, **query)
    if shelf.wraps:
        entries = (entry[shelf.singular] for entry in entries)
    return [entry for entry in entries if entry["name"] == given]


def resolved(cloud: Cloud, schema: Property, value: Any) -> Any:
    """The value with ids for what it names."""
    if isinstance(value, list) and schema.items is not None:
        return [resolved(cloud, schema.items, each) for each in value]
    if isinstance(value, Mapping) and schema.schema is not None:
        return {
            name: resolved(cloud, schema.schema[name], each)
            for name, each in value.items()
        }
    kind = reference_of(schema)
    if kind in SHELVES and isinstance(value, str) and value:
        return find(cloud, kind, value)
    return value
