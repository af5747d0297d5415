"""What of firmware, TPMs and other processors this host's QEMU has not got.

libvirt says it of each emulator and board; what it finds there are packages of the
host's (OVMF, swtpm, other emulators), which may come and go while we run.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, fromstring

import libvirt

from compute.agent.drivers.libvirt.connection import Connection
from compute.agent.drivers.libvirt.machine_xml import BOARDS, NATIVE, Board
from compute.agent.guests import Ability

_TPMS = {"1.2": Ability.TPM_1_2, "2.0": Ability.TPM_2_0}
_PROCESSORS = {"aarch64": Ability.AARCH64}


def lacking(connection: Connection) -> tuple[Ability, ...]:
    """On a native thread."""
    offered = {*_native(connection), *_emulated(connection)}
    asked = {Ability.UEFI, Ability.SECURE_BOOT, *_TPMS.values(), *_PROCESSORS.values()}
    return tuple(sorted(asked - offered))


def _native(connection: Connection) -> Iterator[Ability]:
    board = BOARDS[NATIVE]
    usual = _capabilities(connection, NATIVE, board, board.usual)
    if has_uefi(usual):
        yield Ability.UEFI
    if has_secure_boot(_capabilities(connection, NATIVE, board, board.secure)):
        yield Ability.SECURE_BOOT
    for version in tpm_versions(usual):
        if version in _TPMS:
            yield _TPMS[version]


def _emulated(connection: Connection) -> Iterator[Ability]:
    for name, ability in _PROCESSORS.items():
        board = BOARDS[name]
        found = _capabilities(connection, name, board, board.usual)
        if found is not None and (has_uefi(found) or not board.always_uefi):
            yield ability


def _capabilities(
    connection: Connection, architecture: str, board: Board, machine: str
) -> Element | None:
    try:
        text = connection.getDomainCapabilities(
            board.emulator, architecture, machine, "qemu", 0
        )
    except libvirt.libvirtError:
        return None  # there is no such emulator
    return fromstring(text)


def has_uefi(said: Element | None) -> bool:
    """Pure, as those below: what libvirt's domain capabilities tell."""
    return "efi" in _values(said, "./os/enum[@name='firmware']/value")


def has_secure_boot(said: Element | None) -> bool:
    """Whether there is firmware that insists on signatures."""
    return "yes" in _values(said, "./os/loader/enum[@name='secure']/value")


def tpm_versions(said: Element | None) -> list[str]:
    """Of emulated TPMs."""
    backends = _values(said, "./devices/tpm/enum[@name='backendModel']/value")
    if "emulator" not in backends:
        return []
    return _values(said, "./devices/tpm/enum[@name='backendVersion']/value")


def _values(said: Element | None, path: str) -> list[str]:
    if said is None:
        return []
    return [element.text or "" for element in said.iterfind(path)]
