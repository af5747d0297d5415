"""What is around volumes: zones, services, extensions, filters."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest, NotFound
from compute.core.instants import iso_micro
from compute.core.sql.database import Connection
from compute.volume.api import (
    backups,
    group_snapshots,
    groups,
    messages,
    snapshots,
    volumes,
)
from compute.volume.api.frame import Verb, minor_of, ok
from compute.volume.host_records import ServiceRecord
from compute.volume.model import ZONE
from compute.volume.parts import Parts
from objectstore.kernel.reply import Reply

CLUSTER_SINCE, BACKEND_SINCE, FILTERS_SINCE = 7, 49, 33
SERVICES_RULE = "volume_extension:services"
BINARIES = ("cinder-volume", "cinder-scheduler", "cinder-backup")
"""Tools look for these names; here one process is all of them."""
UPDATED = "2026-11-21T00:00:00+00:00"
# (alias, name): what works here beyond the plain volumes.
EXTENSIONS = (
    ("os-volume-actions", "VolumeActions"),
    ("os-admin-actions", "AdminActions"),
    ("os-volume-image-metadata", "VolumeImageMetadata"),
    ("os-volume-tenant-attribute", "VolumeTenantAttribute"),
    ("os-vol-host-attr", "VolumeHostAttribute"),
    ("os-extended-snapshot-attributes", "ExtendedSnapshotAttributes"),
    ("os-snapshot-actions", "SnapshotActions"),
    ("os-types-manage", "TypesManage"),
    ("os-types-extra-specs", "TypesExtraSpecs"),
    ("os-volume-type-access", "VolumeTypeAccess"),
    ("qos-specs", "Qos_specs_manage"),
    ("os-quota-sets", "Quotas"),
    ("os-quota-class-sets", "QuotaClasses"),
    ("os-used-limits", "UsedLimits"),
    ("os-availability-zone", "AvailabilityZones"),
    ("os-services", "Services"),
    ("os-hosts", "Hosts"),
    ("capabilities", "Capabilities"),
    ("backups", "Backups"),
    ("os-volume-transfer", "VolumeTransfer"),
    ("scheduler-stats", "Scheduler_stats"),
)
SWITCHES = ("enable", "disable", "disable-log-reason")
FOR_REPLICATION = ("freeze", "thaw", "failover", "failover_host")
SWITCH = Schema(
    {
        "type": "object",
        "properties": {
            "host": {"type": "string", "minLength": 1, "maxLength": 255},
            "binary": {"type": "string", "maxLength": 255},
            "disabled_reason": {"type": "string", "maxLength": 255},
        },
        "required": ["host"],
    }
)
FILTERS = {
    "volume": volumes.LISTED,
    "snapshot": snapshots.LISTED,
    "backup": backups.LISTED,
    "message": messages.LISTED,
    "group": groups.LISTED,
    "group_snapshot": group_snapshots.LISTED,
}


class SurroundingsApi:
    """Handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def verbs(self) -> list[Verb]:
        """The routes."""
        return [
            Verb("GET", "/os-availability-zone", self.zones),
            Verb("GET", "/os-services", self.services),
            Verb("PUT", "/os-services/{action}", self.switch),
            Verb("GET", "/extensions", self.extensions),
            Verb("GET", "/extensions/{alias}", self.extension),
            Verb("GET", "/resource_filters", self.filters, FILTERS_SINCE),
        ]

    def zones(self, call: ApiCall) -> Reply:
        """GET /os-availability-zone."""
        zone = {"zoneName": ZONE, "zoneState": {"available": True}}
        return ok({"availabilityZoneInfo": [zone]})

    # ---- services --------------------------------------------------------------

    def services(self, call: ApiCall) -> Reply:
        """GET /os-services."""
        parts = self._parts
        parts.enforce(call.context, SERVICES_RULE)
        found = parts.database.read(parts.stores.services.all)
        host, binary = call.query.one("host"), call.query.one("binary")
        shown = [
            self._document(call, each, kind)
            for each in found
            for kind in BINARIES
            if binary in ("", kind) and host in ("", each.host)
        ]
        return ok({"services": shown})

    def _document(
        self, call: ApiCall, service: ServiceRecord, binary: str
    ) -> dict[str, Any]:
        silent = self._parts.clock.time() - service.last_seen
        is_up = silent <= self._parts.settings.down_after
        found: dict[str, Any] = {
            "binary": binary,
            "host": service.host,
            "zone": ZONE,
            "status": "disabled" if service.disabled else "enabled",
            "state": "up" if is_up else "down",
            "updated_at": iso_micro(service.last_seen),
            "disabled_reason": service.disabled_reason or None,
            "replication_status": "disabled",
            "active_backend_id": None,
            "frozen": False,
        }
        if minor_of(call) >= CLUSTER_SINCE:
            found["cluster"] = None
        if minor_of(call) >= BACKEND_SINCE and binary == BINARIES[0]:
            found["backend_state"] = "up" if is_up else "down"
        return found

    def switch(self, call: ApiCall) -> Reply:
        """PUT /os-services/enable, disable, disable-log-reason."""
        parts = self._parts
        parts.enforce(call.context, SERVICES_RULE)
        action = call.parameters["action"]
        if action not in (*SWITCHES, *FOR_REPLICATION):
            raise NotFound("Unknown action")
        body = call.json(SWITCH)
        if action in FOR_REPLICATION:
            raise BadRequest(f"Host {body['host']} takes part in no replication.")
        reason = body.get("disabled_reason", "").strip()
        if action == "disable-log-reason" and not reason:
            raise BadRequest("Invalid input received: disabled_reason is missing")
        # Others write the back end behind the host's name.
        host = body["host"].partition("@")[0]
        disabled = action != "enable"
        binary = body.get("binary", BINARIES[0])

        def write(connection: Connection) -> None:
            services = parts.stores.services
            if services.get(connection, host) is None or binary not in BINARIES:
                raise NotFound(f"Service {binary} on host {host} could not be found.")
            services.switch(connection, host, disabled=disabled, reason=reason)

        parts.change(write)
        found: dict[str, Any] = {
            "host": body["host"],
            "service": binary,
            "binary": binary,
            "disabled": disabled,
            "status": "disabled" if disabled else "enabled",
        }
        if reason:
            found["disabled_reason"] = reason
        return ok(found)

    # ---- what is offered -------------------------------------------------------

    def extensions(self, call: ApiCall) -> Reply:
        """GET /extensions."""
        return ok({"extensions": [_extension(*each) for each in EXTENSIONS]})

    def extension(self, call: ApiCall) -> Reply:
        """GET /extensions/{alias}."""
        for each in EXTENSIONS:
            if each[0] == call.parameters["alias"]:
                return ok({"extension": _extension(*each)})
        raise NotFound("The resource could not be found.")

    def filters(self, call: ApiCall) -> Reply:
        """GET /resource_filters."""
        wanted = call.query.one("resource")
        shown = [
            {"resource": name, "filters": sorted({*listed.filters, *listed.labels})}
            for name, listed in FILTERS.items()
            if wanted in ("", name)
        ]
        return ok({"resource_filters": shown})


def _extension(alias: str, name: str) -> dict[str, Any]:
    return {
        "alias": alias,
        "name": name,
        "description": name,
        "updated": UPDATED,
        "links": [],
    }
