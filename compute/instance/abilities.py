"""What not every hypervisor lets its guests have: asked before anything begins.  Pure.

Each host tells what its guests cannot have (``lacks`` of its inventory, the words of
``compute.agent.guests.Ability``).  Actions that need it are refused there, and servers
that need it are placed elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compute.core.errors import Conflict
from compute.instance.block_devices import (
    devices_of,
    swap_mib,
)
from compute.instance.machines import machine_of
from compute.instance.records import Host, Server

VOLUMES, SWAP_VOLUMES = "volumes", "swap-volumes"
EXTRA_DISKS, DISPLAY = "extra-disks", "display"
UEFI, SECURE_BOOT = "uefi", "secure-boot"
# What a host lacks where it has no TPMs of that version, or no such processors.
TPM, EMULATION = "tpm-", "emulation-"
# Action (``model.ACTIONS``) -> what it needs.
NEEDED = {
    "suspend": "suspend",
    "rescue": "rescue",
    "live_migrate": "live-migration",
    "attach_volume": VOLUMES,
    "swap_volume": SWAP_VOLUMES,
    "move_volume": SWAP_VOLUMES,
}
_WORDS = {
    "suspend": "keep a guest's memory on disk",
    "rescue": "boot a guest from another disk",
    "live-migration": "move a guest while it runs",
    VOLUMES: "give volumes to guests",
    SWAP_VOLUMES: "exchange a guest's volume for another one",
    EXTRA_DISKS: "give guests swap, or CD-ROM images",
    DISPLAY: "show guests' screens: they have none, but a serial console",
}


def lacking(host: Host | None) -> frozenset[str]:
    """What guests of the host cannot have."""
    return frozenset() if host is None else frozenset(host.inventory.get("lacks", ()))


def check_action_there(server: Server, host: Host | None, action: str) -> None:
    """``Conflict`` when the server's host cannot do it."""
    if ability := NEEDED.get(action):
        check_ability(server, host, ability)


def check_ability(server: Server, host: Host | None, ability: str) -> None:
    """``Conflict`` when the server's host does not have that."""
    if host is not None and ability in lacking(host):
        raise Conflict(
            f"Instance {server.id} is on a host whose hypervisor"
            f" ({host.hypervisor_type}) cannot {_WORDS[ability]}"
        )


def check_image_there(
    server: Server, host: Host | None, image: Mapping[str, Any]
) -> None:
    """``Conflict`` when the server's host lacks what that image asks for."""
    needed = needs_of(server.block_devices, server.flavor, image)
    if missing := sorted(needed & lacking(host)):
        raise Conflict(
            f"Instance {server.id} is on a host that has not got what the image needs:"
            f" {', '.join(missing)}"
        )


def needs_of(
    entries: Iterable[Mapping[str, Any]],
    flavor: Mapping[str, Any],
    image: Mapping[str, Any],
) -> frozenset[str]:
    """What a server's host must be able to give it.  ``BadRequest`` when flavor and
    image ask for what cannot be."""
    known = list(entries)
    found = set()
    if any(device.is_volume for device in devices_of(known)):
        found.add(VOLUMES)
    if swap_mib(known, flavor) or image.get("disk_format") == "iso":
        found.add(EXTRA_DISKS)
    machine = machine_of(flavor, image)
    if machine.uefi:
        found.add(UEFI)
    if machine.secure_boot:
        found.add(SECURE_BOOT)
    if machine.tpm:
        found.add(TPM + machine.tpm)
    if machine.emulated:
        found.add(EMULATION + machine.emulated)
    return frozenset(found)
