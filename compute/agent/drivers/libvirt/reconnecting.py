"""A network disk whose server was cut off and came back: functions for native threads.

QEMU connects again when somebody reads; nothing of libvirt's reads a disk but a copy of
it, so a sector is read by the monitor.  What it reads is thrown away, and it does not
tell whether it could.
"""

from __future__ import annotations

import json
from typing import Any

import libvirt
import libvirt_qemu

from compute.agent.drivers.libvirt.connection import Connection, Domain
from compute.agent.drivers.libvirt.copies import require_active
from compute.agent.drivers.libvirt.devices import find_disk
from objectstore.kernel.errors import Unavailable

TRIES_MAX = 30
PAUSE_SECONDS = 0.3
# The first reads only notice that the old connection has ended.
READS = 3
SECTOR_BYTES = 512


def read_a_little(connection: Connection, uuid: str, name: str) -> None:
    """Let QEMU notice, and connect again if its server answers."""
    domain = require_active(connection, uuid, "reconnect a disk")
    node = _node_of(domain, name)
    order = f'qemu-io {node} "read 0 {SECTOR_BYTES}"'
    for _ in range(READS):
        libvirt_qemu.qemuMonitorCommand(
            domain, order, libvirt_qemu.VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP
        )


def _node_of(domain: Domain, name: str) -> str:
    """The block node below the guest's device."""
    element = find_disk(domain, name)
    alias = None if element is None else element.find("alias")
    if alias is None:
        raise Unavailable(f"Guest {domain.UUIDString()} has no disk {name}")
    wanted = alias.get("name", "")
    for found in _blocks(domain):
        if wanted in found.get("qdev", "").split("/") and "inserted" in found:
            return str(found["inserted"]["node-name"])
    raise Unavailable(f"Guest {domain.UUIDString()} has no block node for {name}")


def _blocks(domain: Domain) -> list[dict[str, Any]]:
    flags = libvirt_qemu.VIR_DOMAIN_QEMU_MONITOR_COMMAND_DEFAULT
    order = json.dumps({"execute": "query-block"})
    try:
        said = libvirt_qemu.qemuMonitorCommand(domain, order, flags)
    except libvirt.libvirtError as error:
        raise Unavailable(str(error)) from error
    found: list[dict[str, Any]] = json.loads(said)["return"]
    return found
