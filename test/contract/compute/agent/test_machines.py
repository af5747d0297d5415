"""Guests with firmware, a TPM, another processor, by real libvirt and QEMU.

They have nothing to boot.  Signed firmware takes half a minute under emulation to find
that out: here it need only be the one that runs.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from compute.agent.guests import Ability, DiskBus, DiskDevice, DiskSpec, FileSource
from compute.core.disks import qemu_img
from compute.instance.client import GuestMachine
from test.contract.compute.agent.host import Host

FIRMWARE_OF_ARM = b"UEFI firmware"
KEY = b"Microsoft Corporation KEK"


def needs(host: Host, *abilities: Ability) -> None:
    missing = [each for each in abilities if host.lacks(each)]
    if missing:
        pytest.skip(f"this machine's QEMU lacks {', '.join(missing)}")


def drive_of(host: Host) -> DiskSpec:
    """An empty disk, where a PC would have IDE."""
    path = str(host.directory / "cdrom.qcow2")
    qemu_img.create(path, 1 << 20)
    source, kind = FileSource(path, "qcow2"), DiskDevice.CDROM
    return DiskSpec("hdc", source, DiskBus.IDE, kind, read_only=True)


def commands(words: str) -> list[str]:
    """The command lines of processes that have the words in them."""
    found = []
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            line = Path("/proc", process, "cmdline").read_bytes()
        except OSError:
            continue
        text = line.replace(b"\0", b" ").decode("utf-8", "replace")
        if words in text:
            found.append(text)
    return found


def test_secure_boot_with_a_tpm(libvirt_host: Host) -> None:
    host = libvirt_host
    needs(host, Ability.UEFI, Ability.SECURE_BOOT, Ability.TPM_2_0)
    machine = GuestMachine(uefi=True, secure_boot=True, tpm="2.0", tpm_model="tpm-crb")
    spec = dataclasses.replace(host.spec(), machine=machine, memory_mib=256)
    spec = dataclasses.replace(spec, disks=(drive_of(host),))
    # It is rebuilt: what unsigned firmware kept has no keys.
    plain = GuestMachine(uefi=True)
    host.hypervisor.start(dataclasses.replace(spec, machine=plain))
    host.hypervisor.stop(spec.uuid, grace_seconds=0)
    host.hypervisor.start(spec)
    libvirt = host.directory.parent / "libvirt/lib"
    [variables] = (libvirt / "qemu/nvram").glob(f"{spec.name}*")
    assert KEY in variables.read_bytes()
    [guest] = [each for each in commands(f"guest={spec.name}") if "qemu" in each]
    assert "/OVMF_CODE_4M.ms.fd" in guest and "smm=on" in guest, guest
    [_] = commands(f"/{spec.uuid}/tpm2")
    # It is plugged into one of the ports that were left free.
    host.hypervisor.attach_nic(spec.uuid, host.tap())
    # Rebuilt without a TPM, it leaves nothing of that behind, nor when it is deleted.
    host.hypervisor.stop(spec.uuid, grace_seconds=0)
    assert (libvirt / "swtpm" / spec.uuid).exists()
    host.hypervisor.start(dataclasses.replace(spec, machine=plain))
    assert not (libvirt / "swtpm" / spec.uuid / "tpm2").exists()
    host.hypervisor.destroy(spec.uuid)
    assert commands(f"/{spec.uuid}/tpm2") == []
    assert list((libvirt / "qemu/nvram").glob(f"{spec.name}*")) == []


def test_an_arm_on_another_host(libvirt_host: Host) -> None:
    host = libvirt_host
    needs(host, Ability.AARCH64)
    path = str(host.directory / "root.qcow2")
    qemu_img.create(path, 1 << 20)
    root = DiskSpec("vda", FileSource(path, "qcow2"), boot_order=1)
    spec = host.spec(root, drive_of(host), nics=(host.tap(),))
    machine = GuestMachine(emulated="aarch64")
    host.hypervisor.start(dataclasses.replace(spec, machine=machine))
    host.wait_for_console(spec.uuid, FIRMWARE_OF_ARM)
    host.hypervisor.attach_nic(spec.uuid, host.tap())
    host.hypervisor.pause(spec.uuid)
    host.hypervisor.resume(spec.uuid)
