"""Hosts and services of the cloud, for administrators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.dashboard.frame import formats
from compute.dashboard.frame.fields import Values
from compute.dashboard.frame.routes import deed, page
from compute.dashboard.frame.view import (
    Action,
    Badge,
    Bar,
    Bars,
    Cell,
    Empty,
    Link,
    Page,
    Row,
    Table,
    Text,
    When,
    status,
)
from compute.dashboard.frame.visit import Redirect, Visit
from compute.dashboard.pages.servers.servers import status_of
from compute.dashboard.pages.servers.states import addresses_of, is_busy
from compute.dashboard.rooms import Answers

MIB, GIB = 1 << 20, 1 << 30
SERVERS_SHOWN = 100


def show(visit: Visit) -> Page:
    """Hosts, what they carry, services, agents, and everybody's servers."""
    rooms = visit.rooms
    found = rooms.together(
        hosts=lambda: rooms.get("compute", "os-hypervisors", "detail"),
        services=lambda: rooms.get("compute", "os-services"),
        volumes=lambda: rooms.get("volume", "os-services"),
        agents=lambda: rooms.get("network", "agents"),
        servers=lambda: rooms.get(
            "compute", "servers", "detail", all_tenants=1, limit=SERVERS_SHOWN
        ),
        projects=lambda: rooms.get("identity", "projects"),
        claims=lambda: rooms.call(
            "compute",
            "GET",
            "/os-hypervisors/detail",
            headers={"X-OpenStack-Nova-API-Version": "2.87"},
        ),
    )
    visit.problems += found.problems
    hosts = found["hosts"]["hypervisors"]
    claims = found.get("claims", {}).get("hypervisors", ())
    return Page(
        "Hosts",
        "hosts",
        [
            _host_table(hosts),
            *(_load(each) for each in claims),
            _services(found),
            _agents(found),
            _servers(found),
        ],
        [
            Action("Aggregates", "/aggregates", is_form=True),
            Action("Moves of servers", "/moves", is_form=True),
        ],
    )


def _host_table(hosts: Any) -> Table:
    rows = [
        Row(
            [
                Text(each["hypervisor_hostname"]),
                status(each["state"]),
                status(each["status"]),
                Text(each["hypervisor_type"]),
                Text(each.get("host_ip") or "", "mono"),
            ]
        )
        for each in hosts
    ]
    columns = ["Host", "Heard", "Takes servers", "Kind", "Address"]
    empty = Empty("No hosts: start an agent on one.")
    return Table("hosts", columns, rows, empty, "Hosts")


def _load(host: Mapping[str, Any]) -> Bars:
    """What is promised of a host."""
    processors, may = host["vcpus_used"], host["vcpus"]
    memory, has = host["memory_mb_used"] * MIB, host["memory_mb"] * MIB
    disk, room = host["local_gb_used"] * GIB, host["local_gb"] * GIB
    bars = [
        _processors(processors, may),
        Bar("Memory", memory, has, f"{formats.size(memory)} of {formats.size(has)}"),
        Bar("Disk", disk, room, f"{formats.size(disk)} of {formats.size(room)}"),
    ]
    return Bars(f"load-{host['id']}", bars, host["hypervisor_hostname"])


def _processors(promised: int, there: int) -> Bar:
    """More may be promised than there are: that is no error."""
    if promised > there:
        shown = f"{promised} on {there} processors"
        return Bar("Virtual processors", promised, -1, shown)
    return Bar("Virtual processors", promised, there, f"{promised} of {there}")


def _services(found: Answers) -> Table:
    rows = []
    for each in found.get("services", {}).get("services", ()):
        is_on = each["status"] == "enabled"
        way = "disable" if is_on else "enable"
        path = f"/hosts/services/{each['id']}/{way}"
        question = f"Let {each['host']} take no new servers?" if is_on else ""
        action = Action("Disable" if is_on else "Enable", path, question)
        is_host = each["binary"] == "nova-compute"
        rows.append(_service_row(each, [action] if is_host else []))
    volumes = found.get("volumes", {}).get("services", ())
    rows += [_service_row(each, []) for each in volumes]
    columns = ["Service", "Host", "Heard", "State", "Last heard"]
    return Table("services", columns, rows, Empty("No services."), "Services")


def _service_row(service: Mapping[str, Any], actions: list[Action]) -> Row:
    return Row(
        [
            Text(service["binary"]),
            Text(service["host"]),
            status(service["state"]),
            status(service["status"]),
            When(service.get("updated_at") or ""),
        ],
        actions,
    )


def _agents(found: Answers) -> Table:
    rows = [
        Row(
            [
                Text(each["agent_type"]),
                Text(each["host"]),
                Badge("up", "good") if each["alive"] else Badge("silent", "bad"),
                When(each.get("heartbeat_timestamp") or ""),
            ]
        )
        for each in found.get("agents", {}).get("agents", ())
    ]
    columns = ["Agent", "Host", "Heard", "Last heard"]
    empty = Empty("No network agents: servers are simulated, or none has started.")
    return Table("agents", columns, rows, empty, "Network agents")


def _servers(found: Answers) -> Table:
    projects = found.get("projects", {}).get("projects", ())
    names = {each["id"]: each["name"] for each in projects}
    rows = [
        Row(
            [
                Link(each["name"], f"/servers/{each['id']}"),
                status_of(each),
                Text(each.get("OS-EXT-SRV-ATTR:host") or "\u2013"),
                Text(", ".join(addresses_of(each)), "mono"),
                _project(each["tenant_id"], names),
                When(each["created"]),
            ],
            is_busy=is_busy(each),
        )
        for each in found.get("servers", {}).get("servers", ())
    ]
    columns = ["Server", "State", "Host", "Addresses", "Project", "Made"]
    title = "Newest servers of everybody"
    return Table(
        "servers", columns, rows, Empty("No servers."), title, is_filterable=True
    )


def _project(project_id: str, names: Mapping[str, str]) -> Cell:
    if project_id not in names:
        return Text(project_id, "mono")
    return Link(names[project_id], f"/projects/{project_id}")


def _set(way: str) -> Any:
    def act(visit: Visit, values: Values) -> Redirect:
        path = ("os-services", visit["id"])
        visit.rooms.put("compute", *path, body={"status": f"{way}d"})
        return visit.done("/hosts", f"The service is {way}d.")

    return act


ROUTES = [
    page("hosts", show),
    deed("hosts/services/{id}/enable", _set("enable")),
    deed(
        "hosts/services/{id}/disable",
        _set("disable"),
        "Let this host take no new servers?",
    ),
]
