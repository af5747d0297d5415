"""What opens guests' encrypted disks, as libvirt's secrets: for native threads.

They are private (nobody can ask libvirt for them) and ephemeral (in its memory, on no
disk); so they are told anew each time that a guest starts, gets a disk, or comes.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

import libvirt

from compute.agent.drivers.libvirt.connection import Connection, Domain
from compute.agent.drivers.libvirt.device_xml import as_text
from compute.agent.drivers.libvirt.devices import find_disk
from compute.agent.drivers.libvirt.domains import definition_of, find
from compute.agent.guests import DiskKey, DiskSpec, NbdSource

WHERE = ".//encryption/secret"


def keep(connection: Connection, key: DiskKey) -> None:
    """libvirt knows it."""
    element = Element("secret", ephemeral="yes", private="yes")
    SubElement(element, "uuid").text = key.id
    usage = SubElement(element, "usage", type="volume")
    SubElement(usage, "volume").text = key.id
    found = connection.secretDefineXML(as_text(element), 0)
    found.setValue(key.passphrase.encode("ascii"), 0)


def keys_of(disks: tuple[DiskSpec, ...]) -> list[DiskKey]:
    """Of those that are encrypted."""
    sources = [disk.source for disk in disks]
    return [
        source.luks
        for source in sources
        if isinstance(source, NbdSource) and source.luks is not None
    ]


def ids_of(connection: Connection, uuid: str, name: str = "") -> list[str]:
    """By which ids those of a guest's disks, or of one, are kept."""
    domain = find(connection, uuid)
    if domain is None:
        return []
    return _ids(domain, name)


def _ids(domain: Domain, name: str) -> list[str]:
    element = find_disk(domain, name) if name else definition_of(domain)
    if element is None:
        return []
    return [each.get("uuid", "") for each in element.iterfind(WHERE)]


def forget(connection: Connection, ids: list[str]) -> None:
    """libvirt knows them no more; fine when it did not."""
    for each in ids:
        try:
            connection.secretLookupByUUIDString(each).undefine()
        except libvirt.libvirtError as error:
            if error.get_error_code() != libvirt.VIR_ERR_NO_SECRET:
                raise
