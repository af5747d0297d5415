"""Hosts as 2.42 and before had them: ``/os-hosts``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from compute.core.api.frame import ApiCall, Handler
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest, NotFound, NotSupported
from compute.core.sql.database import Connection
from compute.instance.frame.replies import ok
from compute.instance.frame.routes import Verb
from compute.instance.parts import Parts
from compute.instance.records import Aggregate, Host, Server
from compute.instance.scheduling.snapshot import is_up, zone_of
from objectstore.kernel.reply import Reply

UNTIL = 42
RULE = "os_compute_api:os-hosts"
_SWITCH = {
    "type": "string",
    "pattern": r"^\s*([Ee][Nn]|[Dd][Ii][Ss])[Aa][Bb][Ll][Ee]\s*$",
}
UPDATE = Schema(
    {
        "type": "object",
        "properties": {"status": _SWITCH, "maintenance_mode": _SWITCH},
        "minProperties": 1,
        "additionalProperties": False,
    }
)


class OlderHostsApi:
    """Handlers; for administrators."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._hosts = parts.stores.hosts

    def verbs(self) -> list[Verb]:
        """The routes."""
        one = "/os-hosts/{host}"
        table: list[tuple[str, str, Handler]] = [
            ("GET", "/os-hosts", self.index),
            ("GET", one, self.show),
            ("PUT", one, self.update),
            ("GET", f"{one}/reboot", self.power),
            ("GET", f"{one}/shutdown", self.power),
            ("GET", f"{one}/startup", self.power),
        ]
        return [
            Verb(method, path, handler, until=UNTIL) for method, path, handler in table
        ]

    def index(self, call: ApiCall) -> Reply:
        """GET /os-hosts: those that take servers, of one ``zone`` or all."""
        self._parts.enforce(call.context, f"{RULE}:show")
        wanted = call.query.one("zone")
        hosts, aggregates = self._parts.database.read(self._hosts_and_aggregates)
        found = [
            {"host_name": host.host, "service": "compute", "zone": zone}
            for host in hosts
            if host.enabled
            and (zone := zone_of(host.host, aggregates)) == (wanted or zone)
        ]
        return ok({"hosts": found})

    def _hosts_and_aggregates(
        self, connection: Connection
    ) -> tuple[list[Host], list[Aggregate]]:
        stores = self._parts.stores
        return stores.hosts.all(connection), stores.aggregates.all(connection)

    def show(self, call: ApiCall) -> Reply:
        """GET /os-hosts/{host}: what it has, what is used, and by which project."""
        self._parts.enforce(call.context, f"{RULE}:show")
        host = self._one(call)

        def read(connection: Connection) -> list[Server]:
            servers = self._parts.stores.servers
            ids = [row["id"] for row in servers.briefs(connection, host.host)]
            return list(servers.several(connection, ids).values())

        servers = self._parts.database.read(read)
        by_project: dict[str, list[Server]] = {}
        for server in servers:
            by_project.setdefault(server.project_id, []).append(server)
        figures = [
            ("(total)", (host.vcpus, host.memory_mib, host.disk_gib)),
            ("(used_now)", (host.vcpus_used, host.memory_used_mib, host.disk_used_gib)),
            ("(used_max)", _sum(servers)),
            *((project, _sum(own)) for project, own in sorted(by_project.items())),
        ]
        return ok({"host": [_resource(host.host, *each) for each in figures]})

    def _one(self, call: ApiCall) -> Host:
        name = call.parameters["host"]
        host = self._parts.database.read(
            lambda connection: self._hosts.get(connection, name)
        )
        if host is None:
            raise NotFound(f"Compute host {name} could not be found.")
        return host

    def update(self, call: ApiCall) -> Reply:
        """PUT /os-hosts/{host}: whether it takes servers."""
        self._parts.enforce(call.context, RULE)
        body = call.json(UPDATE)
        host = self._one(call)
        if "maintenance_mode" in body:
            raise NotSupported("No host here has a maintenance mode of its own")
        self._check_is_up(host)
        enabled = body["status"].strip().lower() == "enable"
        now = self._parts.clock.time()
        self._parts.database.run(
            lambda connection: self._hosts.set(
                connection, host.host, now, enabled=enabled, disabled_reason=""
            )
        )
        self._parts.placer.forget()
        status = "enabled" if enabled else "disabled"
        return ok({"host": host.host, "status": status})

    def _check_is_up(self, host: Host) -> None:
        now = self._parts.clock.time()
        if not is_up(host, now, self._parts.settings.down_after):
            raise BadRequest(f"Compute service of {host.host} is unavailable.")

    def power(self, call: ApiCall) -> Reply:
        """GET /os-hosts/{host}/reboot, shutdown, startup: an agent has no power over
        its own machine, nor has it in the real one with this hypervisor."""
        self._parts.enforce(call.context, RULE)
        self._check_is_up(self._one(call))
        raise NotSupported("Hosts are not switched on and off from here")


def _sum(servers: Iterable[Server]) -> tuple[int, int, int]:
    found = [(each.vcpus, each.memory_mib, each.disk_gib) for each in servers]
    vcpus, memory_mib, disk_gib = zip(*found, strict=True) if found else ((), (), ())
    return sum(vcpus), sum(memory_mib), sum(disk_gib)


def _resource(
    host: str, project: str, figures: tuple[int, int, int]
) -> dict[str, dict[str, Any]]:
    cpu, memory_mb, disk_gb = figures
    return {
        "resource": {
            "host": host,
            "project": project,
            "cpu": cpu,
            "memory_mb": memory_mb,
            "disk_gb": disk_gb,
        }
    }
