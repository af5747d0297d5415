"""What a guest's definition says of its files when it arrives elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

pytest.importorskip("libvirt")

import libvirt

from compute.agent.drivers.libvirt.domain_xml import Machine, domain_xml
from compute.agent.drivers.libvirt.moving import (
    landed,
    migrate,
    socket_at_destination,
    travelling_disks,
)
from compute.agent.guests import DiskKey, DiskSpec, Landing, MoveFailed, NbdSource
from test.unit.compute.agent.test_domain_xml import PLAIN, STARTED, UUID, WHOLE

PATHS = {
    "directory": "/there",
    "console_log": "/there/console.log",
    "serial_socket": "/there/serial.sock",
    "vnc_socket": "/there/vnc.sock",
    "agent_socket": "/there/agent.sock",
    "config_drive": "/there/config.iso",
}
LANDING = Landing(
    "beta",
    PATHS,
    {name: f"/there/{name}" for name in ("vda", "vdb", "hdc", "sda")},
    {"vdc": {"socket": "/there/volume.sock", "export": "volume"}},
)


def definition() -> ElementTree.Element:
    return ElementTree.fromstring(domain_xml(WHOLE, Machine(), STARTED))


def test_every_file_is_where_it_is_there() -> None:
    text = landed(definition(), LANDING)
    assert "/g/" not in text
    root = ElementTree.fromstring(text)
    assert root.findtext("uuid") == UUID
    for place, attribute, path in (
        ("./devices/serial/log", "file", PATHS["console_log"]),
        ("./devices/serial/source", "path", PATHS["serial_socket"]),
        ("./devices/channel/source", "path", PATHS["agent_socket"]),
        ("./devices/graphics/listen", "socket", PATHS["vnc_socket"]),
    ):
        element = root.find(place)
        assert element is not None and element.get(attribute) == path, place


def test_a_volume_is_read_by_the_way_that_is_there() -> None:
    root = ElementTree.fromstring(landed(definition(), LANDING))
    source = root.find("./devices/disk[@type='network']/source")
    assert source is not None and source.get("name") == "volume"
    host = source.find("host")
    assert host is not None and host.get("socket") == "/there/volume.sock"
    unknown = Landing("beta", PATHS, LANDING.disks)
    with pytest.raises(MoveFailed):
        landed(definition(), unknown)


def test_what_arrives_stands_alone() -> None:
    root = ElementTree.fromstring(landed(definition(), LANDING))
    for disk in root.iterfind("./devices/disk[@type='file']"):
        assert disk.find("backingStore") is None
        driver = disk.find("driver")
        assert driver is not None and driver.get("copy_on_read") is None


def test_what_is_only_read_was_copied_before() -> None:
    assert travelling_disks(definition()) == ["vda", "vdb", "sda"]


def test_streams_lead_to_this_guests_sockets_only() -> None:
    assert socket_at_destination(UUID, "libvirt", "/run/daemon") == "/run/daemon"
    assert UUID in socket_at_destination(UUID, "memory", "/run/daemon")
    assert socket_at_destination(UUID, "../../etc/passwd", "/run/daemon") == ""


KEY = DiskKey("5e0f2c1a-0000-4000-8000-0123456789ab", "d00d" * 16)


class Source:
    """What a move asks of libvirt where the guest is."""

    def __init__(self, refusal: Exception | None) -> None:
        disk = DiskSpec("vdc", NbdSource("/run/v.sock", "volume", "raw", KEY))
        self.text = domain_xml(replace(PLAIN, disks=(disk,)), Machine(), STARTED)
        self.refusal = refusal
        self.keys = {KEY.id}
        self.is_here = True

    def lookupByUUIDString(self, uuid: str) -> Source:
        assert self.is_here
        return self

    def metadata(self, *which: Any) -> str:
        return "<guest/>"

    def state(self) -> tuple[int, int]:
        return libvirt.VIR_DOMAIN_RUNNING, 0

    def hasManagedSaveImage(self) -> int:
        return 0

    def XMLDesc(self, flags: int = 0) -> str:
        return self.text

    def blockJobInfo(self, *disk: Any) -> dict[str, int]:
        return {}

    def migrateToURI3(self, *where: Any) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.is_here = False

    def secretLookupByUUIDString(self, uuid: str) -> Secret:
        return Secret(self.keys, uuid)


class Secret:
    """One of libvirt's."""

    def __init__(self, keys: set[str], uuid: str) -> None:
        self._keys, self._uuid = keys, uuid

    def undefine(self) -> None:
        self._keys.remove(self._uuid)


def test_what_opens_its_disks_stays_nowhere_that_it_has_left() -> None:
    source: Any = Source(None)
    migrate(source, UUID, LANDING)
    assert source.keys == set()
    source = Source(libvirt.libvirtError("the other host is away"))
    with pytest.raises(libvirt.libvirtError):
        migrate(source, UUID, LANDING)
    assert source.keys == {KEY.id}
