"""What belongs to no server alone: extensions, external events, passwords sealed by
guests, and the audit log."""

from __future__ import annotations

import functools
from typing import Any

from compute.core.api import ApiCall, empty_reply, json_reply
from compute.core.database import Connection
from compute.core.errors import Conflict, NotFound
from compute.core.instants import iso_micro
from compute.core.schema import Schema
from compute.instance.frame.replies import ok
from compute.instance.frame.routes import Verb, minor_of
from compute.instance.nics import vifs_from
from compute.instance.records import Server
from compute.instance.schemas.types import UUID
from compute.instance.service.volumes import ServerVolumes
from compute.instance.wiring import Wiring
from objectstore.kernel.errors import Rejected, RingstackError
from objectstore.kernel.reply import Reply

EVENTS_RULE = "os_compute_api:os-server-external-events:create"
PASSWORD_RULE = "os_compute_api:os-server-password"
NETWORK_EVENTS = frozenset(
    {
        "network-changed",
        "network-vif-plugged",
        "network-vif-unplugged",
        "network-vif-deleted",
    }
)
EVENTS_MAX = 200
# Our hosts report what their guests do, so such an event changes nothing.
POWER_TAGS = frozenset({"POWER_ON", "POWER_OFF"})
# Names that came later, with the version that brought each.
LATER_EVENTS = {
    "volume-extended": 51,
    "power-update": 76,
    "accelerator-request-bound": 82,
    "volume-reimaged": 93,
}


@functools.cache
def events_schema(minor: int) -> Schema:
    """What services may tell in that version."""
    later = [name for name, since in LATER_EVENTS.items() if since <= minor]
    event = {
        "type": "object",
        "properties": {
            "server_uuid": UUID,
            "name": {"enum": [*sorted(NETWORK_EVENTS), *later]},
            "status": {"enum": ["failed", "completed", "in-progress"]},
            "tag": {"type": "string", "maxLength": 255},
        },
        "required": ["server_uuid", "name"],
        "additionalProperties": False,
    }
    events = {
        "type": "array",
        "items": event,
        "minItems": 1,
        "maxItems": EVENTS_MAX,
    }
    return Schema(
        {
            "type": "object",
            "properties": {"events": events},
            "required": ["events"],
            "additionalProperties": False,
        }
    )


# The parts of the API that stand in this list work; what does not work is not in it.
EXTENSIONS = {
    "NMN": "Multinic",
    "OS-DCF": "DiskConfig",
    "OS-EXT-AZ": "ExtendedAvailabilityZone",
    "OS-EXT-IPS": "ExtendedIps",
    "OS-EXT-IPS-MAC": "ExtendedIpsMac",
    "OS-EXT-SRV-ATTR": "ExtendedServerAttributes",
    "OS-EXT-STS": "ExtendedStatus",
    "OS-FLV-DISABLED": "FlavorDisabled",
    "OS-FLV-EXT-DATA": "FlavorExtraData",
    "OS-SCH-HNT": "SchedulerHints",
    "OS-SRV-USG": "ServerUsage",
    "os-admin-actions": "AdminActions",
    "os-aggregates": "Aggregates",
    "os-attach-interfaces": "AttachInterfaces",
    "os-availability-zone": "AvailabilityZone",
    "os-config-drive": "ConfigDrive",
    "os-console-auth-tokens": "ConsoleAuthTokens",
    "os-console-output": "ConsoleOutput",
    "os-consoles": "Consoles",
    "os-create-server-ext": "Createserverext",
    "os-deferred-delete": "DeferredDelete",
    "os-evacuate": "Evacuate",
    "os-flavor-access": "FlavorAccess",
    "os-flavor-extra-specs": "FlavorExtraSpecs",
    "os-flavor-manage": "FlavorManage",
    "os-floating-ips": "FloatingIps",
    "os-hypervisors": "Hypervisors",
    "os-instance-actions": "InstanceActions",
    "os-keypairs": "Keypairs",
    "os-lock-server": "LockServer",
    "os-migrate-server": "MigrateServer",
    "os-migrations": "Migrations",
    "os-multiple-create": "MultipleCreate",
    "os-networks": "Networks",
    "os-pause-server": "PauseServer",
    "os-personality": "Personality",
    "os-quota-class-sets": "QuotaClasses",
    "os-quota-sets": "Quotas",
    "os-rescue": "Rescue",
    "os-security-groups": "SecurityGroups",
    "os-server-diagnostics": "ServerDiagnostics",
    "os-server-external-events": "ServerExternalEvents",
    "os-server-groups": "ServerGroups",
    "os-server-password": "ServerPassword",
    "os-server-start-stop": "ServerStartStop",
    "os-services": "Services",
    "os-shelve": "Shelve",
    "os-simple-tenant-usage": "SimpleTenantUsage",
    "os-suspend-server": "SuspendServer",
    "os-user-data": "UserData",
    "os-volumes": "Volumes",
    "os-extended-volumes": "ExtendedVolumes",
    "os-block-device-mapping-v2-boot": "BlockDeviceMappingV2Boot",
}
EXTENSION_UPDATED = "2014-12-03T00:00:00Z"


