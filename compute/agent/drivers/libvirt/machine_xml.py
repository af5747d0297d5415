"""Processor, board, firmware and TPM of a guest in libvirt's words.  Pure.

``BOARDS`` has a row for each processor of which there are guests; the firmware itself
is found by libvirt, from the descriptions that come with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

from compute.agent.guests import DiskBus, GuestSpec
from compute.instance.client import GuestMachine

NATIVE = "x86_64"
# Disks and cards are plugged into ports, which must be there when the guest starts.
PORTS = 16


@dataclass(frozen=True, slots=True)
class Board:
    """What guests of one processor are built on.  ``usual``: the machine; ``secure``:
    the one that has what secure boot needs; ``model``: the processor when it is
    emulated; ``video``; ``cabled``: the bus of what is not virtio; ``always_uefi``: it
    has no other firmware."""

    usual: str
    model: str
    video: str
    cabled: str
    secure: str = ""
    always_uefi: bool = False

    @property
    def emulator(self) -> str:
        """The program."""
        return f"/usr/bin/qemu-system-{_NAMES[self]}"


BOARDS = {
    # q35's SATA CD-ROM is invisible to Debian's cloud kernel.
    NATIVE: Board("pc", "qemu64", "vga", "ide", secure="q35"),
    "aarch64": Board("virt", "cortex-a57", "virtio", "scsi", always_uefi=True),
}
_NAMES = {board: name for name, board in BOARDS.items()}


def architecture_of(machine: GuestMachine) -> str:
    """By libvirt's name."""
    return machine.emulated or NATIVE


def board_of(machine: GuestMachine) -> Board:
    """The row."""
    return BOARDS[architecture_of(machine)]


def type_of(machine: GuestMachine) -> str:
    """The machine's type."""
    board = board_of(machine)
    return machine.machine_type or (
        board.secure if machine.secure_boot else board.usual
    )


def has_ports(machine: GuestMachine) -> bool:
    """Whether its devices are on PCI Express."""
    return not _is_old_pc(type_of(machine))


def cabled_bus(machine: GuestMachine) -> str:
    """On what a disk is that shall not be virtio, where a guest's board has no IDE."""
    is_old = _is_old_pc(type_of(machine))
    if is_old or board_of(machine).cabled != DiskBus.IDE.value:
        return board_of(machine).cabled
    return "sata"


def _is_old_pc(machine_type: str) -> bool:
    return machine_type == "pc" or "i440fx" in machine_type


def system_element(spec: GuestSpec) -> Element:
    """``<os>``."""
    machine = spec.machine
    system = Element("os")
    # A kernel that is named is booted without firmware's help, but on arm.
    uefi = machine.uefi or (board_of(machine).always_uefi and not spec.kernel)
    if uefi:
        system.set("firmware", "efi")
    kind = SubElement(
        system, "type", arch=architecture_of(machine), machine=type_of(machine)
    )
    kind.text = "hvm"
    if uefi:
        _add_firmware(system, secure=machine.secure_boot)
    for tag, text in (
        ("kernel", spec.kernel),
        ("initrd", spec.ramdisk if spec.kernel else ""),
        ("cmdline", spec.kernel_arguments if spec.kernel else ""),
    ):
        if text:
            SubElement(system, tag).text = text
    SubElement(system, "smbios", mode="sysinfo")
    return system


def _add_firmware(system: Element, *, secure: bool) -> None:
    """Secure boot as asked, or not at all: left to libvirt, it might be either."""
    firmware = SubElement(system, "firmware")
    said = "yes" if secure else "no"
    SubElement(firmware, "feature", enabled=said, name="secure-boot")
    if secure:
        SubElement(firmware, "feature", enabled="yes", name="enrolled-keys")
        SubElement(system, "loader", secure="yes")


def features_element(machine: GuestMachine) -> Element:
    """``<features>``."""
    features = Element("features")
    SubElement(features, "acpi")
    if not machine.emulated:
        SubElement(features, "apic")
    if machine.secure_boot:
        # Nobody but the firmware may write its variables.
        SubElement(features, "smm", state="on")
    return features


def processor_element(machine: GuestMachine, virt_type: str) -> Element:
    """``<cpu>``."""
    if virt_type == "kvm":
        return Element("cpu", mode="host-model", check="partial")
    # What the emulator does quickest; there is no host processor to show.
    processor = Element("cpu", mode="custom", match="exact", check="none")
    SubElement(processor, "model").text = board_of(machine).model
    return processor


def port_elements(machine: GuestMachine) -> Iterator[Element]:
    """``<controller>``s that leave room for what is plugged in later."""
    if has_ports(machine):
        yield Element("controller", type="pci", index="0", model="pcie-root")
        for number in range(1, PORTS + 1):
            index = str(number)
            yield Element("controller", type="pci", index=index, model="pcie-root-port")


def tpm_element(machine: GuestMachine) -> Element | None:
    """``<tpm>``: emulated, its state with libvirt's own files."""
    if not machine.tpm:
        return None
    element = Element("tpm", model=machine.tpm_model)
    SubElement(element, "backend", type="emulator", version=machine.tpm)
    return element
