"""A server's figures: in the driver's own words until 2.47, in the API's since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.instance.records import Server

STANDARD_SINCE = 48


def diagnostics_view(
    server: Server, usage: Mapping[str, Any], minor: int
) -> dict[str, Any]:
    """From the hypervisor port's ``GuestUsage``."""
    if minor < STANDARD_SINCE:
        return _by_driver(usage)
    return {
        "state": usage["state"],
        "driver": usage["driver"],
        "hypervisor": usage["hypervisor"],
        "hypervisor_os": "linux",
        "uptime": usage["uptime_seconds"],
        "config_drive": server.config_drive,
        "num_cpus": len(usage["cpu_nanoseconds"]),
        "num_nics": len(usage["nics"]),
        "num_disks": len(usage["disks"]),
        "cpu_details": [
            {"id": number, "time": spent, "utilisation": None}
            for number, spent in enumerate(usage["cpu_nanoseconds"])
        ],
        "memory_details": {
            "maximum": usage["memory_max_mib"],
            "used": usage["memory_used_mib"],
        },
        "disk_details": [
            {
                "read_bytes": disk["read_bytes"],
                "read_requests": disk["read_requests"],
                "write_bytes": disk["write_bytes"],
                "write_requests": disk["write_requests"],
                "errors_count": disk["errors"],
            }
            for disk in usage["disks"]
        ],
        "nic_details": [_nic(nic) for nic in usage["nics"]],
    }


def _nic(nic: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "mac_address": nic["mac"],
        "rx_octets": nic["received_bytes"],
        "rx_packets": nic["received_packets"],
        "rx_errors": nic["received_errors"],
        "rx_drop": nic["received_drops"],
        "rx_rate": None,
        "tx_octets": nic["sent_bytes"],
        "tx_packets": nic["sent_packets"],
        "tx_errors": nic["sent_errors"],
        "tx_drop": nic["sent_drops"],
        "tx_rate": None,
    }


def _by_driver(usage: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        f"cpu{number}_time": spent
        for number, spent in enumerate(usage["cpu_nanoseconds"])
    }
    found["memory"] = usage["memory_max_mib"] * 1024
    for disk in usage["disks"]:
        name = disk["name"]
        found |= {
            f"{name}_read": disk["read_bytes"],
            f"{name}_read_req": disk["read_requests"],
            f"{name}_write": disk["write_bytes"],
            f"{name}_write_req": disk["write_requests"],
            f"{name}_errors": disk["errors"],
        }
    return found
