"""Limits, quotas, and what was used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.api import ApiCall
from compute.core.database import Connection
from compute.core.errors import BadRequest, NotFound
from compute.core.instants import iso_micro, parse_iso
from compute.core.schema import Schema
from compute.instance.frame.replies import accepted, ok
from compute.instance.frame.routes import Verb, minor_of
from compute.instance.records import Server
from compute.instance.service.quotas import CLASS_DEFAULT, Quotas
from compute.instance.stores.servers import ServerFilter, Usage
from compute.instance.wiring import Wiring
from objectstore.kernel.reply import Reply

LIMIT_MAX = 2**31 - 1
# Resources of the network, of which these quotas spoke until 2.35.
NETWORK = {
    "fixed_ips": -1,
    "floating_ips": -1,
    "security_groups": -1,
    "security_group_rules": -1,
}
NETWORK_UNTIL, FILES_UNTIL = 35, 56
CLASS_MEMBERS_SINCE = 50
FILES = frozenset(
    {"injected_files", "injected_file_content_bytes", "injected_file_path_bytes"}
)
GROUPS = frozenset({"server_groups", "server_group_members"})
COUNTED = ("instances", "cores", "ram")
_NUMBER = {
    "type": ["integer", "string"],
    "pattern": "^-?[0-9]+$",
    "minimum": -1,
    "maximum": LIMIT_MAX,
}


class QuotasApi:
    """Handlers."""

    def __init__(self, wiring: Wiring, quotas: Quotas) -> None:
        self._wiring = wiring
        self._quotas = quotas

    def verbs(self) -> list[Verb]:
        """The routes."""
        one = "/os-quota-sets/{owner}"
        of_class = "/os-quota-class-sets/{name}"
        usage = "/os-simple-tenant-usage"
        return [
            Verb("GET", "/limits", self.limits),
            Verb("GET", one, self.show),
            Verb("PUT", one, self.update),
            Verb("DELETE", one, self.delete),
            Verb("GET", f"{one}/defaults", self.defaults),
            Verb("GET", f"{one}/detail", self.detail),
            Verb("GET", of_class, self.show_class),
            Verb("PUT", of_class, self.update_class),
            Verb("GET", usage, self.usages),
            Verb("GET", f"{usage}/{{owner}}", self.usage),
        ]

    # ---- limits ----------------------------------------------------------------

    def limits(self, call: ApiCall) -> Reply:
        """GET /limits."""
        project = call.context.project_id
        asked = call.query.one("tenant_id")
        if asked and asked != project:
            self._wiring.enforce(call.context, "os_compute_api:limits:other_project")
            project = asked
        limits, usage, groups = self._wiring.database.read(
            lambda connection: (
                self._quotas.of(connection, project),
                self._quotas.usage(connection, project),
                len(self._wiring.stores.groups.all(connection, project)),
            )
        )
        minor = minor_of(call)
        return ok(
            {
                "limits": {
                    "rate": [],
                    "absolute": _absolute(limits, usage, groups, minor),
                }
            }
        )

    # ---- quota sets ------------------------------------------------------------

    def show(self, call: ApiCall) -> Reply:
        """GET /os-quota-sets/{project}."""
        owner = self._may_see(call)
        user = call.query.one("user_id")
        limits = self._wiring.database.read(
            lambda connection: self._quotas.of(connection, owner, user)
        )
        return ok({"quota_set": {"id": owner, **_known(limits, minor_of(call))}})

    def _may_see(self, call: ApiCall) -> str:
        owner = call.parameters["owner"]
        self._wiring.policy.enforce(
            call.context, "os_compute_api:os-quota-sets:show", {"project_id": owner}
        )
        return owner

    def defaults(self, call: ApiCall) -> Reply:
        """GET /os-quota-sets/{project}/defaults."""
        owner = call.parameters["owner"]
        limits = self._wiring.database.read(self._quotas.defaults)
        return ok({"quota_set": {"id": owner, **_known(limits, minor_of(call))}})

    def detail(self, call: ApiCall) -> Reply:
        """GET /os-quota-sets/{project}/detail."""
        owner = self._may_see(call)
        user = call.query.one("user_id")
        limits, usage, groups = self._wiring.database.read(
            lambda connection: (
                self._quotas.of(connection, owner, user),
                self._quotas.usage(connection, owner, user),
                len(self._wiring.stores.groups.all(connection, owner)),
            )
        )
        used = {
            "instances": usage.servers,
            "cores": usage.vcpus,
            "ram": usage.memory_mib,
            "server_groups": groups,
        }
        known = _known(limits, minor_of(call))
        found = {
            name: {"in_use": used.get(name, 0), "limit": limit, "reserved": 0}
            for name, limit in known.items()
        }
        return ok({"quota_set": {"id": owner, **found}})

    def update(self, call: ApiCall) -> Reply:
        """PUT /os-quota-sets/{project}."""
        self._wiring.enforce(call.context, "os_compute_api:os-quota-sets:update")
        owner, user = call.parameters["owner"], call.query.one("user_id")
        minor = minor_of(call)
        given, force = self._read(call, "quota_set", minor)
        row = f"{owner}/{user}" if user else owner

        def write(connection: Connection) -> dict[str, int]:
            usage = self._quotas.usage(connection, owner, user)
            used = dict(
                zip(
                    COUNTED, (usage.servers, usage.vcpus, usage.memory_mib), strict=True
                )
            )
            for name, limit in given.items():
                if not force and 0 <= limit < used.get(name, 0):
                    raise BadRequest(
                        f"Quota limit {limit} for {name} must be greater than or equal"
                        f" to already used and reserved {used[name]}."
                    )
            self._wiring.stores.quotas.set(connection, row, given)
            return self._quotas.of(connection, owner, user)

        limits = self._wiring.database.run(write)
        return ok({"quota_set": _known(limits, minor)})

    def _read(
        self, call: ApiCall, wrapper: str, minor: int
    ) -> tuple[dict[str, int], bool]:
        names = _known(self._wiring.settings.quotas(), minor)
        properties: dict[str, Any] = dict.fromkeys(names, _NUMBER)
        if wrapper == "quota_set":
            properties["force"] = {"enum": [True, False, "True", "False"]}
            properties["tenant_id"] = {"type": "string"}
        schema = Schema(
            {
                "type": "object",
                "properties": {
                    wrapper: {
                        "type": "object",
                        "properties": properties,
                        "additionalProperties": False,
                    }
                },
                "required": [wrapper],
                "additionalProperties": False,
            }
        )
        body = call.json(schema)[wrapper]
        force = body.get("force") in (True, "True")
        given = {
            name: int(value)
            for name, value in body.items()
            if name not in ("force", "tenant_id") and name not in NETWORK
        }
        return given, force

    def delete(self, call: ApiCall) -> Reply:
        """DELETE /os-quota-sets/{project}."""
        self._wiring.enforce(call.context, "os_compute_api:os-quota-sets:update")
        owner, user = call.parameters["owner"], call.query.one("user_id")
        row = f"{owner}/{user}" if user else owner
        self._wiring.database.run(
            lambda connection: self._wiring.stores.quotas.forget(connection, row)
        )
        return accepted()

    # ---- the default class -----------------------------------------------------

    def show_class(self, call: ApiCall) -> Reply:
        """GET /os-quota-class-sets/{name}."""
        self._wiring.enforce(call.context, "os_compute_api:os-quota-class-sets")
        limits = self._wiring.database.read(self._quotas.defaults)
        name = call.parameters["name"]
        return ok(
            {"quota_class_set": {"id": name, **_of_class(limits, minor_of(call))}}
        )

    def update_class(self, call: ApiCall) -> Reply:
        """PUT /os-quota-class-sets/{name}."""
        self._wiring.enforce(call.context, "os_compute_api:os-quota-class-sets")
        if call.parameters["name"] != "default":
            raise NotFound("There is only the class default")
        given, _ = self._read(call, "quota_class_set", minor_of(call))

        def write(connection: Connection) -> dict[str, int]:
            self._wiring.stores.quotas.set(connection, CLASS_DEFAULT, given)
            return self._quotas.defaults(connection)

        limits = self._wiring.database.run(write)
        return ok({"quota_class_set": _of_class(limits, minor_of(call))})

    # ---- usage -----------------------------------------------------------------

    def usages(self, call: ApiCall) -> Reply:
        """GET /os-simple-tenant-usage."""
        self._wiring.enforce(call.context, "os_compute_api:os-simple-tenant-usage:list")
        start, end, detailed = self._period(call)
        by_project: dict[str, list[Server]] = {}
        for server in self._servers(start, {}):
            by_project.setdefault(server.project_id, []).append(server)
        found = []
        for project, servers in sorted(by_project.items()):
            value = self._sum(project, servers, start, end)
            if not detailed:
                value.pop("server_usages", None)
            if value["total_hours"] > 0:
                found.append(value)
        return ok({"tenant_usages": found})

    def usage(self, call: ApiCall) -> Reply:
        """GET /os-simple-tenant-usage/{project}."""
        owner = call.parameters["owner"]
        self._wiring.policy.enforce(
            call.context,
            "os_compute_api:os-simple-tenant-usage:show",
            {"project_id": owner},
        )
        start, end, _ = self._period(call)
        servers = self._servers(start, {"project_id": owner})
        value = self._sum(owner, servers, start, end)
        return ok({"tenant_usage": value if value["server_usages"] else {}})

    def _servers(self, start: float, equal: Mapping[str, Any]) -> list[Server]:
        wanted = ServerFilter(
            equal=equal,
            deleted=None,
            matches=lambda server: (
                server.terminated_at is None or server.terminated_at >= start
            ),
        )
        return self._wiring.database.read(
            lambda connection: self._wiring.stores.servers.matching(connection, wanted)
        )

    def _period(self, call: ApiCall) -> tuple[float, float, bool]:
        now = self._wiring.clock.time()
        try:
            start = parse_iso(call.query.one("start") or iso_micro(now))
            end = parse_iso(call.query.one("end") or iso_micro(now))
        except ValueError:
            raise BadRequest("Invalid start or end time") from None
        if start > end:
            raise BadRequest(
                "Invalid start time. The start time cannot occur after the end time."
            )
        return start, min(end, now), call.query.one("detailed") == "1"

    def _sum(
        self, project: str, servers: list[Server], start: float, end: float
    ) -> dict[str, Any]:
        rows = [
            _server_usage(server, start, end, self._wiring.clock.time())
            for server in servers
            if server.launched_at is not None
        ]
        return {
            "tenant_id": project,
            "start": iso_micro(start),
            "stop": iso_micro(end),
            "total_hours": sum(row["hours"] for row in rows),
            "total_vcpus_usage": sum(row["hours"] * row["vcpus"] for row in rows),
            "total_memory_mb_usage": sum(
                row["hours"] * row["memory_mb"] for row in rows
            ),
            "total_local_gb_usage": sum(row["hours"] * row["local_gb"] for row in rows),
            "server_usages": rows,
        }


def _server_usage(
    server: Server, start: float, end: float, now: float
) -> dict[str, Any]:
    launched = server.launched_at or server.created_at
    ended = server.terminated_at
    seconds = max(0.0, min(end, ended or end) - max(start, launched))
    return {
        "instance_id": server.id,
        "name": server.name,
        "hours": seconds / 3600,
        "tenant_id": server.project_id,
        "flavor": server.flavor["name"],
        "vcpus": server.vcpus,
        "memory_mb": server.memory_mib,
        "local_gb": server.disk_gib,
        "started_at": iso_micro(launched),
        "ended_at": iso_micro(ended) if ended else None,
        "state": "terminated" if ended else server.vm_state,
        "uptime": int((ended or now) - launched),
    }


def _known(limits: Mapping[str, int], minor: int) -> dict[str, int]:
    found = dict(limits)
    if minor <= NETWORK_UNTIL:
        found |= NETWORK
    if minor > FILES_UNTIL:
        found = {key: value for key, value in found.items() if key not in FILES}
    return found


def _of_class(limits: Mapping[str, int], minor: int) -> dict[str, int]:
    found = _known(limits, minor)
    if minor < CLASS_MEMBERS_SINCE:
        found = {key: value for key, value in found.items() if key not in GROUPS}
    return found


def _absolute(
    limits: Mapping[str, int], usage: Usage, groups: int, minor: int
) -> dict[str, int]:
    found = {
        "maxTotalInstances": limits["instances"],
        "maxTotalCores": limits["cores"],
        "maxTotalRAMSize": limits["ram"],
        "maxServerMeta": limits["metadata_items"],
        "maxTotalKeypairs": limits["key_pairs"],
        "maxServerGroups": limits["server_groups"],
        "maxServerGroupMembers": limits["server_group_members"],
        "totalInstancesUsed": usage.servers,
        "totalCoresUsed": usage.vcpus,
        "totalRAMUsed": usage.memory_mib,
        "totalServerGroupsUsed": groups,
    }
    if minor <= NETWORK_UNTIL:
        found |= {
            "maxTotalFloatingIps": -1,
            "maxSecurityGroups": -1,
            "maxSecurityGroupRules": -1,
            "totalFloatingIpsUsed": 0,
            "totalSecurityGroupsUsed": 0,
        }
    if minor <= 38:
        found["maxImageMeta"] = limits["metadata_items"]
    if minor <= FILES_UNTIL:
        found |= {
            "maxPersonality": limits["injected_files"],
            "maxPersonalitySize": limits["injected_file_content_bytes"],
        }
    return found
