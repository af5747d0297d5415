"""Hypervisors: what each host is, and what it has."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Handler
from compute.core.api.pagination import next_link
from compute.core.errors import BadRequest, NotFound
from compute.instance.api.known_hosts import KnownHosts
from compute.instance.frame.replies import ok, rendered
from compute.instance.frame.routes import Verb, minor_of
from compute.instance.parts import Parts
from compute.instance.records import Host
from compute.instance.views.hosts import (
    BRIEF,
    DETAIL,
    IDS_SINCE,
    statistics,
    uptime_text,
)
from objectstore.kernel.reply import Reply

HYPERVISORS = "os_compute_api:os-hypervisors"
EMPTY_SERVERS_SINCE = 75
FILTERS = frozenset({"limit", "marker", "hypervisor_hostname_pattern", "with_servers"})


class HypervisorsApi:
    """Handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._hosts = KnownHosts(parts)

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
        ]

    def _list(self, path: str, handler: Handler) -> Verb:
        return Verb("GET", path, handler, queries=FILTERS, strict_since=IDS_SINCE)

    def index(self, call: ApiCall) -> Reply:
        """GET /os-hypervisors."""
        return self._listed(call, detail=False)

    def detail(self, call: ApiCall) -> Reply:
        """GET /os-hypervisors/detail."""
        return self._listed(call, detail=True)

    def _listed(self, call: ApiCall, *, detail: bool) -> Reply:
        self._parts.enforce(call.context, HYPERVISORS)
        found, minor = self._hosts.all(), minor_of(call)
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
        views, up = DETAIL if detail else BRIEF, self._hosts.is_up(host)
        value = rendered(views, minor, host, up, minor)
        if "uptime" in value and up:
            value["uptime"] = uptime_text(host, self._parts.clock.time())
        return value

    def _servers_of(self, host: Host) -> list[dict[str, str]]:
        rows = self._parts.database.read(
            lambda connection: self._parts.stores.servers.briefs(connection, host.host)
        )
        return [
            {"uuid": row["id"], "name": f"instance-{row['id'][:8]}"} for row in rows
        ]

    def _add_servers(self, value: dict[str, Any], host: Host, minor: int) -> None:
        """Until 2.74 a host without servers does not say so."""
        servers = self._servers_of(host)
        if servers or minor >= EMPTY_SERVERS_SINCE:
            value["servers"] = servers

    def show(self, call: ApiCall) -> Reply:
        """GET /os-hypervisors/{id}."""
        self._parts.enforce(call.context, HYPERVISORS)
        host = self._hosts.one(call, "hypervisor_id")
        value = self._view(host, minor_of(call), detail=True)
        if minor_of(call) >= IDS_SINCE and call.query.flag("with_servers"):
            self._add_servers(value, host, minor_of(call))
        return ok({"hypervisor": value})

    def _matching(self, call: ApiCall) -> list[Host]:
        self._parts.enforce(call.context, HYPERVISORS)
        text = call.parameters["hypervisor_id"]
        found = [host for host in self._hosts.all() if text in host.host]
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
        self._parts.enforce(call.context, HYPERVISORS)
        host = self._hosts.one(call, "hypervisor_id")
        if not self._hosts.is_up(host):
            raise BadRequest(f"Compute service of {host.host} is unavailable.")
        value = self._view(host, minor_of(call), detail=False)
        uptime = uptime_text(host, self._parts.clock.time())
        return ok({"hypervisor": {**value, "uptime": uptime}})

    def statistics(self, call: ApiCall) -> Reply:
        """GET /os-hypervisors/statistics."""
        self._parts.enforce(call.context, HYPERVISORS)
        return ok({"hypervisor_statistics": statistics(self._hosts.all())})
