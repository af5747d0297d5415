"""Hosts: that they live, and what is on them."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.instance.api.internal.frame import TEXT, WHOLE, body_of, guarded
from compute.instance.parts import Parts
from compute.instance.service.host_reports import HostReports
from compute.instance.service.server_desk import ServerDesk
from objectstore.kernel.reply import Reply

_INVENTORY = {
    "type": "object",
    "properties": {
        "hypervisor_type": TEXT,
        "hypervisor_version": WHOLE,
        "vcpus": WHOLE,
        "memory_mib": WHOLE,
        "disk_gib": WHOLE,
    },
    "required": [
        "hypervisor_type",
        "hypervisor_version",
        "vcpus",
        "memory_mib",
        "disk_gib",
    ],
}
_REPORTED = {
    "type": "object",
    "properties": {
        "host": {"type": "string", "minLength": 1, "maxLength": 255},
        "inventory": _INVENTORY,
        "states": {"type": "object", "additionalProperties": TEXT},
        "address": {"type": "string", "maxLength": 255},
    },
    "required": ["host", "inventory"],
}
REPORT = body_of("hosts", hosts={"type": "array", "items": _REPORTED})


class HostsApi:
    """Handlers."""

    def __init__(self, parts: Parts, reports: HostReports, servers: ServerDesk) -> None:
        self._parts = parts
        self._reports = reports
        self._servers = servers

    def routes(self) -> list[Route]:
        """All of them."""
        return guarded(
            self._parts,
            [
                ("POST", "/internal/hosts/report", self.report),
                ("GET", "/internal/hosts/{host}/servers", self.servers_of),
                ("GET", "/internal/hosts/{host}/known", self.known_on),
            ],
        )

    def report(self, call: ApiCall) -> Reply:
        """Hosts live."""
        self._reports.report(call.json(REPORT)["hosts"])
        return json_reply(200, {})

    def servers_of(self, call: ApiCall) -> Reply:
        """The servers of one host."""
        found = self._servers.servers_of(call.parameters["host"])
        return json_reply(200, {"servers": found})

    def known_on(self, call: ApiCall) -> Reply:
        """The ids of all servers that have something on one host, or may have."""
        found = self._servers.known_on(call.parameters["host"])
        return json_reply(200, {"servers": found})
