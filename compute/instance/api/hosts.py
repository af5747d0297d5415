"""Hypervisors, services and availability zones."""

from __future__ import annotations

from typing import Any

from compute.core.api import ApiCall, Handler, empty_reply
from compute.core.database import Connection
from compute.core.errors import BadRequest, Conflict, NotFound
from compute.core.instants import iso_micro
from compute.core.pagination import next_link
from compute.core.schema import Schema
from compute.instance.frame.replies import ok, rendered
from compute.instance.frame.routes import Verb, minor_of
from compute.instance.records import Aggregate, Host
from compute.instance.scheduling.snapshot import is_up, zone_of
from compute.instance.scheduling.state import DEFAULT_ZONE
from compute.instance.schemas.types import BOOLEAN, NAME, is_true
from compute.instance.service.agents import AgentDesk
from compute.instance.views.hosts import (
    BRIEF,
    DETAIL,
    IDS_SINCE,
    SERVICE,
    statistics,
    uptime_text,
)
from compute.instance.wiring import Wiring
from objectstore.kernel.reply import Reply

HYPERVISORS = "os_compute_api:os-hypervisors"
SERVICES = "os_compute_api:os-services"
ZONES = "os_compute_api:os-availability-zone"
BINARY = "nova-compute"
EMPTY_SERVERS_SINCE = 75
FILTERS = frozenset({"limit", "marker", "hypervisor_hostname_pattern", "with_servers"})
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


