"""Where volumes are, for operators: pools, what they can, hosts and what is on them.

A volume host has one back end (``[volume] backend``) with one pool of its name:
``HOST@files#files``.
"""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.errors import NotFound
from compute.core.instants import iso_micro
from compute.core.sql.database import Connection
from compute.volume.api.frame import Verb, ok
from compute.volume.api.surroundings import BINARIES
from compute.volume.host_records import ServiceRecord
from compute.volume.model import GIB, VENDOR, ZONE
from compute.volume.model import STORAGE_PROTOCOL as PROTOCOL
from compute.volume.parts import Parts
from compute.volume.records import Snapshot, Volume
from compute.volume.service.hosts import Hosts
from objectstore.kernel.reply import Reply

POOLS_RULE, HOSTS_RULE = "scheduler_stats:get_pools", "volume_extension:hosts"
CAPABILITIES_RULE = "volume_extension:capabilities"
DRIVER_VERSION = "1"
TOTAL = "(total)"
"""What the API calls the line that sums up all projects."""


class BackendsApi:
    """Handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._hosts = Hosts(parts)

    def verbs(self) -> list[Verb]:
        """The routes."""
        return [
            Verb("GET", "/scheduler-stats/get_pools", self.pools),
            Verb("GET", "/capabilities/{host}", self.capabilities),
            Verb("GET", "/os-hosts", self.hosts),
            Verb("GET", "/os-hosts/{host}", self.show_host),
        ]

    # ---- pools -------------------------------------------------------------------

    def pools(self, call: ApiCall) -> Reply:
        """GET /scheduler-stats/get_pools."""
        parts = self._parts
        parts.enforce(call.context, POOLS_RULE)
        hosts, wanted = self._hosts, call.query.one("name")
        found = parts.database.read(hosts.known)
        pools = [
            self._pool(each, detail=call.query.flag("detail"))
            for each in found
            if hosts.is_up(each) and wanted in (None, "", each.pool)
        ]
        return ok({"pools": pools})

    def _pool(self, host: ServiceRecord, *, detail: bool) -> dict[str, Any]:
        if not detail:
            return {"name": host.pool}
        total, free = host.told.total_bytes, host.told.free_bytes
        if host.host == self._parts.host:
            capacity = self._parts.driver.capacity()
            total, free = capacity.total_bytes, capacity.free_bytes
        capabilities = {
            "total_capacity_gb": round(total / GIB, 2),
            "free_capacity_gb": round(free / GIB, 2),
            "volume_backend_name": host.told.backend,
            "driver_version": DRIVER_VERSION,
            "vendor_name": VENDOR,
            "storage_protocol": PROTOCOL,
            "thin_provisioning_support": True,
            "multiattach": True,
            "QoS_support": False,
        }
        return {"name": host.pool, "capabilities": capabilities}

    def capabilities(self, call: ApiCall) -> Reply:
        """GET /capabilities/{host}: a pool, its host with ``@files``, or as the list of
        services calls it."""
        self._parts.enforce(call.context, CAPABILITIES_RULE)
        host = call.parameters["host"]
        backend = self._hosts.named(host).told.backend
        return ok(
            {
                "namespace": f"OS::Storage::Capabilities::{host}",
                "vendor_name": VENDOR,
                "volume_backend_name": backend,
                "pool_name": None,
                "driver_version": DRIVER_VERSION,
                "storage_protocol": PROTOCOL,
                "display_name": None,
                "description": None,
                "visibility": "public",
                "replication_targets": [],
                "properties": {
                    "thin_provisioning": {
                        "title": "Thin Provisioning",
                        "description": "Sets thin provisioning.",
                        "type": "boolean",
                    }
                },
            }
        )

    # ---- hosts -------------------------------------------------------------------

    def hosts(self, call: ApiCall) -> Reply:
        """GET /os-hosts."""
        parts = self._parts
        parts.enforce(call.context, HOSTS_RULE)
        found = parts.database.read(parts.stores.services.all)
        kind, zone = call.query.one("service"), call.query.one("zone")
        shown = [
            self._document(each, binary)
            for each in found
            for binary in BINARIES
            if kind in ("", binary) and zone in ("", ZONE)
        ]
        return ok({"hosts": shown})

    def _document(self, service: ServiceRecord, binary: str) -> dict[str, Any]:
        silent = self._parts.clock.time() - service.last_seen
        is_up = silent <= self._parts.settings.down_after
        return {
            "host_name": service.host,
            "service": binary,
            "zone": ZONE,
            "service-status": "available" if is_up else "unavailable",
            "service-state": "disabled" if service.disabled else "enabled",
            "last-update": iso_micro(service.last_seen),
        }

    def show_host(self, call: ApiCall) -> Reply:
        """GET /os-hosts/{host}: what is on it, in all and by project."""
        parts, host = self._parts, call.parameters["host"]
        parts.enforce(call.context, HOSTS_RULE)
        stores, name = parts.stores, host.partition("@")[0]

        def look(connection: Connection) -> tuple[list[Volume], list[Snapshot]]:
            if stores.services.get(connection, name) is None:
                raise NotFound(f"Host {host} could not be found.")
            volumes = stores.volumes.all(connection, host=name)
            ids = {each.id for each in volumes}
            snapshots = stores.snapshots.all(connection)
            return volumes, [each for each in snapshots if each.volume_id in ids]

        volumes, snapshots = parts.database.read(look)
        lines = [_line(host, TOTAL, volumes, snapshots)]
        projects = {each.project_id for each in volumes}
        for project in sorted(projects | {each.project_id for each in snapshots}):
            own = [each for each in volumes if each.project_id == project]
            taken = [each for each in snapshots if each.project_id == project]
            lines.append(_line(host, project, own, taken))
        return ok({"host": [{"resource": line} for line in lines]})


def _line(
    host: str, project: str, volumes: list[Volume], snapshots: list[Snapshot]
) -> dict[str, str]:
    return {
        "host": host,
        "project": project,
        "volume_count": str(len(volumes)),
        "total_volume_gb": str(sum(each.size_gib for each in volumes)),
        "snapshot_count": str(len(snapshots)),
        "total_snapshot_gb": str(sum(each.size_gib for each in snapshots)),
    }