class SurroundingsApi:
    """Handlers."""

    def __init__(self, wiring: Wiring, volumes: ServerVolumes) -> None:
        self._wiring = wiring
        self._volumes = volumes

    def verbs(self) -> list[Verb]:
        """The routes."""
        password = "/servers/{server_id}/os-server-password"
        return [
            Verb("GET", "/extensions", self.extensions),
            Verb("GET", "/extensions/{alias}", self.extension),
            Verb("POST", "/os-server-external-events", self.events),
            Verb("GET", password, self.password),
            Verb("DELETE", password, self.clear_password),
            Verb("GET", "/os-instance_usage_audit_log", self.audit),
            Verb("GET", "/os-instance_usage_audit_log/{before}", self.audit),
        ]

    def extensions(self, call: ApiCall) -> Reply:
        """GET /extensions."""
        return ok({"extensions": [_extension(alias) for alias in EXTENSIONS]})

    def extension(self, call: ApiCall) -> Reply:
        """GET /extensions/{alias}."""
        alias = call.parameters["alias"]
        if alias not in EXTENSIONS:
            raise NotFound(f"There is no extension {alias}")
        return ok({"extension": _extension(alias)})

    # ---- external events -------------------------------------------------------

    def events(self, call: ApiCall) -> Reply:
        """POST /os-server-external-events: other services say what changed."""
        self._wiring.enforce(call.context, EVENTS_RULE)
        events = call.json(events_schema(minor_of(call)))["events"]
        ids = {event["server_uuid"] for event in events}
        servers = self._wiring.database.read(
            lambda connection: self._wiring.stores.servers.several(connection, ids)
        )
        answers = []
        for event in events:
            server = servers.get(event["server_uuid"])
            code = 200 if server is not None and not server.deleted else 404
            if server is not None and not server.host:
                code = 422
            if code == 200:
                assert server is not None
                code = self._heed(call, server, event)
            answers.append(
                {
                    "name": event["name"],
                    "server_uuid": event["server_uuid"],
                    "status": "completed" if code == 200 else "failed",
                    "tag": event.get("tag", ""),
                    "code": code,
                }
            )
        if all(answer["code"] == 404 for answer in answers):
            raise NotFound("No instances found for any event")
        partly = any(answer["code"] != 200 for answer in answers)
        return json_reply(207 if partly else 200, {"events": answers})

    def _heed(self, call: ApiCall, server: Server, event: Any) -> int:
        """Do what the event asks for; its code."""
        name, tag = event["name"], event.get("tag", "")
        try:
            if name in NETWORK_EVENTS:
                self._refresh(server)
            elif name == "volume-extended":
                self._volumes.extend(call.context, server.id, tag, EVENTS_RULE)
            elif name == "power-update" and tag not in POWER_TAGS:
                return 400
        except Conflict:
            return 422
        except Rejected as error:
            if error.status != 404:
                raise
            # The server does not have that volume, or not any more: nothing to do.
        return 200

    def _refresh(self, server: Server) -> None:
        """Take over what the network room says of the server's ports now."""
        try:
            nics = self._wiring.network.nics_of(server.id)
        except RingstackError:
            return  # only a cache: what is shown is asked for anew

        def write(connection: Connection) -> None:
            stores = self._wiring.stores
            found = stores.servers.get(connection, server.id)
            if found is not None:
                known = {vif["port_id"] for vif in found.vifs}
                vifs = [
                    vif
                    for vif in vifs_from(nics, found.vifs)
                    if vif["port_id"] in known
                ]
                stores.servers.update(connection, found, found.updated_at, vifs=vifs)

        self._wiring.database.run(write)

    # ---- the sealed password ---------------------------------------------------

    def password(self, call: ApiCall) -> Reply:
        """GET .../os-server-password."""
        return ok({"password": self._server(call).sealed_password})

    def _server(self, call: ApiCall) -> Server:
        server_id = call.parameters["server_id"]
        return self._wiring.database.read(
            lambda connection: self._wiring.visible(
                connection, call.context, server_id, PASSWORD_RULE
            )
        )

    def clear_password(self, call: ApiCall) -> Reply:
        """DELETE .../os-server-password."""
        server = self._server(call)
        now = self._wiring.clock.time()
        self._wiring.database.run(
            lambda connection: self._wiring.stores.servers.update(
                connection, server, now, sealed_password=""
            )
        )
        return empty_reply(204)

    # ---- what is always empty --------------------------------------------------

    def audit(self, call: ApiCall) -> Reply:
        """GET /os-instance_usage_audit_log: nothing is audited by periods."""
        self._wiring.enforce(call.context, "os_compute_api:os-instance-usage-audit-log")
        now = iso_micro(self._wiring.clock.time()).replace("T", " ")
        one = "before" in call.parameters
        key = "instance_usage_audit_log" if one else "instance_usage_audit_logs"
        value: dict[str, Any] = {
            "hosts_not_run": [],
            "log": {},
            "num_hosts": 0,
            "num_hosts_done": 0,
            "num_hosts_not_run": 0,
            "num_hosts_running": 0,
            "overall_status": "ALL hosts done. 0 errors.",
            "period_beginning": now,
            "period_ending": now,
            "total_errors": 0,
            "total_instances": 0,
        }
        return ok({key: value})


def _extension(alias: str) -> dict[str, Any]:
    name = EXTENSIONS[alias]
    return {
        "alias": alias,
        "name": name,
        "description": f"{name} support.",
        "links": [],
        "namespace": "http://docs.openstack.org/compute/ext/fake_xml",
        "updated": EXTENSION_UPDATED,
    }