class HostsApi:
    """Handlers."""

    def __init__(self, wiring: Wiring, desk: AgentDesk) -> None:
        self._wiring = wiring
        self._hosts = wiring.stores.hosts
        self._desk = desk

    def verbs(self) -> list[Verb]:
        """The routes."""
        one = "/os-hypervisors/{hypervisor_id}"
        return [
            self._list("/os-hypervisors", self.index),
            self._list("/os-hypervisors/detail", self.detail),
            Verb("GET", "/os-hypervisors/statistics", self.statistics, until=87),
            Verb(
                "GET",
                one,
                self.show,
                queries=frozenset({"with_servers"}),
                strict_since=IDS_SINCE,
            ),
            Verb("GET", f"{one}/search", self.search, until=52),
            Verb("GET", f"{one}/servers", self.servers, until=52),
            Verb("GET", f"{one}/uptime", self.uptime, until=87),
            Verb("GET", "/os-services", self.services, queries=SERVICE_FILTERS),
            Verb("PUT", "/os-services/{action}", self.change_by_name, until=52),
            Verb("PUT", "/os-services/{action}", self.change, since=53),
            Verb("DELETE", "/os-services/{service_id}", self.forget),
            Verb("GET", "/os-availability-zone", self.zones),
            Verb("GET", "/os-availability-zone/detail", self.zones_in_detail),
        ]

    def _list(self, path: str, handler: Handler) -> Verb:
        return Verb("GET", path, handler, queries=FILTERS, strict_since=IDS_SINCE)

    def _is_up(self, host: Host) -> bool:
        now = self._wiring.clock.time()
        return is_up(host, now, self._wiring.settings.down_after)

    def _all(self) -> list[Host]:
        return self._wiring.database.read(self._hosts.all)

    # ---- hypervisors -----------------------------------------------------------

    def index(self, call: ApiCall) -> Reply:
        """GET /os-hypervisors."""
        return self._listed(call, detail=False)

    def detail(self, call: ApiCall) -> Reply:
        """GET /os-hypervisors/detail."""
        return self._listed(call, detail=True)

    def _listed(self, call: ApiCall, *, detail: bool) -> Reply:
        self._wiring.enforce(call.context, HYPERVISORS)
        found, minor = self._all(), minor_of(call)
        pattern = call.query.one("hypervisor_hostname_pattern")
        if minor >= IDS_SINCE and pattern:
            found = [host for host in found if pattern in host.host]
            if not found:
                raise NotFound(f"No hypervisor matching '{pattern}' could be found.")
        more: dict[str, Any] = {}
        if minor >= 33:
            found, more = self._page(call, found)
        values = [self._view(host, minor, detail=detail) for host in found]
        if minor >= IDS_SINCE and call.query.flag("with_servers"):
            for value, host in zip(values, found, strict=True):
                self._add_servers(value, host, minor)
        return ok({"hypervisors": values, **more})

    def _page(
        self, call: ApiCall, found: list[Host]
    ) -> tuple[list[Host], dict[str, Any]]:
        limit = min(call.query.number("limit", 1000), 1000)
        marker = call.query.one("marker")
        minor = minor_of(call)
        keys = [
            host.hypervisor_id if minor >= IDS_SINCE else str(host.number)
            for host in found
        ]
        if marker:
            if marker not in keys:
                raise BadRequest(f"marker [{marker}] not found")
            place = keys.index(marker) + 1
            found, keys = found[place:], keys[place:]
        more: dict[str, Any] = {}
        if 0 < limit < len(found):
            href = next_link(call.url, call.query, keys[limit - 1])
            more = {"hypervisors_links": [{"rel": "next", "href": href}]}
        return found[:limit], more

    def _view(self, host: Host, minor: int, *, detail: bool) -> dict[str, Any]:
        views, up = DETAIL if detail else BRIEF, self._is_up(host)
        value = rendered(views, minor, host, up, minor)
        if "uptime" in value and up:
            value["uptime"] = uptime_text(host, self._wiring.clock.time())
        return value

    def _servers_of(self, host: Host) -> list[dict[str, str]]:
        rows = self._wiring.database.read(
            lambda connection: self._wiring.stores.servers.briefs(connection, host.host)
        )
        return [
            {"uuid": row["id"], "name": f"instance-{row['id'][:8]}"} for row in rows
        ]

    def _add_servers(self, value: dict[str, Any], host: Host, minor: int) -> None:
        """Until 2.74 a host without servers does not say so."""
        servers = self._servers_of(host)
        if servers or minor >= EMPTY_SERVERS_SINCE:
            value["servers"] = servers

    def _one(self, call: ApiCall, name: str) -> Host:
        key = call.parameters[name]
        host = self._wiring.database.read(
            lambda connection: self._hosts.find(connection, key)
        )
        if host is None:
            raise NotFound(f"Compute host {key} could not be found.")
        return host

    def show(self, call: ApiCall) -> Reply:
        """GET /os-hypervisors/{id}."""
        self._wiring.enforce(call.context, HYPERVISORS)
        host = self._one(call, "hypervisor_id")
        value = self._view(host, minor_of(call), detail=True)
        if minor_of(call) >= IDS_SINCE and call.query.flag("with_servers"):
            self._add_servers(value, host, minor_of(call))
        return ok({"hypervisor": value})

    def _matching(self, call: ApiCall) -> list[Host]:
        self._wiring.enforce(call.context, HYPERVISORS)
        text = call.parameters["hypervisor_id"]
        found = [host for host in self._all() if text in host.host]
        if not found:
            raise NotFound(f"No hypervisor matching '{text}' could be found.")
        return found

    def search(self, call: ApiCall) -> Reply:
        """GET /os-hypervisors/{text}/search."""
        found = self._matching(call)
        minor = minor_of(call)
        values = [self._view(host, minor, detail=False) for host in found]
        return ok({"hypervisors": values})

    def servers(self, call: ApiCall) -> Reply:
        """GET /os-hypervisors/{text}/servers."""
        values = []
        for host in self._matching(call):
            value = self._view(host, minor_of(call), detail=False)
            self._add_servers(value, host, minor_of(call))
            values.append(value)
        return ok({"hypervisors": values})

    def uptime(self, call: ApiCall) -> Reply:
        """GET /os-hypervisors/{id}/uptime, of a host that is there to tell."""
        self._wiring.enforce(call.context, HYPERVISORS)
        host = self._one(call, "hypervisor_id")
        if not self._is_up(host):
            raise BadRequest(f"Compute service of {host.host} is unavailable.")
        value = self._view(host, minor_of(call), detail=False)
        uptime = uptime_text(host, self._wiring.clock.time())
        return ok({"hypervisor": {**value, "uptime": uptime}})

    def statistics(self, call: ApiCall) -> Reply:
        """GET /os-hypervisors/statistics."""
        self._wiring.enforce(call.context, HYPERVISORS)
        return ok({"hypervisor_statistics": statistics(self._all())})

    # ---- services --------------------------------------------------------------

    def services(self, call: ApiCall) -> Reply:
        """GET /os-services."""
        self._wiring.enforce(call.context, SERVICES)
        binary, name = call.query.one("binary"), call.query.one("host")
        hosts, aggregates = self._wiring.database.read(self._hosts_and_aggregates)
        found = [
            self._service(call, host, aggregates)
            for host in hosts
            if (not binary or binary == BINARY) and (not name or name == host.host)
        ]
        return ok({"services": found})

    def _hosts_and_aggregates(
        self, connection: Connection
    ) -> tuple[list[Host], list[Aggregate]]:
        stores = self._wiring.stores
        return stores.hosts.all(connection), stores.aggregates.all(connection)

    def _service(
        self, call: ApiCall, host: Host, aggregates: list[Aggregate]
    ) -> dict[str, Any]:
        zone = zone_of(host.host, aggregates)
        return rendered(SERVICE, minor_of(call), host, self._is_up(host), zone)

    def change_by_name(self, call: ApiCall) -> Reply:
        """PUT /os-services/enable, disable, disable-log-reason, force-down."""
        self._wiring.enforce(call.context, SERVICES)
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
        host = self._wiring.database.read(
            lambda connection: self._hosts.get(connection, body["host"])
        )
        if host is None or body["binary"] != BINARY:
            raise NotFound(f"Could not find binary {body['binary']} on that host.")
        self._write(host, values)
        return ok({"service": {"host": host.host, "binary": BINARY, **shown}})

    def change(self, call: ApiCall) -> Reply:
        """PUT /os-services/{id}."""
        self._wiring.enforce(call.context, SERVICES)
        host = self._one(call, "action")
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
        hosts, aggregates = self._wiring.database.read(self._hosts_and_aggregates)
        (host,) = [each for each in hosts if each.host == host.host]
        return ok({"service": self._service(call, host, aggregates)})

    def _write(self, host: Host, values: dict[str, Any]) -> None:
        now = self._wiring.clock.time()
        self._wiring.database.run(
            lambda connection: self._hosts.set(connection, host.host, now, **values)
        )
        self._wiring.placer.forget()

    def forget(self, call: ApiCall) -> Reply:
        """DELETE /os-services/{id}: a host that will not come back."""
        self._wiring.enforce(call.context, SERVICES)
        host = self._one(call, "service_id")

        def write(connection: Connection) -> None:
            if self._hosts.has_allocations(connection, host.host):
                raise Conflict(f"Host {host.host} still has servers.")
            for aggregate in self._wiring.stores.aggregates.all(connection):
                if host.host in aggregate.hosts:
                    left = [name for name in aggregate.hosts if name != host.host]
                    self._wiring.stores.aggregates.set(
                        connection, aggregate.number, hosts=left
                    )
            self._hosts.forget(connection, host.host)

        self._wiring.database.run(write)
        self._desk.forget(host.host)
        self._wiring.placer.forget()
        return empty_reply(204)

    # ---- availability zones ----------------------------------------------------

    def zones(self, call: ApiCall) -> Reply:
        """GET /os-availability-zone."""
        self._wiring.enforce(call.context, f"{ZONES}:list")
        return ok({"availabilityZoneInfo": self._zones(detail=False)})

    def zones_in_detail(self, call: ApiCall) -> Reply:
        """GET /os-availability-zone/detail."""
        self._wiring.enforce(call.context, f"{ZONES}:detail")
        return ok({"availabilityZoneInfo": self._zones(detail=True)})

    def _zones(self, *, detail: bool) -> list[dict[str, Any]]:
        hosts, aggregates = self._wiring.database.read(self._hosts_and_aggregates)
        grouped: dict[str, list[Host]] = {}
        for host in hosts:
            grouped.setdefault(zone_of(host.host, aggregates), []).append(host)
        if not grouped:
            grouped[DEFAULT_ZONE] = []
        return [
            {
                "zoneName": zone,
                "zoneState": {"available": any(each.enabled for each in members)},
                "hosts": {
                    each.host: {
                        BINARY: {
                            "active": each.enabled,
                            "available": self._is_up(each),
                            "updated_at": iso_micro(each.last_seen),
                        }
                    }
                    for each in members
                }
                if detail
                else None,
            }
            for zone, members in sorted(grouped.items())
        ]
