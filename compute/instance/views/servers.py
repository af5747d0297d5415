"""A server as the API shows it: one table of keys, by microversion and occasion.

``SHOWN`` holds every key; its ``group`` says on which occasions it is left out:
replies to update and rebuild were shorter until 2.75, and some keys are for
administrators.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.instants import iso_micro, iso_z
from compute.core.rooms import brought_ports
from compute.instance import ports
from compute.instance.frame.replies import View, bookmark, links
from compute.instance.frame.routes import minor_of
from compute.instance.records import Server
from compute.instance.states import VmState
from compute.instance.statuses import status_of
from compute.instance.views.addresses import addresses, security_groups
from compute.instance.views.volumes import volumes_attached

PROGRESS_STATUSES = frozenset(
    {"ACTIVE", "BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE", "MIGRATING"}
)
FAULT_STATUSES = frozenset({"ERROR", "DELETED"})
# From here on, update and rebuild answer with the whole server.
WHOLE_SINCE = 75


@dataclass(frozen=True, slots=True)
class Shown:
    """What is needed to show one server besides its record."""

    call: ApiCall
    server: Server
    vifs: Sequence[Mapping[str, Any]]
    is_admin: bool
    host_status: str = "UP"
    sees_host_status: bool = False
    groups: list[str] = field(default_factory=list)

    @property
    def status(self) -> str:
        """Its status."""
        return status_of(self.server.vm_state, self.server.task_state)


def host_id(server: Server) -> str:
    """The host, so that a project can tell hosts apart without learning more."""
    if not server.host:
        return ""
    text = server.project_id + server.host
    return hashlib.sha224(text.encode()).hexdigest()


def _image(shown: Shown) -> Any:
    image_id = shown.server.image_id
    if not image_id:
        return ""
    return {"id": image_id, "links": [bookmark(shown.call, "images", image_id)]}


def _flavor_link(shown: Shown) -> Any:
    key = shown.server.flavor_id
    return {"id": key, "links": [bookmark(shown.call, "flavors", key)]}


def _flavor_embedded(shown: Shown) -> Any:
    flavor = shown.server.flavor
    return {
        "vcpus": flavor["vcpus"],
        "ram": flavor["ram"],
        "disk": flavor["disk"],
        "ephemeral": flavor["ephemeral"],
        "swap": flavor["swap"],
        "original_name": flavor["name"],
        "extra_specs": flavor.get("extra_specs", {}),
    }


def _moment(value: float | None) -> str | None:
    return None if value is None else iso_micro(value)


def _property(shown: Shown, name: str) -> str:
    return str(shown.server.image.get("properties", {}).get(name) or "")


SHOWN: tuple[View, ...] = (
    View("id", lambda shown: shown.server.id),
    View("name", lambda shown: shown.server.name),
    View("status", lambda shown: shown.status),
    View("tenant_id", lambda shown: shown.server.project_id),
    View("user_id", lambda shown: shown.server.user_id),
    View("metadata", lambda shown: dict(shown.server.metadata)),
    View("hostId", lambda shown: host_id(shown.server)),
    View("image", _image),
    View("flavor", _flavor_link, until=46),
    View("flavor", _flavor_embedded, since=47),
    View("created", lambda shown: iso_z(shown.server.created_at)),
    View("updated", lambda shown: iso_z(shown.server.updated_at)),
    View("accessIPv4", lambda shown: shown.server.access_ipv4),
    View("accessIPv6", lambda shown: shown.server.access_ipv6),
    View("links", lambda shown: links(shown.call, "servers", shown.server.id)),
    View("OS-DCF:diskConfig", lambda shown: shown.server.disk_config),
    View("locked", lambda shown: shown.server.locked, since=9),
    View("description", lambda shown: shown.server.description, since=19),
    View("tags", lambda shown: list(shown.server.tags), since=26),
    View("trusted_image_certificates", lambda shown: None, since=63),
    View("locked_reason", lambda shown: shown.server.locked_reason, since=73),
    View(
        "OS-EXT-AZ:availability_zone",
        lambda shown: shown.server.availability_zone,
        group="full",
    ),
    View(
        "config_drive",
        lambda shown: "True" if shown.server.config_drive else "",
        group="full",
    ),
    View("key_name", lambda shown: shown.server.key_name or None, group="full"),
    View(
        "OS-SRV-USG:launched_at",
        lambda shown: _moment(shown.server.launched_at),
        group="full",
    ),
    View(
        "OS-SRV-USG:terminated_at",
        lambda shown: _moment(shown.server.terminated_at),
        group="full",
    ),
    View("security_groups", lambda shown: security_groups(shown.vifs), group="groups"),
    View(
        "OS-EXT-STS:task_state",
        lambda shown: shown.server.task_state or None,
        group="full",
    ),
    View("OS-EXT-STS:vm_state", lambda shown: shown.server.vm_state, group="full"),
    View(
        "OS-EXT-STS:power_state", lambda shown: shown.server.power_state, group="full"
    ),
    View(
        "os-extended-volumes:volumes_attached",
        lambda shown: volumes_attached(
            shown.server.block_devices, minor_of(shown.call)
        ),
        group="full",
    ),
    View(
        "OS-EXT-SRV-ATTR:host", lambda shown: shown.server.host or None, group="admin"
    ),
    View(
        "OS-EXT-SRV-ATTR:instance_name",
        lambda shown: shown.server.instance_name,
        group="admin",
    ),
    View(
        "OS-EXT-SRV-ATTR:hypervisor_hostname",
        lambda shown: shown.server.host or None,
        group="admin",
    ),
    View(
        "OS-EXT-SRV-ATTR:reservation_id",
        lambda shown: shown.server.reservation_id,
        since=3,
        group="admin",
    ),
    View(
        "OS-EXT-SRV-ATTR:launch_index",
        lambda shown: shown.server.launch_index,
        since=3,
        group="admin",
    ),
    View(
        "OS-EXT-SRV-ATTR:hostname",
        lambda shown: shown.server.hostname,
        since=3,
        until=89,
        group="admin",
    ),
    View(
        "OS-EXT-SRV-ATTR:hostname",
        lambda shown: shown.server.hostname,
        since=90,
    ),
    View(
        "OS-EXT-SRV-ATTR:kernel_id",
        lambda shown: _property(shown, "kernel_id"),
        since=3,
        group="admin",
    ),
    View(
        "OS-EXT-SRV-ATTR:ramdisk_id",
        lambda shown: _property(shown, "ramdisk_id"),
        since=3,
        group="admin",
    ),
    View(
        "OS-EXT-SRV-ATTR:root_device_name",
        lambda shown: shown.server.root_device,
        since=3,
        group="admin",
    ),
    View(
        "OS-EXT-SRV-ATTR:user_data",
        lambda shown: shown.server.user_data or None,
        since=3,
        group="admin",
    ),
    View(
        brought_ports.KEY,
        lambda shown: sorted(ports.brought_ports(shown.server)),
        group="ports",
    ),
    View("host_status", lambda shown: shown.host_status, since=16, group="status"),
    View("server_groups", lambda shown: shown.groups, since=71, group="show"),
    View(
        "pinned_availability_zone",
        lambda shown: shown.server.requested_zone or None,
        since=96,
        group="full",
    ),
)


def full_server(shown: Shown, *, one: bool) -> dict[str, Any]:
    """For show (``one``) and detail, and later update and rebuild."""
    groups = {"", "full", "groups"}
    if shown.is_admin:
        groups.add("admin")
    if shown.sees_host_status:
        groups.add("status")
    if one:
        groups.add("show")
    if shown.call.header(brought_ports.HEADER):
        groups.add("ports")
    return _render(shown, groups, extended=True)


def short_server(shown: Shown) -> dict[str, Any]:
    """For the replies to update and rebuild before 2.75."""
    return _render(shown, {"", "show"}, extended=False)


def _render(shown: Shown, groups: set[str], *, extended: bool) -> dict[str, Any]:
    minor = minor_of(shown.call)
    server = shown.server
    deleted = server.vm_state == VmState.DELETED.value
    found = {
        view.key: view.value(shown)
        for view in SHOWN
        if view.since <= minor <= view.until and view.group in groups
    }
    found["addresses"] = {} if deleted else addresses(shown.vifs, extended=extended)
    # A failed build has never been on a network: nothing to say of groups.
    if "security_groups" in found and not found["security_groups"]:
        del found["security_groups"]
    if shown.status in PROGRESS_STATUSES:
        found["progress"] = server.progress
    if shown.status in FAULT_STATUSES and server.fault:
        found["fault"] = fault_view(server.fault, is_admin=shown.is_admin)
    return found


def fault_view(fault: Mapping[str, Any], *, is_admin: bool) -> dict[str, Any]:
    """What went wrong; the details are for administrators, and for what is the
    caller's own mistake."""
    found = {
        "code": fault["code"],
        "created": iso_z(fault["created"]),
        "message": fault["message"],
    }
    if fault.get("details") and (is_admin or fault["code"] != 500):
        found["details"] = fault["details"]
    return found


def brief_server(call: ApiCall, server: Server) -> dict[str, Any]:
    """For plain lists."""
    return {
        "id": server.id,
        "name": server.name,
        "links": links(call, "servers", server.id),
    }
