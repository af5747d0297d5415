"""A guest moves to another host's libvirtd while it runs, its disks with it.

libvirt's peer-to-peer migration: the source's daemon drives, speaking to the
destination's daemon, while QEMU sends memory and disks to QEMU.  All three go through
unix sockets: at the source they are way stations of the agent's (``moves.streams``), at
the destination libvirt's and QEMU's own.  The paths are the same on every host, for
QEMU is told of one path for both ends.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import libvirt

from compute.agent.drivers.libvirt import passphrases
from compute.agent.drivers.libvirt.connection import Connection, Domain
from compute.agent.drivers.libvirt.copies import interrupt_pulls
from compute.agent.drivers.libvirt.domain_xml import CONFIG_DRIVE_NAME
from compute.agent.drivers.libvirt.domains import find, require, state_of
from compute.agent.guests import (
    ACTIVE_STATES,
    GuestState,
    Landing,
    MoveFailed,
    WrongState,
)
from objectstore.kernel.errors import Unavailable

SOCKETS_DIRECTORY = "/run/ringstack-moves"
"""The same on all hosts."""
LIBVIRT, MEMORY, DISKS = "libvirt", "memory", "disks"
STREAMS = (LIBVIRT, MEMORY, DISKS)
BEGIN_TRIES = 10
BEGIN_PAUSE_SECONDS = 0.3
# When somebody wants the move completed by force, its guest may stand still so long.
FORCED_DOWNTIME_MS = 600_000
FLAGS = (
    libvirt.VIR_MIGRATE_LIVE
    | libvirt.VIR_MIGRATE_PEER2PEER
    | libvirt.VIR_MIGRATE_PERSIST_DEST
    | libvirt.VIR_MIGRATE_UNDEFINE_SOURCE
    | libvirt.VIR_MIGRATE_AUTO_CONVERGE
    # libvirt fears caches of disks that both hosts open: these are volumes only, and
    # NBD keeps nothing of them at either.
    | libvirt.VIR_MIGRATE_UNSAFE
)

# Whole disks, not what lies above their images: the destination needs no image, and
# what a lazy disk has not read yet is read on the way.
WITH_DISKS = libvirt.VIR_MIGRATE_NON_SHARED_DISK

_log = logging.getLogger("compute.agent.libvirt")


@dataclass(frozen=True, slots=True)
class Sockets:
    """Where a move's sockets are."""

    uuid: str

    def path(self, name: str) -> str:
        """Of one of ``STREAMS``."""
        return os.path.join(SOCKETS_DIRECTORY, f"{self.uuid}-{name}.sock")


def socket_at_destination(uuid: str, name: str, daemon_socket: str) -> str:
    """What a stream of that name is joined to; "" when there is no such."""
    if name == LIBVIRT:
        return daemon_socket
    return Sockets(uuid).path(name) if name in (MEMORY, DISKS) else ""


def migrate(connection: Connection, uuid: str, landing: Landing) -> None:
    """Move it; returns when it is there, raises ``libvirtError`` when it is not."""
    domain = require(connection, uuid)
    state = state_of(domain)
    if state not in ACTIVE_STATES:
        raise WrongState(uuid, state, "move")
    definition = ElementTree.fromstring(
        domain.XMLDesc(libvirt.VIR_DOMAIN_XML_MIGRATABLE)
    )
    moved = travelling_disks(definition)
    text = landed(definition, landing)
    sockets = Sockets(uuid)
    parameters: dict[str, Any] = {
        libvirt.VIR_MIGRATE_PARAM_URI: f"unix://{sockets.path(MEMORY)}",
        libvirt.VIR_MIGRATE_PARAM_DEST_XML: text,
        libvirt.VIR_MIGRATE_PARAM_PERSIST_XML: text,
    }
    flags = FLAGS
    if moved:
        # With none named, libvirt would copy volumes onto themselves.
        flags |= WITH_DISKS
        parameters[libvirt.VIR_MIGRATE_PARAM_MIGRATE_DISKS] = moved
        uri = f"unix://{sockets.path(DISKS)}"
        parameters[libvirt.VIR_MIGRATE_PARAM_DISKS_URI] = uri
    address = f"qemu+unix:///system?socket={sockets.path(LIBVIRT)}"
    keys = passphrases.ids_of(connection, uuid)
    for attempt in range(1, BEGIN_TRIES + 1):
        interrupt_pulls(domain)
        try:
            domain.migrateToURI3(address, parameters, flags)
            _forget(connection, keys)
            return
        except libvirt.libvirtError as error:
            # The end of a pull comes a moment after it was asked for.
            is_busy = "active block job" in (error.get_error_message() or "")
            if not is_busy or attempt == BEGIN_TRIES:
                raise
        time.sleep(BEGIN_PAUSE_SECONDS)


