"""What was used: hours of servers, for projects that are billed by them.

A page (2.40) counts servers, not projects: a project's usage may go on in the next.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.api.pagination import PAGE_MAX, Page, next_link
from compute.core.api.query import TRUE_WORDS
from compute.core.errors import BadRequest
from compute.core.instants import iso_micro, parse_iso
from compute.instance.frame.replies import ok
from compute.instance.frame.routes import Verb, minor_of
from compute.instance.parts import Parts
from compute.instance.records import Server
from compute.instance.service.server_list import list_servers
from compute.instance.stores.server_filter import ServerFilter
from objectstore.kernel import concurrency
from objectstore.kernel.reply import Reply

RULE = "os_compute_api:os-simple-tenant-usage"
PAGES_SINCE = 40
PERIOD = frozenset({"start", "end"})
PAGING = frozenset({"limit", "marker"})
BY_ID = (("uuid", False),)


class UsageApi:
    """Handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def verbs(self) -> list[Verb]:
        """The routes."""
        many = "/os-simple-tenant-usage"
        one = f"{many}/{{owner}}"
        known = PERIOD | PAGING
        return [
            Verb("GET", many, self.usages, queries=known | {"detailed"}),
            Verb("GET", one, self.usage, queries=known),
        ]

    def usages(self, call: ApiCall) -> Reply:
        """GET /os-simple-tenant-usage."""
        self._parts.enforce(call.context, f"{RULE}:list")
        start, end = self._period(call)
        # Nova heeds "1" alone; the openstack command says "True".
        detailed = call.query.one("detailed").lower() in TRUE_WORDS
        servers, more = self._page(call, start, end, {}, "tenant_usages_links")
        by_project: dict[str, list[Server]] = {}
        for server in servers:
            by_project.setdefault(server.project_id, []).append(server)
        found = []
        for project, theirs in sorted(by_project.items()):
            value = self._sum(project, theirs, start, end)
            if not detailed:
                del value["server_usages"]
            if value["total_hours"] > 0:
                found.append(value)
        return ok({"tenant_usages": found, **more})

    def usage(self, call: ApiCall) -> Reply:
        """GET /os-simple-tenant-usage/{project}; zeros when nothing ran there, for
        clients print sums without looking whether there are any."""
        owner = call.parameters["owner"]
        self._parts.policy.enforce(call.context, f"{RULE}:show", {"project_id": owner})
        start, end = self._period(call)
        servers, more = self._page(
            call, start, end, {"project_id": owner}, "tenant_usage_links"
        )
        value = self._sum(owner, servers, start, end)
        return ok({"tenant_usage": value, **more})

    def _page(
        self,
        call: ApiCall,
        start: float,
        end: float,
        equal: Mapping[str, Any],
        links: str,
    ) -> tuple[list[Server], dict[str, Any]]:
        """Servers that ran in the period, by id, and the link to those that follow."""
        wanted = ServerFilter(equal=equal, deleted=None, ran=(start, end))
        if minor_of(call) < PAGES_SINCE:
            return self._all(wanted), {}
        limit = min(call.query.number("limit", PAGE_MAX), PAGE_MAX)
        page = self._read(wanted, limit, call.query.one("marker"))
        if not page or len(page) < limit:
            return page, {}
        href = next_link(call.url, call.query, page[-1].id)
        return page, {links: [{"rel": "next", "href": href}]}

    def _all(self, wanted: ServerFilter) -> list[Server]:
        """Every server that ever was may be among them."""
        found: list[Server] = []
        while True:
            page = self._read(wanted, PAGE_MAX, found[-1].id if found else "")
            found += page
            if len(page) < PAGE_MAX:
                return found
            # Other requests, too.
            concurrency.sleep(0)

    def _read(self, wanted: ServerFilter, limit: int, marker: str) -> list[Server]:
        return list_servers(self._parts, wanted, Page(limit, marker, BY_ID))

    def _period(self, call: ApiCall) -> tuple[float, float]:
        now = self._parts.clock.time()
        try:
            start = parse_iso(call.query.one("start") or iso_micro(now))
            end = parse_iso(call.query.one("end") or iso_micro(now))
        except ValueError:
            raise BadRequest("Invalid start or end time") from None
        if start > end:
            raise BadRequest(
                "Invalid start time. The start time cannot occur after the end time."
            )
        return start, min(end, now)

    def _sum(
        self, project: str, servers: list[Server], start: float, end: float
    ) -> dict[str, Any]:
        now = self._parts.clock.time()
        rows = [_server_usage(server, start, end, now) for server in servers]
        return {
            "tenant_id": project,
            "start": iso_micro(start),
            "stop": iso_micro(end),
            "total_hours": math.fsum(row["hours"] for row in rows),
            "total_vcpus_usage": _total(rows, "vcpus"),
            "total_memory_mb_usage": _total(rows, "memory_mb"),
            "total_local_gb_usage": _total(rows, "local_gb"),
            "server_usages": rows,
        }


def _total(rows: list[dict[str, Any]], size: str) -> float:
    return math.fsum(row["hours"] * row[size] for row in rows)


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
