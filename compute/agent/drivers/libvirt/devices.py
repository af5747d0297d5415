"""Plug devices into running guests and out again: functions for native threads."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element

import libvirt

from compute.agent.drivers.libvirt.connection import Connection, Domain
from compute.agent.drivers.libvirt.device_xml import as_text, disk_element, nic_element
from compute.agent.drivers.libvirt.domains import definition_of, find, require
from compute.agent.guests import DiskSpec, NicSpec

_LIVE = libvirt.VIR_DOMAIN_AFFECT_LIVE


def find_nic(domain: Domain, mac: str) -> Element | None:
    """The card's element in the domain's XML."""
    for element in definition_of(domain).iterfind("./devices/interface"):
        address = element.find("mac")
        if address is not None and address.get("address", "").lower() == mac.lower():
            return element
    return None


def find_disk(domain: Domain, name: str) -> Element | None:
    """The disk's element in the domain's XML."""
    return disk_in(definition_of(domain), name)


def disk_in(definition: Element, name: str) -> Element | None:
    """The disk's element in that XML."""
    for element in definition.iterfind("./devices/disk"):
        target = element.find("target")
        if target is not None and target.get("dev") == name:
            return element
    return None


def disk_names(domain: Domain) -> list[str]:
    """The targets of all its disks."""
    targets = definition_of(domain).iterfind("./devices/disk/target")
    return [target.get("dev", "") for target in targets]


def disk_serials(connection: Connection, uuid: str) -> dict[str, str]:
    """The disks that an active guest has: name -> serial."""
    domain = find(connection, uuid)
    if domain is None or not domain.isActive():
        return {}
    found = {}
    for element in definition_of(domain).iterfind("./devices/disk"):
        target = element.find("target")
        if target is not None:
            found[target.get("dev", "")] = element.findtext("serial") or ""
    return found


def plug_nic(connection: Connection, uuid: str, nic: NicSpec) -> None:
    """The card is there, if the guest is active."""
    domain = require(connection, uuid)
    if domain.isActive() and find_nic(domain, nic.mac) is None:
        domain.attachDeviceFlags(as_text(nic_element(nic)), _LIVE)


def plug_disk(connection: Connection, uuid: str, disk: DiskSpec, cache: str) -> None:
    """The disk is there, if the guest is active."""
    domain = require(connection, uuid)
    if domain.isActive() and find_disk(domain, disk.name) is None:
        domain.attachDeviceFlags(as_text(disk_element(disk, cache)), _LIVE)


def limit_disk(
    connection: Connection, uuid: str, name: str, limits: Iterable[tuple[str, int]]
) -> None:
    """The disk of an active guest is as fast as that, and no other limit holds."""
    domain = require(connection, uuid)
    if not domain.isActive() or find_disk(domain, name) is None:
        return
    known = domain.blockIoTune(name, _LIVE)
    wanted = dict(limits)
    is_set = {key: value for key, value in known.items() if key in wanted or value}
    values = {key: wanted.get(key, 0) for key in is_set if key != "group_name"}
    if any(values.get(key, 0) != known[key] for key in values):
        domain.setBlockIoTune(name, values, _LIVE)


def ask_nic_out(connection: Connection, uuid: str, mac: str) -> bool:
    """Ask the guest to let go of the card; True when it is gone."""
    domain = require(connection, uuid)
    if not domain.isActive():
        return True
    return _ask_out(domain, find_nic(domain, mac))


def ask_disk_out(connection: Connection, uuid: str, name: str) -> bool:
    """Ask the guest to let go of the disk; True when it is gone."""
    domain = require(connection, uuid)
    if not domain.isActive():
        return True
    return _ask_out(domain, find_disk(domain, name))


def _ask_out(domain: Domain, element: Element | None) -> bool:
    if element is None:
        return True
    try:
        domain.detachDeviceFlags(as_text(element), _LIVE)
    except libvirt.libvirtError as error:
        code = error.get_error_code()
        if code == libvirt.VIR_ERR_DEVICE_MISSING:
            return True
        # It was asked before and has not answered yet: asking again is refused.
        if code not in (
            libvirt.VIR_ERR_OPERATION_FAILED,
            libvirt.VIR_ERR_OPERATION_INVALID,
        ):
            raise
    return False
