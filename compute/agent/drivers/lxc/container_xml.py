"""What a container is, in libvirt's words: a ``GuestSpec`` as domain XML.

Pure: the same gives the same text.  Built as a tree, never by pasting text together:
names come from users.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from compute.agent.drivers.libvirt.domain_xml import metadata_element
from compute.agent.drivers.lxc.identities import IDENTITIES
from compute.agent.guests import GuestSpec, NicSpec

EMULATOR = "/usr/lib/libvirt/libvirt_lxc"
INIT = "/sbin/init"
CONSOLE_LOG, SERIAL_SOCKET = "console-log", "serial-socket"
"""Facts of a definition: where its console goes."""
SEED = "/var/lib/cloud/seed/config_drive"
"""Where cloud-init looks for a config drive that is no drive."""
# The kernel counts a container's processor time in such spans.
PERIOD_MICROSECONDS = 100_000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a container gets of its host.

    ``tree``: its files; ``first_id``: of its range of users; ``seed``: a directory
    that stands for its config drive, or ""; ``bridges``: by the MAC of each card.
    """

    tree: str
    first_id: int
    seed: str = ""
    bridges: Mapping[str, str] = field(default_factory=dict)


def container_xml(
    spec: GuestSpec, surroundings: Surroundings, started_seconds: int
) -> str:
    """The guest's definition.  ``started_seconds``: now, since the epoch."""
    domain = Element("domain", type="lxc")
    _text(domain, "name", spec.name)
    _text(domain, "uuid", spec.uuid)
    ways = {CONSOLE_LOG: spec.console_log, SERIAL_SOCKET: spec.serial_socket}
    domain.append(metadata_element({**spec.metadata, **ways}, started_seconds))
    SubElement(domain, "memory", unit="MiB").text = str(spec.memory_mib)
    _text(domain, "vcpu", str(spec.vcpus))
    domain.append(_memory_limits(spec))
    domain.append(_processor_limits(spec))
    system = SubElement(domain, "os")
    _text(system, "type", "exe")
    _text(system, "init", INIT)
    domain.append(_identities(surroundings.first_id))
    # A network of its own even without any card.
    features = SubElement(domain, "features")
    SubElement(features, "privnet")
    SubElement(domain, "clock", offset="utc")
    _text(domain, "on_poweroff", "destroy")
    _text(domain, "on_reboot", "restart")
    _text(domain, "on_crash", "destroy")
    domain.append(_devices(spec, surroundings))
    ElementTree.indent(domain)
    return ElementTree.tostring(domain, encoding="unicode")


def card_element(nic: NicSpec, bridge: str) -> Element:
    """``<interface>``: a pair of devices of which libvirt puts one into the container,
    the other, with the name that the rules know, on the bridge."""
    element = Element("interface", type="bridge")
    SubElement(element, "mac", address=nic.mac)
    SubElement(element, "source", bridge=bridge)
    SubElement(element, "target", dev=nic.tap)
    return element


def _text(parent: Element, tag: str, text: str) -> None:
    SubElement(parent, tag).text = text


def _memory_limits(spec: GuestSpec) -> Element:
    limits = Element("memtune")
    SubElement(limits, "hard_limit", unit="MiB").text = str(spec.memory_mib)
    return limits


def _processor_limits(spec: GuestSpec) -> Element:
    """It sees all processors of the host, and has the time of so many."""
    limits = Element("cputune")
    _text(limits, "period", str(PERIOD_MICROSECONDS))
    _text(limits, "quota", str(spec.vcpus * PERIOD_MICROSECONDS))
    return limits


def _identities(first_id: int) -> Element:
    element = Element("idmap")
    for kind in ("uid", "gid"):
        SubElement(
            element, kind, start="0", target=str(first_id), count=str(IDENTITIES)
        )
    return element


def _devices(spec: GuestSpec, surroundings: Surroundings) -> Element:
    devices = Element("devices")
    _text(devices, "emulator", EMULATOR)
    devices.append(_tree(surroundings.tree, "/"))
    if surroundings.seed:
        seed = _tree(surroundings.seed, SEED)
        SubElement(seed, "readonly")
        devices.append(seed)
    for nic in spec.nics:
        devices.append(card_element(nic, surroundings.bridges[nic.mac]))
    SubElement(devices, "console", type="pty")
    return devices


def _tree(source: str, target: str) -> Element:
    element = Element("filesystem", type="mount", accessmode="passthrough")
    SubElement(element, "source", dir=source)
    SubElement(element, "target", dir=target)
    return element
