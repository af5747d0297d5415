"""Availability zones: which there are, and which hosts they have."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.instants import iso_micro
from compute.instance.api.known_hosts import KnownHosts
from compute.instance.frame.replies import ok
from compute.instance.frame.routes import Verb
from compute.instance.parts import Parts
from compute.instance.records import Host
from compute.instance.scheduling.snapshot import zone_of
from compute.instance.scheduling.state import DEFAULT_ZONE
from compute.instance.views.hosts import BINARY
from objectstore.kernel.reply import Reply

ZONES = "os_compute_api:os-availability-zone"


class ZonesApi:
    """Handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._hosts = KnownHosts(parts)

    def verbs(self) -> list[Verb]:
        """The routes."""
        return [
            Verb("GET", "/os-availability-zone", self.zones),
            Verb("GET", "/os-availability-zone/detail", self.zones_in_detail),
        ]

    def zones(self, call: ApiCall) -> Reply:
        """GET /os-availability-zone."""
        self._parts.enforce(call.context, f"{ZONES}:list")
        return ok({"availabilityZoneInfo": self._zones(detail=False)})

    def zones_in_detail(self, call: ApiCall) -> Reply:
        """GET /os-availability-zone/detail."""
        self._parts.enforce(call.context, f"{ZONES}:detail")
        return ok({"availabilityZoneInfo": self._zones(detail=True)})

    def _zones(self, *, detail: bool) -> list[dict[str, Any]]:
        hosts, aggregates = self._hosts.with_aggregates()
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
                            "available": self._hosts.is_up(each),
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
