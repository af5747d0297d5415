"""Limits and quotas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest, NotFound
from compute.core.sql.database import Connection
from compute.instance.frame.replies import accepted, ok
from compute.instance.frame.routes import Verb, minor_of
from compute.instance.parts import Parts
from compute.instance.schemas.types import BOOLEAN, is_true
from compute.instance.service.quotas import CLASS_DEFAULT, Quotas
from compute.instance.stores.servers import Usage
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
CLASS_GROUPS_SINCE = 50
FILES = frozenset(
    {"injected_files", "injected_file_content_bytes", "injected_file_path_bytes"}
)
GROUPS = frozenset({"server_groups", "server_group_members"})
COUNTED = ("instances", "cores", "ram")
OF_PROJECT, OF_USER = frozenset({"tenant_id", "reserved"}), frozenset({"user_id"})
_NUMBER = {
    "type": ["integer", "string"],
    "pattern": "^-?[0-9]+$",
    "minimum": -1,
    "maximum": LIMIT_MAX,
}


class QuotasApi:
    """Handlers."""

    def __init__(self, parts: Parts, quotas: Quotas) -> None:
        self._parts = parts
        self._quotas = quotas

    def verbs(self) -> list[Verb]:
        """The routes."""
        one = "/os-quota-sets/{owner}"
        of_class = "/os-quota-class-sets/{name}"
        return [
            Verb("GET", "/limits", self.limits, queries=OF_PROJECT),
            Verb("GET", one, self.show, queries=OF_USER),
            Verb("PUT", one, self.update, queries=OF_USER),
            Verb("DELETE", one, self.delete, queries=OF_USER),
            Verb("GET", f"{one}/defaults", self.defaults),
            Verb("GET", f"{one}/detail", self.detail, queries=OF_USER),
            Verb("GET", of_class, self.show_class),
            Verb("PUT", of_class, self.update_class),
        ]

    # ---- limits ----------------------------------------------------------------

    def limits(self, call: ApiCall) -> Reply:
        """GET /limits."""
        project = call.context.project_id
        asked = call.query.one("tenant_id")
        if asked and asked != project:
            self._parts.enforce(call.context, "os_compute_api:limits:other_project")
            project = asked
        limits, usage, groups = self._parts.database.read(
            lambda connection: (
                self._quotas.of(connection, project),
                self._quotas.usage(connection, project),
                len(self._parts.stores.groups.all(connection, project)),
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
        limits = self._parts.database.read(
            lambda connection: self._quotas.of(connection, owner, user)
        )
        return ok({"quota_set": {"id": owner, **_known(limits, minor_of(call))}})

    def _may_see(self, call: ApiCall) -> str:
        owner = call.parameters["owner"]
        self._parts.policy.enforce(
            call.context, "os_compute_api:os-quota-sets:show", {"project_id": owner}
        )
        return owner

    def defaults(self, call: ApiCall) -> Reply:
        """GET /os-quota-sets/{project}/defaults."""
        owner = call.parameters["owner"]
        limits = self._parts.database.read(self._quotas.defaults)
        return ok({"quota_set": {"id": owner, **_known(limits, minor_of(call))}})

    def detail(self, call: ApiCall) -> Reply:
        """GET /os-quota-sets/{project}/detail."""
        owner = self._may_see(call)
        user = call.query.one("user_id")
        limits, usage, groups = self._parts.database.read(
            lambda connection: (
                self._quotas.of(connection, owner, user),
                self._quotas.usage(connection, owner, user),
                len(self._parts.stores.groups.all(connection, owner)),
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
        self._parts.enforce(call.context, "os_compute_api:os-quota-sets:update")
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
            self._parts.stores.quotas.set(connection, row, given)
            return self._quotas.of(connection, owner, user)

        limits = self._parts.database.run(write)
        return ok({"quota_set": _known(limits, minor)})

    def _read(
        self, call: ApiCall, wrapper: str, minor: int
    ) -> tuple[dict[str, int], bool]:
        known = _known if wrapper == "quota_set" else _of_class
        names = known(self._parts.settings.quotas(), minor)
        properties: dict[str, Any] = dict.fromkeys(names, _NUMBER)
        if wrapper == "quota_set":
            properties["force"] = BOOLEAN
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
        force = is_true(body.get("force", False))
        given = {
            name: int(value)
            for name, value in body.items()
            if name not in ("force", "tenant_id")
            and (name not in NETWORK or wrapper == "quota_class_set")
        }
        return given, force

    def delete(self, call: ApiCall) -> Reply:
        """DELETE /os-quota-sets/{project}."""
        self._parts.enforce(call.context, "os_compute_api:os-quota-sets:update")
        owner, user = call.parameters["owner"], call.query.one("user_id")
        row = f"{owner}/{user}" if user else owner
        self._parts.database.run(
            lambda connection: self._parts.stores.quotas.forget(connection, row)
        )
        return accepted()

    # ---- the default class -----------------------------------------------------

    def show_class(self, call: ApiCall) -> Reply:
        """GET /os-quota-class-sets/{name}."""
        self._parts.enforce(call.context, "os_compute_api:os-quota-class-sets:show")
        limits = self._parts.database.read(self._quotas.defaults)
        name = call.parameters["name"]
        return ok(
            {"quota_class_set": {"id": name, **_of_class(limits, minor_of(call))}}
        )

    def update_class(self, call: ApiCall) -> Reply:
        """PUT /os-quota-class-sets/{name}."""
        self._parts.enforce(call.context, "os_compute_api:os-quota-class-sets")
        if call.parameters["name"] != "default":
            raise NotFound("There is only the class default")
        given, _ = self._read(call, "quota_class_set", minor_of(call))

        def write(connection: Connection) -> dict[str, int]:
            self._parts.stores.quotas.set(connection, CLASS_DEFAULT, given)
            return self._quotas.defaults(connection)

        limits = self._parts.database.run(write)
        return ok({"quota_class_set": _of_class(limits, minor_of(call))})


def _known(limits: Mapping[str, int], minor: int) -> dict[str, int]:
    found = _without_network(limits)
    if minor <= NETWORK_UNTIL:
        found |= NETWORK
    if minor > FILES_UNTIL:
        found = {key: value for key, value in found.items() if key not in FILES}
    return found


def _of_class(limits: Mapping[str, int], minor: int) -> dict[str, int]:
    """Classes kept the network's resources longer, and got groups later.  What is set
    of the network's is kept, and limits nothing: it has quotas of its own."""
    found = _known(limits, minor)
    if minor < CLASS_GROUPS_SINCE:
        found = {key: value for key, value in found.items() if key not in GROUPS}
        found |= {name: limits.get(name, none) for name, none in NETWORK.items()}
    return found


def _without_network(limits: Mapping[str, int]) -> dict[str, int]:
    return {name: limit for name, limit in limits.items() if name not in NETWORK}


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
