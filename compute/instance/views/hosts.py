"""Hypervisors, services, aggregates: keys by microversion."""

from __future__ import annotations

from typing import Any

import orjson

from compute.core.instants import iso_micro, iso_z
from compute.instance.frame.replies import View
from compute.instance.records import Host

BINARY = "nova-compute"
IDS_SINCE = 53  # from here on, hypervisors and services are known by uuids
UPTIME_SINCE = 88  # from here on, hypervisors tell it beside the rest
_DAY, _HOUR, _MINUTE = 86400, 3600, 60


def uptime_text(host: Host, now: float) -> str | None:
    """Since when it runs, as ``uptime`` says it: ``14:30:01 up 5 days,  3:04``; None
    when the host has not told."""
    booted = int(host.inventory.get("booted_at", 0))
    if booted <= 0:
        return None
    seconds = max(0, int(now) - booted)
    days, rest = divmod(seconds, _DAY)
    clock = f"{rest // _HOUR:2d}:{rest % _HOUR // _MINUTE:02d}"
    prefix = f"{days} day{'s' if days > 1 else ''}, " if days else ""
    return f"{iso_z(now)[11:19]} up {prefix}{clock}"


def cpu_info(host: Host) -> dict[str, Any]:
    """What the processors are."""
    facts = host.inventory
    return {
        "arch": facts.get("architecture", ""),
        "model": facts.get("cpu_model", ""),
        "vendor": facts.get("cpu_vendor", ""),
        "features": list(facts.get("cpu_features", ())),
        "topology": {
            "cores": facts.get("cpu_cores", 1),
            "threads": facts.get("cpu_threads", 1),
            "sockets": facts.get("cpu_sockets", 1),
        },
    }


def _service(host: Host, minor: int) -> dict[str, Any]:
    key = host.service_id if minor >= IDS_SINCE else host.number
    return {
        "id": key,
        "host": host.host,
        "disabled_reason": host.disabled_reason or None,
    }


BRIEF: tuple[View, ...] = (
    View("id", lambda host, up, minor: host.number, until=52),
    View("id", lambda host, up, minor: host.hypervisor_id, since=53),
    View("hypervisor_hostname", lambda host, up, minor: host.host),
    View("state", lambda host, up, minor: "up" if up else "down"),
    View(
        "status",
        lambda host, up, minor: "enabled" if host.enabled else "disabled",
    ),
)
DETAIL: tuple[View, ...] = (
    *BRIEF,
    View("hypervisor_type", lambda host, up, minor: host.hypervisor_type),
    View("hypervisor_version", lambda host, up, minor: host.hypervisor_version),
    View("host_ip", lambda host, up, minor: host.address or "127.0.0.1"),
    View("service", lambda host, up, minor: _service(host, minor)),
    View(
        "cpu_info",
        lambda host, up, minor: orjson.dumps(cpu_info(host)).decode(),
        until=27,
    ),
    View("cpu_info", lambda host, up, minor: cpu_info(host), since=28, until=87),
    View("vcpus", lambda host, up, minor: host.vcpus, until=87),
    View("vcpus_used", lambda host, up, minor: host.vcpus_used, until=87),
    View("memory_mb", lambda host, up, minor: host.memory_mib, until=87),
    View("memory_mb_used", lambda host, up, minor: host.memory_used_mib, until=87),
    View(
        "free_ram_mb",
        lambda host, up, minor: host.memory_mib - host.memory_used_mib,
        until=87,
    ),
    View("local_gb", lambda host, up, minor: host.disk_gib, until=87),
    View("local_gb_used", lambda host, up, minor: host.disk_used_gib, until=87),
    View(
        "free_disk_gb",
        lambda host, up, minor: host.disk_gib - host.disk_used_gib,
        until=87,
    ),
    View(
        "disk_available_least",
        lambda host, up, minor: host.inventory.get("disk_free_gib", 0),
        until=87,
    ),
    View("running_vms", lambda host, up, minor: host.servers, until=87),
    View("current_workload", lambda host, up, minor: host.building, until=87),
    View("uptime", lambda host, up, minor: None, since=UPTIME_SINCE),
)
SERVICE: tuple[View, ...] = (
    View("id", lambda host, up, zone: host.number, until=52),
    View("id", lambda host, up, zone: host.service_id, since=53),
    View("binary", lambda host, up, zone: BINARY),
    View("host", lambda host, up, zone: host.host),
    View("zone", lambda host, up, zone: zone),
    View("status", lambda host, up, zone: "enabled" if host.enabled else "disabled"),
    View("state", lambda host, up, zone: "up" if up else "down"),
    View("updated_at", lambda host, up, zone: iso_micro(host.last_seen)),
    View("disabled_reason", lambda host, up, zone: host.disabled_reason or None),
    View("forced_down", lambda host, up, zone: host.forced_down, since=11),
)
AGGREGATE: tuple[View, ...] = (
    View("id", lambda each: each.number),
    View("name", lambda each: each.name),
    View("availability_zone", lambda each: each.metadata.get("availability_zone")),
    View("hosts", lambda each: list(each.hosts)),
    View("metadata", lambda each: dict(each.metadata)),
    View("created_at", lambda each: iso_micro(each.created_at)),
    View(
        "updated_at",
        lambda each: iso_micro(each.updated_at) if each.updated_at else None,
    ),
    View("deleted", lambda each: False),
    View("deleted_at", lambda each: None),
    View("uuid", lambda each: each.uuid, since=41),
)


def statistics(hosts: list[Host]) -> dict[str, int]:
    """All hosts together."""
    return {
        "count": len(hosts),
        "vcpus": sum(each.vcpus for each in hosts),
        "vcpus_used": sum(each.vcpus_used for each in hosts),
        "memory_mb": sum(each.memory_mib for each in hosts),
        "memory_mb_used": sum(each.memory_used_mib for each in hosts),
        "free_ram_mb": sum(each.memory_mib - each.memory_used_mib for each in hosts),
        "local_gb": sum(each.disk_gib for each in hosts),
        "local_gb_used": sum(each.disk_used_gib for each in hosts),
        "free_disk_gb": sum(each.disk_gib - each.disk_used_gib for each in hosts),
        "disk_available_least": sum(
            int(each.inventory.get("disk_free_gib", 0)) for each in hosts
        ),
        "running_vms": sum(each.servers for each in hosts),
        "current_workload": sum(each.building for each in hosts),
    }
