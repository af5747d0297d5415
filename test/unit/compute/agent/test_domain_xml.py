"""The XML of guests, against files: a change there must be meant.

To accept a change: RINGSTACK_WRITE_GOLDEN=1 pytest test/unit/compute/agent/...
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from compute.agent.drivers.libvirt.domain_xml import (
    METADATA_NAMESPACE,
    Machine,
    domain_xml,
)
from compute.agent.guests import (
    DiskBus,
    DiskDevice,
    DiskKey,
    DiskSpec,
    FileSource,
    GuestSpec,
    NbdSource,
    NicSpec,
)

GOLDEN = Path(__file__).parent / "golden"
UUID = "8d5c3b8e-0000-4000-8000-0123456789ab"
STARTED = 1_700_000_000

PLAIN = GuestSpec(uuid=UUID, name="instance-00000001", vcpus=1, memory_mib=128)
WHOLE = GuestSpec(
    uuid=UUID,
    name="instance-00000002",
    vcpus=2,
    memory_mib=2048,
    disks=(
        DiskSpec(
            "vda",
            FileSource(
                "/g/root.qcow2", "qcow2", NbdSource("/g/lazy.sock", "img", "raw")
            ),
            boot_order=1,
        ),
        DiskSpec(
            "hdc",
            FileSource("/g/cdrom.qcow2", "qcow2"),
            bus=DiskBus.IDE,
            device=DiskDevice.CDROM,
            boot_order=2,
            read_only=True,
        ),
        DiskSpec("vdb", FileSource("/g/ephemeral0.raw", "raw"), serial="eph0"),
        DiskSpec(
            "vdc",
            NbdSource("/v/volume.sock", "vol-1", "raw"),
            limits=(("read_bytes_sec", 1000000), ("total_iops_sec", 50)),
        ),
        DiskSpec("sda", FileSource("/g/more.qcow2", "qcow2"), bus=DiskBus.SCSI),
    ),
    nics=(NicSpec("fa:16:3e:00:00:01", "tap01", 1450), NicSpec("fa:16:3e:0:0:2", "t2")),
    console_log="/g/console.log",
    serial_socket="/g/serial.sock",
    vnc_socket="/g/vnc.sock",
    agent_socket="/g/agent.sock",
    config_drive="/g/config.iso",
    metadata={"name": "web <1> & \x07co", "project": "p1"},
)
KERNEL = GuestSpec(
    uuid=UUID,
    name="instance-00000003",
    vcpus=1,
    memory_mib=64,
    kernel="/g/kernel",
    ramdisk="/g/ramdisk",
    kernel_arguments='root=/dev/vda console=ttyS0 quote="&"',
)


@pytest.mark.parametrize(
    ("name", "spec", "machine"),
    [
        ("plain", PLAIN, Machine()),
        ("whole", WHOLE, Machine()),
        ("kernel", KERNEL, Machine(virt_type="kvm")),
    ],
)
def test_golden(name: str, spec: GuestSpec, machine: Machine) -> None:
    text = domain_xml(spec, machine, STARTED) + "\n"
    path = GOLDEN / f"{name}.xml"
    if os.environ.get("RINGSTACK_WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()


def test_names_are_never_markup() -> None:
    tree = ElementTree.fromstring(domain_xml(WHOLE, Machine(), STARTED))
    fact = tree.find(f"./metadata/{{{METADATA_NAMESPACE}}}guest/")
    assert fact is not None and fact.text == "web <1> & ?co"


def test_no_card_reaches_the_host_s_network_by_itself() -> None:
    tree = ElementTree.fromstring(domain_xml(WHOLE, Machine(), STARTED))
    kinds = {element.get("type") for element in tree.iterfind("./devices/interface")}
    assert kinds == {"ethernet"}


def test_an_encrypted_disk_names_its_key_and_never_says_it() -> None:
    luks = DiskKey("5e0f2c1a-0000-4000-8000-0123456789ab", "d00d" * 16)
    disk = DiskSpec("vdb", NbdSource("/run/v.sock", "volume", "raw", luks))
    text = domain_xml(replace(PLAIN, disks=(disk,)), Machine(), STARTED)
    assert luks.passphrase not in text and luks.passphrase not in repr(disk)
    source = ElementTree.fromstring(text).find("./devices/disk/source")
    assert source is not None
    encryption = source.find("./encryption[@format='luks']/secret")
    assert encryption is not None and encryption.get("uuid") == luks.id
