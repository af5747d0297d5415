"""Which servers a list wants: the query's filters, as rules for the store.

Of a name, an address or tags SQL can tell only a part (``server_patterns``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.api.query import boolean_of
from compute.core.errors import BadRequest, Forbidden
from compute.core.instants import end_of_second, parse_iso
from compute.core.sql.tags import TAG_FILTERS
from compute.instance.api.server_patterns import Pattern, of_address, of_name, of_tags
from compute.instance.frame.routes import minor_of
from compute.instance.parts import Parts
from compute.instance.statuses import states_of_status, tasks_with_status
from compute.instance.stores.server_filter import ServerFilter, States

PAGING = frozenset({"limit", "marker", "sort_key", "sort_dir"})
# Filter of the API -> column, for everybody and for administrators only.
EQUAL = {
    "flavor": "flavor_id",
    "image": "image_id",
    "reservation_id": "reservation_id",
    "locked": "locked",
}
EQUAL_LATER = {
    "availability_zone": "availability_zone",
    "config_drive": "config_drive",
    "key_name": "key_name",
    "created_at": "created_at",
    "launched_at": "launched_at",
    "terminated_at": "terminated_at",
    "power_state": "power_state",
    "task_state": "task_state",
    "vm_state": "vm_state",
    "progress": "progress",
    "user_id": "user_id",
}
LATER_SINCE = 83
EQUAL_ADMIN = {
    "host": "host",
    "hypervisor_hostname": "host",
    "node": "host",
    "uuid": "id",
    "hostname": "hostname",
    "display_name": "name",
    "kernel_id": "",
    "ramdisk_id": "",
    "root_device_name": "root_device",
    "launch_index": "launch_index",
    "access_ip_v4": "access_ipv4",
    "access_ip_v6": "access_ipv6",
    "description": "description",
    "display_description": "description",
}
TAGS_SINCE = 26
OTHERS = frozenset(
    {
        "name",
        "status",
        "ip",
        "ip6",
        "all_tenants",
        "tenant_id",
        "project_id",
        "deleted",
        "changes-since",
        "changes-before",
        *TAG_FILTERS,
        "soft_deleted",
        "metadata",
        "system_metadata",
        "autogroup",
    }
)
STRICT_SINCE = 75
_NUMBERS = frozenset({"power_state", "progress", "launch_index"})
_MOMENTS = frozenset({"created_at", "launched_at", "terminated_at"})
_BOOLEANS = frozenset({"locked", "config_drive"})


def wants_all_projects(parts: Parts, call: ApiCall) -> bool:
    """Whether the caller asks for, and may see, all projects."""
    query = call.query
    if "all_tenants" not in query:
        return False
    if not query.flag("all_tenants", default=True):
        return False
    parts.enforce(call.context, "os_compute_api:servers:index:get_all_tenants")
    return True


def server_filter(parts: Parts, call: ApiCall) -> ServerFilter:
    """The list's filter.  ``BadRequest``, ``Forbidden``."""
    admin = call.context.has_role("admin")
    query, minor = call.query, minor_of(call)
    _check_names(call)
    equal: dict[str, Any] = {}
    if wants_all_projects(parts, call):
        project = query.one("project_id") or query.one("tenant_id")
        if project:
            equal["project_id"] = project
    else:
        equal["project_id"] = call.context.project_id
    for name, column in _columns(admin, minor).items():
        if name in query and column:
            equal[column] = _value(name, query.one(name))
    patterns = _patterns(call)
    deleted = _deleted(call, admin)
    states, deleted = _states(call, deleted, admin)
    since, before = (_moment(call, f"changes-{word}") for word in ("since", "before"))
    if since is not None and "deleted" not in query:
        deleted = None
    if before is not None and minor < 66:
        before = None
    if since is not None and before is not None and since > before:
        raise BadRequest(
            "The value of changes-since must be less than or equal to changes-before."
        )
    return ServerFilter(
        equal=equal,
        states=states,
        deleted=deleted,
        changed_since=since,
        changed_before=None if before is None else end_of_second(before),
        matches=(lambda server: all(each.matches(server) for each in patterns))
        if patterns
        else None,
        hints=tuple(hint for each in patterns for hint in each.hints),
    )


def _columns(admin: bool, minor: int) -> Mapping[str, str]:
    columns = dict(EQUAL)
    if minor < 73:
        columns.pop("locked")
    if admin or minor >= LATER_SINCE:
        columns |= EQUAL_LATER
    if admin:
        columns |= EQUAL_ADMIN
    return columns


def _check_names(call: ApiCall) -> None:
    known = {*PAGING, *EQUAL, *EQUAL_LATER, *EQUAL_ADMIN, *OTHERS}
    for name, _ in call.query.pairs:
        if name not in known and minor_of(call) >= STRICT_SINCE:
            raise BadRequest(
                f"Additional properties are not allowed ('{name}' was unexpected)"
            )


def _value(name: str, text: str) -> Any:
    if name in _NUMBERS:
        if not text.isdigit():
            raise BadRequest(f"Invalid value for {name}: {text!r} is not a number")
        return int(text)
    if name in _MOMENTS:
        try:
            return parse_iso(text)
        except ValueError:
            raise BadRequest(f"Invalid value for {name}: {text!r}") from None
    if name in _BOOLEANS:
        return boolean_of(name, text)
    if name == "task_state" and text.lower() in ("none", "null"):
        return ""
    if name == "image":
        return text.rpartition("/")[2]
    return text


def _patterns(call: ApiCall) -> list[Pattern]:
    query = call.query
    found = [of_name(query.one("name"))] if "name" in query else []
    for name, version in (("ip", 4), ("ip6", 6)):
        if query.one(name):
            found.append(of_address(query.one(name), version))
    if minor_of(call) >= TAGS_SINCE:
        tags = [name for name in TAG_FILTERS if name in query]
        found += [of_tags(name, query.one(name)) for name in tags]
    return found


def _deleted(call: ApiCall, admin: bool) -> bool | None:
    """Passed over when others than administrators ask: clients always send it."""
    if not admin or "deleted" not in call.query:
        return False
    return call.query.flag("deleted")


def _states(
    call: ApiCall, deleted: bool | None, admin: bool
) -> tuple[tuple[States, ...] | None, bool | None]:
    """The states of the wanted statuses, and whether they speak of deleted ones."""
    statuses = call.query.all("status")
    if not statuses:
        return None, deleted
    found: list[States] = []
    for status in statuses:
        pairs = states_of_status(status)
        if not pairs and minor_of(call) >= 38:
            raise BadRequest(f"Invalid status value: {status}")
        if status.upper() == "DELETED":
            if not admin:
                raise Forbidden("Only administrators list deleted servers")
            deleted = True
        for vm_state, task_state in pairs:
            others = () if task_state is not None else tasks_with_status(vm_state)
            found.append(States(vm_state, task_state, others))
    return tuple(found), deleted


def _moment(call: ApiCall, name: str) -> float | None:
    if name not in call.query:
        return None
    text = call.query.one(name)
    try:
        return parse_iso(text.replace("Z", "+00:00").replace(" ", "+"))
    except ValueError:
        raise BadRequest(f"Invalid input for query parameters {name}: {text}") from None
