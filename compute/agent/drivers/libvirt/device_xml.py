"""Disks and network cards in libvirt's words; used at start and for hot plug.  Pure."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from compute.agent.guests import (
    DiskBus,
    DiskDevice,
    DiskSpec,
    FileSource,
    NbdSource,
    NicSpec,
)


def disk_element(disk: DiskSpec, cache: str, cabled: str = "ide") -> Element:
    """``<disk>``.  A disk whose storage fails stops its guest, which goes on when the
    storage is back, instead of handing it an error that it would not survive.
    ``cabled``: what the guest's board has for IDE."""
    source = disk.source
    is_file = isinstance(source, FileSource)
    element = Element(
        "disk", type="file" if is_file else "network", device=disk.device.value
    )
    driver = SubElement(element, "driver", name="qemu", type=source.format)
    if disk.device is DiskDevice.DISK:
        # What another guest wrote is to be read: nothing keeps bytes for this one.
        driver.set("cache", "none" if disk.shared else cache)
        driver.set("error_policy", "stop")
        driver.set("rerror_policy", "stop")
        driver.set("discard", "unmap")
    if isinstance(source, FileSource):
        SubElement(element, "source", file=source.path)
        if source.lazy_backing is not None:
            driver.set("copy_on_read", "on")
            element.append(_backing(source.lazy_backing))
    else:
        element.append(_network_source(source))
    bus = cabled if disk.bus is DiskBus.IDE else disk.bus.value
    SubElement(element, "target", dev=disk.name, bus=bus)
    if disk.read_only:
        SubElement(element, "readonly")
    if disk.shared:
        SubElement(element, "shareable")
    if disk.limits:
        limits = SubElement(element, "iotune")
        for name, value in disk.limits:
            SubElement(limits, name).text = str(value)
    if disk.serial:
        SubElement(element, "serial").text = disk.serial
    if disk.boot_order is not None:
        SubElement(element, "boot", order=str(disk.boot_order))
    return element


def _backing(source: NbdSource) -> Element:
    backing = Element("backingStore", type="network")
    SubElement(backing, "format", type=source.format)
    backing.append(_network_source(source))
    SubElement(backing, "backingStore")  # and nothing below it
    return backing


def _network_source(source: NbdSource) -> Element:
    element = Element("source", protocol="nbd", name=source.export)
    SubElement(element, "host", transport="unix", socket=source.socket_path)
    if source.luks is not None:
        # QEMU decrypts: what leaves the guest's process is encrypted.
        encryption = SubElement(element, "encryption", format="luks")
        SubElement(encryption, "secret", type="passphrase", uuid=source.luks.id)
    return element


def copy_target(disk: DiskSpec) -> Element:
    """``<disk>`` as the target of a copy: where its bytes are, and no more."""
    source = disk.source
    is_file = isinstance(source, FileSource)
    element = Element("disk", type="file" if is_file else "network")
    if isinstance(source, FileSource):
        SubElement(element, "source", file=source.path)
    else:
        element.append(_network_source(source))
    SubElement(element, "driver", name="qemu", type=source.format)
    return element


def nic_element(nic: NicSpec) -> Element:
    """``<interface>`` on a tap that exists.

    ``managed='no'``: libvirt neither makes nor removes nor configures it.  No option
    ROM: it would wait four seconds for a network boot at each start.
    """
    element = Element("interface", type="ethernet")
    SubElement(element, "mac", address=nic.mac)
    SubElement(element, "target", dev=nic.tap, managed="no")
    SubElement(element, "model", type="virtio")
    if nic.mtu is not None:
        SubElement(element, "mtu", size=str(nic.mtu))
    SubElement(element, "rom", enabled="no")
    return element


def as_text(element: Element) -> str:
    """The element as libvirt wants it."""
    return ElementTree.tostring(element, encoding="unicode")
