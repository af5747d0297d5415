"""What a guest is, in libvirt's words: a ``GuestSpec`` as domain XML.

Pure: the same spec gives the same text (golden files in test/unit).  Built as a tree,
never by pasting text together: names come from users.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from compute.agent.drivers.libvirt.device_xml import disk_element, nic_element
from compute.agent.drivers.libvirt.machine_xml import (
    board_of,
    cabled_bus,
    features_element,
    port_elements,
    processor_element,
    system_element,
    tpm_element,
)
from compute.agent.guests import DiskBus, DiskSpec, FileSource, GuestSpec

METADATA_NAMESPACE = "urn:ringstack:guest:1"
"""Marks the domains that are ours; others on a shared libvirt are left alone."""
CONFIG_DRIVE_NAME = "vdy"
_PREFIX = "ringstack"
# Balloon figures for diagnostics; each costs the guest a wake-up.
_BALLOON_SECONDS = "10"


@dataclass(frozen=True, slots=True)
class Machine:
    """What the host adds to each guest."""

    virt_type: str = "qemu"  # or kvm
    disk_cache: str = "writeback"


def domain_xml(spec: GuestSpec, machine: Machine, started_seconds: int) -> str:
    """The guest's definition.  ``started_seconds``: now, since the epoch; kept in
    the definition, for there the uptime is found again."""
    # Another processor than the host's can only be emulated.
    virt_type = "qemu" if spec.machine.emulated else machine.virt_type
    domain = Element("domain", type=virt_type)
    _text(domain, "name", spec.name)
    _text(domain, "uuid", spec.uuid)
    domain.append(metadata_element(spec.metadata, started_seconds))
    SubElement(domain, "memory", unit="MiB").text = str(spec.memory_mib)
    _text(domain, "vcpu", str(spec.vcpus))
    domain.append(_smbios(spec))
    domain.append(system_element(spec))
    domain.append(features_element(spec.machine))
    domain.append(processor_element(spec.machine, virt_type))
    SubElement(domain, "clock", offset="utc")
    _text(domain, "on_poweroff", "destroy")
    _text(domain, "on_reboot", "restart")
    _text(domain, "on_crash", "destroy")
    domain.append(_devices(spec, machine))
    ElementTree.indent(domain)
    return ElementTree.tostring(domain, encoding="unicode")


def _text(parent: Element, tag: str, text: str) -> None:
    SubElement(parent, tag).text = text


def metadata_element(facts: Mapping[str, str], started_seconds: int) -> Element:
    """What marks the domain as ours, and tells of it."""
    ElementTree.register_namespace(_PREFIX, METADATA_NAMESPACE)
    metadata = Element("metadata")
    guest = SubElement(metadata, f"{{{METADATA_NAMESPACE}}}guest")
    guest.set("started", str(started_seconds))
    for key, value in sorted(facts.items()):
        fact = SubElement(guest, f"{{{METADATA_NAMESPACE}}}fact", name=key)
        fact.text = _printable(value)
    return metadata


def _printable(text: str) -> str:
    """XML cannot carry control characters, and users' names may hold any."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _smbios(spec: GuestSpec) -> Element:
    """What the firmware tells the guest of its machine.  By this product name
    cloud-init knows that it may ask for OpenStack's metadata."""
    facts = Element("sysinfo", type="smbios")
    system = SubElement(facts, "system")
    for name, value in (
        ("manufacturer", "Ringstack"),
        ("product", "OpenStack Compute"),
        ("serial", spec.uuid),
        ("uuid", spec.uuid),
        ("family", "Virtual Machine"),
    ):
        SubElement(system, "entry", name=name).text = value
    return facts


def _devices(spec: GuestSpec, machine: Machine) -> Element:
    devices = Element("devices")
    _text(devices, "emulator", board_of(spec.machine).emulator)
    devices.extend(port_elements(spec.machine))
    cabled = cabled_bus(spec.machine)
    for disk in spec.disks:
        devices.append(disk_element(disk, machine.disk_cache, cabled))
    if spec.config_drive:
        source = FileSource(spec.config_drive, "raw")
        drive = DiskSpec(CONFIG_DRIVE_NAME, source, read_only=True)
        devices.append(disk_element(drive, machine.disk_cache))
    for nic in spec.nics:
        devices.append(nic_element(nic))
    SubElement(devices, "controller", type="usb", model="none")
    kinds = {disk.bus for disk in spec.disks}
    if DiskBus.SCSI in kinds or (DiskBus.IDE in kinds and cabled == DiskBus.SCSI):
        # libvirt's own choice would be an adapter for which few guests have a driver.
        SubElement(devices, "controller", type="scsi", model="virtio-scsi")
    _add_serial(devices, spec)
    _add_agent(devices, spec)
    _add_display(devices, spec)
    tpm = tpm_element(spec.machine)
    if tpm is not None:
        devices.append(tpm)
    rng = SubElement(devices, "rng", model="virtio")
    SubElement(rng, "backend", model="random").text = "/dev/urandom"
    balloon = SubElement(devices, "memballoon", model="virtio")
    SubElement(balloon, "stats", period=_BALLOON_SECONDS)
    return devices


def _add_serial(devices: Element, spec: GuestSpec) -> None:
    """The log is written whether or not somebody is connected to the socket."""
    if spec.serial_socket:
        serial = SubElement(devices, "serial", type="unix")
        SubElement(serial, "source", mode="bind", path=spec.serial_socket)
    else:
        serial = SubElement(devices, "serial", type="pty")
    if spec.console_log:
        SubElement(serial, "log", file=spec.console_log, append="on")
    SubElement(serial, "target", port="0")


def _add_agent(devices: Element, spec: GuestSpec) -> None:
    if spec.agent_socket:
        channel = SubElement(devices, "channel", type="unix")
        SubElement(channel, "source", mode="bind", path=spec.agent_socket)
        SubElement(channel, "target", type="virtio", name="org.qemu.guest_agent.0")


def _add_display(devices: Element, spec: GuestSpec) -> None:
    """VNC on a unix socket: the directory's owner, and nobody else, may connect."""
    if not spec.vnc_socket:
        return
    graphics = SubElement(devices, "graphics", type="vnc")
    SubElement(graphics, "listen", type="socket", socket=spec.vnc_socket)
    video = SubElement(devices, "video")
    SubElement(video, "model", type=board_of(spec.machine).video)
    # An absolute pointer: VNC's and the guest's stay in one place.
    SubElement(devices, "input", type="tablet", bus="virtio")
