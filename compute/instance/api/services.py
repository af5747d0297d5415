"""Compute services: whether a host takes servers, and whether it is there at all."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, empty_reply
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest, Conflict, NotFound
from compute.core.sql.database import Connection
from compute.instance.api.known_hosts import KnownHosts
from compute.instance.frame.replies import ok, rendered
from compute.instance.frame.routes import Verb, minor_of
from compute.instance.parts import Parts
from compute.instance.records import Aggregate, Host
from compute.instance.scheduling.snapshot import zone_of
from compute.instance.schemas.types import BOOLEAN, NAME, is_true
from compute.instance.service.host_reports import HostReports
from compute.instance.views.hosts import BINARY, SERVICE
from objectstore.kernel.reply import Reply

SERVICES = "os_compute_api:os-services"
SERVICE_FILTERS = frozenset({"host", "binary"})
_REASON = {"type": "string", "minLength": 1, "maxLength": 255}


def _schema(required: tuple[str, ...], **properties: Any) -> Schema:
    return Schema(
        {
            "type": "object",
            "properties": properties,
            "required": list(required),
            "additionalProperties": False,
        }
    )


_NAMES = {"host": NAME, "binary": {"type": "string", "minLength": 1}}
ENABLE = _schema(("host", "binary"), **_NAMES)
DISABLE = _schema(
    ("host", "binary", "disabled_reason"), **_NAMES, disabled_reason=_REASON
)
FORCE = _schema(("host", "binary"), **_NAMES, forced_down=BOOLEAN)
UPDATE = _schema(
    (),
    status={"enum": ["enabled", "disabled"]},
    disabled_reason=_REASON,
    forced_down=BOOLEAN,
)


class ServicesApi:
    """Handlers."""

    def __init__(self, parts: Parts, reports: HostReports) -> None:
        self._parts = parts
        self._hosts = KnownHosts(parts)
        self._reports = reports

    def verbs(self) -> list[Verb]:
        """The routes."""
        return [
            Verb("GET", "/os-services", self.services, queries=SERVICE_FILTERS),
            Verb("PUT", "/os-services/{action}", self.change_by_name, until=52),
            Verb("PUT", "/os-services/{action}", self.change, since=53),
            Verb("DELETE", "/os-services/{service_id}", self.forget),
        ]

    def services(self, call: ApiCall) -> Reply:
        """GET /os-services."""
        self._parts.enforce(call.context, f"{SERVICES}:list")
        binary, name = call.query.one("binary"), call.query.one("host")
        hosts, aggregates = self._hosts.with_aggregates()
        found = [
            self._service(call, host, aggregates)
            for host in hosts
            if (not binary or binary == BINARY) and (not name or name == host.host)
        ]
        return ok({"services": found})

    def _service(
        self, call: ApiCall, host: Host, aggregates: list[Aggregate]
    ) -> dict[str, Any]:
        zone = zone_of(host.host, aggregates)
        return rendered(SERVICE, minor_of(call), host, self._hosts.is_up(host), zone)

    def change_by_name(self, call: ApiCall) -> Reply:
        """PUT /os-services/enable, disable, disable-log-reason, force-down."""
        self._parts.enforce(call.context, SERVICES)
        action = call.parameters["action"]
        if action == "enable":
            body = call.json(ENABLE)
            values: dict[str, Any] = {"enabled": True, "disabled_reason": ""}
            shown: dict[str, Any] = {"status": "enabled"}
        elif action == "disable":
            body = call.json(ENABLE)
            values = {"enabled": False, "disabled_reason": ""}
            shown = {"status": "disabled"}
        elif action == "disable-log-reason":
            body = call.json(DISABLE)
            reason = body["disabled_reason"]
            values = {"enabled": False, "disabled_reason": reason}
            shown = {"status": "disabled", "disabled_reason": reason}
        elif action == "force-down" and minor_of(call) >= 11:
            body = call.json(FORCE)
            values = {"forced_down": is_true(body.get("forced_down", False))}
            shown = {"forced_down": values["forced_down"]}
        else:
            raise NotFound("Unknown action")
        host = self._parts.database.read(
            lambda connection: self._parts.stores.hosts.get(connection, body["host"])
        )
        if host is None or body["binary"] != BINARY:
            raise NotFound(f"Could not find binary {body['binary']} on that host.")
        self._write(host, values)
        return ok({"service": {"host": host.host, "binary": BINARY, **shown}})

    def change(self, call: ApiCall) -> Reply:
        """PUT /os-services/{id}."""
        self._parts.enforce(call.context, SERVICES)
        host = self._hosts.one(call, "action")
        body = call.json(UPDATE)
        if not body:
            raise BadRequest(
                "No updates were requested. Fields 'status' or"
                " 'forced_down' should be specified."
            )
        values: dict[str, Any] = {}
        if body.get("status") == "enabled" and "disabled_reason" in body:
            raise BadRequest("disabled_reason goes with status disabled")
        if "status" in body:
            values["enabled"] = body["status"] == "enabled"
            values["disabled_reason"] = body.get("disabled_reason", "")
        elif "disabled_reason" in body:
            raise BadRequest("disabled_reason goes with status disabled")
        if "forced_down" in body:
            values["forced_down"] = is_true(body["forced_down"])
        self._write(host, values)
        hosts, aggregates = self._hosts.with_aggregates()
        (host,) = [each for each in hosts if each.host == host.host]
        return ok({"service": self._service(call, host, aggregates)})

    def _write(self, host: Host, values: dict[str, Any]) -> None:
        now = self._parts.clock.time()
        hosts = self._parts.stores.hosts
        self._parts.database.run(
            lambda connection: hosts.set(connection, host.host, now, **values)
        )
        self._parts.placer.forget()

    def forget(self, call: ApiCall) -> Reply:
        """DELETE /os-services/{id}: a host that will not come back."""
        self._parts.enforce(call.context, SERVICES)
        host = self._hosts.one(call, "service_id")

        def write(connection: Connection) -> None:
            if self._parts.stores.hosts.has_allocations(connection, host.host):
                raise Conflict(f"Host {host.host} still has servers.")
            for aggregate in self._parts.stores.aggregates.all(connection):
                if host.host in aggregate.hosts:
                    left = [name for name in aggregate.hosts if name != host.host]
                    self._parts.stores.aggregates.set(
                        connection, aggregate.number, hosts=left
                    )
            self._parts.stores.hosts.forget(connection, host.host)

        self._parts.database.run(write)
        self._reports.forget(host.host)
        self._parts.placer.forget()
        return empty_reply(204)