def _forget(connection: Connection, keys: list[str]) -> None:
    """What opens the guest's disks is of no use here; it has gone, whatever comes."""
    try:
        passphrases.forget(connection, keys)
    except libvirt.libvirtError as error:
        _log.warning("libvirt keeps a key of a guest that has left: %s", error)


def travelling_disks(definition: Element) -> list[str]:
    """The names of the disks whose content goes along: files that are written to."""
    return [
        target.get("dev", "")
        for disk in definition.iterfind("./devices/disk[@type='file']")
        if disk.find("readonly") is None and (target := disk.find("target")) is not None
    ]


def landed(definition: Element, landing: Landing) -> str:
    """The definition as it is to be at the destination: its files are there."""
    paths = landing.paths
    for disk in definition.iterfind("./devices/disk[@type='file']"):
        target, source = disk.find("target"), disk.find("source")
        if target is None or source is None:
            continue
        name = target.get("dev", "")
        there = landing.disks.get(name)
        if name == CONFIG_DRIVE_NAME:
            there = paths["config_drive"]
        if there:
            source.set("file", there)
        for backing in disk.findall("backingStore"):
            disk.remove(backing)
        driver = disk.find("driver")
        if driver is not None:
            # Of lazy disks: the copy has nothing to read below it.
            driver.attrib.pop("copy_on_read", None)
    for disk in definition.iterfind("./devices/disk[@type='network']"):
        _land_volume(disk, landing)
    _set_path(definition, "./devices/serial/source", "path", paths["serial_socket"])
    _set_path(definition, "./devices/console/source", "path", paths["serial_socket"])
    for place in ("serial", "console"):
        _set_path(definition, f"./devices/{place}/log", "file", paths["console_log"])
    _set_path(definition, "./devices/channel/source", "path", paths["agent_socket"])
    _set_path(definition, "./devices/graphics", "socket", paths["vnc_socket"])
    _set_path(definition, "./devices/graphics/listen", "socket", paths["vnc_socket"])
    for tag in ("kernel", "initrd"):
        element = definition.find(f"./os/{tag}")
        if element is not None and element.text:
            name = os.path.basename(element.text)
            element.text = os.path.join(paths["directory"], name)
    return ElementTree.tostring(definition, encoding="unicode")


def _land_volume(disk: Element, landing: Landing) -> None:
    """The same bytes, by the destination's own way to them."""
    target, source = disk.find("target"), disk.find("source")
    host = None if source is None else source.find("host")
    name = "" if target is None else target.get("dev", "")
    there = landing.volumes.get(name)
    if source is None or host is None or there is None:
        raise MoveFailed(f"there is no volume for disk {name} at {landing.host}")
    source.set("name", there["export"])
    host.set("socket", there["socket"])


def _set_path(definition: Element, where: str, attribute: str, path: str) -> None:
    for element in definition.iterfind(where):
        if element.get(attribute) is not None:
            element.set(attribute, path)


def figures(connection: Connection, uuid: str) -> Mapping[str, int]:
    """How far the move is; nothing when it cannot be told."""
    domain = find(connection, uuid)
    if domain is None:
        return {}
    try:
        facts = domain.jobStats()
    except libvirt.libvirtError:
        return {}  # it has just ended
    found = {}
    for what in ("memory", "disk"):
        for part in ("total", "processed", "remaining"):
            value = facts.get(f"{what}_{part}")
            if value is not None:
                found[f"{what}_{part}"] = int(value)
    return found


def hurry(connection: Connection, uuid: str) -> None:
    """Let the guest stand still for as long as the rest takes."""
    domain = find(connection, uuid)
    if domain is not None and is_moving(domain):
        domain.migrateSetMaxDowntime(FORCED_DOWNTIME_MS)


def abort(connection: Connection, uuid: str) -> None:
    """End the move; fine when none is under way."""
    domain = find(connection, uuid)
    if domain is not None and is_moving(domain):
        domain.abortJob()


def is_moving(domain: Domain) -> bool:
    """Whether a move is under way."""
    try:
        facts = domain.jobStats()
    except libvirt.libvirtError:
        return False
    return bool(
        facts.get("operation") == libvirt.VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT
        and facts.get("type", libvirt.VIR_DOMAIN_JOB_NONE)
        != libvirt.VIR_DOMAIN_JOB_NONE
    )


def take_over(connection: Connection, uuid: str, paused: bool) -> None:
    """The guest that has arrived is active here; ``Unavailable`` when there is none."""
    domain = find(connection, uuid)
    state = GuestState.ABSENT if domain is None else state_of(domain)
    if domain is None or state not in ACTIVE_STATES:
        raise Unavailable(f"guest {uuid} has not arrived: it is {state.value}")
    if state is GuestState.PAUSED and not paused:
        domain.resume()
