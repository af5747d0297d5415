"""What projects own, room by room, in the order in which it can go.

A row says where things of all projects are listed, which field names the owner, and
where one of them is deleted.  ``{own}`` is the project that we ask as.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """Things of one kind.  ``listed_as``: the list's key in its document, "" where the
    document is the list.  ``owners``: fields, the first that says something counts.
    ``delete``: where one is deleted, with its own fields in braces.  ``pages_by``: the
    parameter that leads to the next page."""

    room: str
    name: str
    list: str
    listed_as: str
    owners: tuple[str, ...]
    delete: str
    query: Mapping[str, str] = field(default_factory=dict)
    id: str = "id"
    pages_by: str = "marker"


_EVERYBODYS = {"all_tenants": "1"}
_ALL_PROJECTS = {"all_projects": "true"}


def _network(name: str, path: str) -> Kind:
    collection = path.replace("-", "_")
    place = f"/v2.0/{path}"
    return Kind("network", name, place, collection, ("project_id",), place + "/{id}")


def _volume(name: str, path: str, owner: str) -> Kind:
    place = f"/v3/{{own}}/{path}"
    return Kind(
        "volume", name, f"{place}/detail", path, (owner,), place + "/{id}", _EVERYBODYS
    )


def _all_of_a_project(room: str, name: str) -> Kind:
    place = "/internal/projects"
    return Kind(room, name, place, "projects", ("id",), place + "/{id}")


KINDS = (
    Kind(
        "orchestration",
        "stack",
        "/v1/{own}/stacks",
        "stacks",
        ("project",),
        "/v1/{project}/stacks/{stack_name}/{id}",
        {"global_tenant": "true"},
    ),
    Kind(
        "alarming",
        "alarm",
        "/v2/alarms",
        "",
        ("project_id",),
        "/v2/alarms/{alarm_id}",
        {"q.field": "all_projects", "q.op": "eq", "q.value": "true"},
        id="alarm_id",
    ),
    Kind(
        "load-balancer",
        "load balancer",
        "/v2.0/lbaas/loadbalancers",
        "loadbalancers",
        ("project_id",),
        "/v2.0/lbaas/loadbalancers/{id}?cascade=true",
    ),
    Kind(
        "compute",
        "server",
        "/v2.1/servers/detail",
        "servers",
        ("tenant_id",),
        "/v2.1/servers/{id}",
        _EVERYBODYS,
    ),
    Kind(
        "compute",
        "server group",
        "/v2.1/os-server-groups",
        "server_groups",
        ("project_id",),
        "/v2.1/os-server-groups/{id}",
        _ALL_PROJECTS,
        pages_by="offset",
    ),
    # What is in a group is not deleted alone.
    _all_of_a_project("volume", "all volume groups"),
    _volume("backup", "backups", "os-backup-project-attr:project_id"),
    _volume("snapshot", "snapshots", "os-extended-snapshot-attributes:project_id"),
    _volume("volume", "volumes", "os-vol-tenant-attr:tenant_id"),
    Kind("image", "image", "/v2/images", "images", ("owner",), "/v2/images/{id}"),
    _network("floating address", "floatingips"),
    _network("router", "routers"),
    _network("port", "ports"),
    _network("network", "networks"),
    _network("subnet", "subnets"),
    _network("subnet pool", "subnetpools"),
    _network("address scope", "address-scopes"),
    _network("security group", "security-groups"),
    _network("address group", "address-groups"),
    Kind(
        "network",
        "QoS policy",
        "/v2.0/qos/policies",
        "policies",
        ("project_id",),
        "/v2.0/qos/policies/{id}",
    ),
    Kind(
        "network",
        "metering label",
        "/v2.0/metering/metering-labels",
        "metering_labels",
        ("project_id",),
        "/v2.0/metering/metering-labels/{id}",
    ),
    _network("RBAC policy", "rbac-policies"),
    Kind(
        "metric",
        "resource",
        "/v1/resource/generic",
        "",
        ("project_id", "created_by_project_id"),
        "/v1/resource/generic/{id}",
    ),
    Kind(
        "metric",
        "metric",
        "/v1/metric",
        "",
        ("created_by_project_id",),
        "/v1/metric/{id}",
    ),
    # Not one by one: what only their project may read is listed to nobody else.
    _all_of_a_project("key-manager", "all secrets"),
    _all_of_a_project("ec2", "all launch templates"),
)


def owner_of(kind: Kind, thing: Document) -> str:
    """The project that owns it; "" for nobody's."""
    if kind.name == "metric" and thing.get("resource_id"):
        return ""  # it goes with its resource
    found = (thing.get(name) for name in kind.owners)
    return next((str(owner) for owner in found if owner), "")
