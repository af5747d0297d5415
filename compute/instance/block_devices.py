"""A server's block devices beside its image's own disk: volumes, and extra disks that
its order named.  Pure.

Nouns:

* A *device* is one entry of a server's ``block_devices``.  Its *destination* is
  ``volume`` (a disk of the volume service) or ``local`` (an extra disk on the host:
  ephemeral or swap).
* The *root* is the device with boot index 0.  A server that has one is
  *volume-backed*: it has no root disk on its host, and no image of its own.
* A volume device is ``attaching`` until its guest has it, ``detaching`` when it was
  asked away, ``swapping`` while another volume takes its place, and ``attached``
  otherwise.

Disks that a server has by its flavor alone (root from an image, ephemeral, swap) have
no entry here.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from compute.core.errors import BadRequest, Conflict, Forbidden

LOCAL, VOLUME = "local", "volume"
BLANK, IMAGE, SNAPSHOT = "blank", "image", "snapshot"
SWAP_FORMAT = "swap"
ATTACHING, ATTACHED, DETACHING = "attaching", "attached", "detaching"
SWAPPING = "swapping"  # its content is being copied to the volume that takes its place
ROOT_DEVICE = "/dev/vda"
# vda is the root, vdy the config drive, vdz swap.
LETTERS = "bcdefghijklmnopqrstuvwx"
# A guest's machine has 32 places on its bus, of which it needs a dozen itself.
VOLUMES_MAX = 16
_DEVICE = re.compile(r"(?:/dev/)?[a-z]{2,3}([a-z])")

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BlockDevice:
    """One entry; its fields are JSON values.

    ``source`` and ``source_id`` say what it was made from; ``size`` is GiB (MiB of a
    swap disk); ``device`` is where the guest is likely to see it (``/dev/vdb``).
    ``is_made``: its volume was made for this server.
    """

    id: str
    source: str
    destination: str
    source_id: str = ""
    volume_id: str = ""
    attachment_id: str = ""
    size: int = 0
    volume_type: str = ""
    boot_index: int | None = None
    device: str = ""
    bus: str = ""
    guest_format: str = ""
    tag: str = ""
    delete_on_termination: bool = False
    state: str = ATTACHED
    is_made: bool = False

    @property
    def is_volume(self) -> bool:
        """Whether the volume service has its bytes."""
        return self.destination == VOLUME

    @property
    def is_root(self) -> bool:
        """Whether the server boots from it."""
        return self.boot_index == 0

    @property
    def is_swap(self) -> bool:
        """Whether it is a swap disk of the host."""
        return self.destination == LOCAL and self.guest_format == SWAP_FORMAT

    @property
    def name(self) -> str:
        """The target on its bus: vdb."""
        return self.device.removeprefix("/dev/")

    def to_json(self) -> dict[str, Any]:
        """As the server's record keeps it."""
        return dataclasses.asdict(self)


def devices_of(entries: Iterable[Entry]) -> list[BlockDevice]:
    """The devices of a server's ``block_devices``."""
    known = {each.name for each in dataclasses.fields(BlockDevice)}
    return [
        BlockDevice(**{key: value for key, value in each.items() if key in known})
        for each in entries
    ]


def volumes_of(entries: Iterable[Entry]) -> list[BlockDevice]:
    """Those that are volumes, and made."""
    return [each for each in devices_of(entries) if each.is_volume and each.volume_id]


def root_of(entries: Iterable[Entry]) -> BlockDevice | None:
    """The volume that the server boots from; None: from its host's disk."""
    return next(
        (each for each in devices_of(entries) if each.is_volume and each.is_root), None
    )


def guest_volumes(entries: Iterable[Entry]) -> list[BlockDevice]:
    """Those that the guest starts with: the root, then the others by their places."""
    found = [each for each in volumes_of(entries) if each.state in (ATTACHED, SWAPPING)]
    return sorted(found, key=lambda each: (not each.is_root, each.device))


def find_volume(entries: Iterable[Entry], volume_id: str) -> BlockDevice | None:
    """The device that has this volume."""
    return next(
        (each for each in volumes_of(entries) if each.volume_id == volume_id), None
    )


def unswapped(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """The entries when nobody copies any more what was being copied: each device has
    what it had."""
    return [
        {**each, "state": ATTACHED} if each.get("state") == SWAPPING else dict(each)
        for each in entries
    ]


def changed(
    entries: Iterable[Entry], device_id: str, **values: Any
) -> list[dict[str, Any]]:
    """The entries with these values in that device's."""
    return [
        {**each, **values} if each["id"] == device_id else dict(each)
        for each in entries
    ]


def without(entries: Iterable[Entry], device_id: str) -> list[dict[str, Any]]:
    """The entries but for that device's."""
    return [dict(each) for each in entries if each["id"] != device_id]


def free_device(taken: Collection[str], wanted: str = "") -> str:
    """Where a further disk goes: as ``wanted`` says (``/dev/vdc``, ``sdc``) when that
    letter is ours to give, else the first that is free.  ``Conflict`` when it is
    taken, ``Forbidden`` when all are."""
    if wanted:
        found = _DEVICE.fullmatch(wanted)
        if found is None:
            raise BadRequest(f"The supplied device path ({wanted}) is invalid.")
        device = f"/dev/vd{found[1]}"
        if device in taken or found[1] == "a":
            raise Conflict(f"The supplied device path ({wanted}) is in use.")
        if found[1] in LETTERS:
            return device
    for letter in LETTERS:
        device = f"/dev/vd{letter}"
        if device not in taken:
            return device
    raise Forbidden("The maximum allowed number of disk devices has been exceeded.")


def check_count(entries: Iterable[Entry]) -> None:
    """``Forbidden`` when there is no place for a further volume."""
    if sum(each.is_volume for each in devices_of(entries)) >= VOLUMES_MAX:
        raise Forbidden(
            f"The maximum allowed number of disk devices ({VOLUMES_MAX}) to attach to"
            " a single instance has been exceeded."
        )


def taken_devices(entries: Iterable[Entry], flavor: Mapping[str, Any]) -> set[str]:
    """The places that the server's disks have, its flavor's among them."""
    devices = devices_of(entries)
    taken = {each.device for each in devices if each.device}
    local = [each for each in devices if each.destination == LOCAL]
    extra = [each for each in local if not each.is_swap and not each.is_root]
    count = len(extra) or (1 if flavor.get("ephemeral") else 0)
    return taken | {f"/dev/vd{LETTERS[number]}" for number in range(count)}


def needs_copying(entries: Iterable[Entry], flavor: Mapping[str, Any]) -> bool:
    """Whether the host has a disk of the server's, which does not go along by itself
    as a volume does."""
    has_swap = bool(flavor.get("swap"))
    return (
        root_of(entries) is None or has_swap or bool(ephemeral_sizes(entries, flavor))
    )


def ephemeral_sizes(entries: Iterable[Entry], flavor: Mapping[str, Any]) -> list[int]:
    """GiB of each extra disk: as the order said, else one as the flavor says."""
    named = [
        each.size
        for each in devices_of(entries)
        if each.destination == LOCAL and each.source == BLANK and not each.is_swap
    ]
    return named or [int(flavor["ephemeral"])] * bool(flavor["ephemeral"])


def swap_mib(entries: Iterable[Entry], flavor: Mapping[str, Any]) -> int:
    """MiB of the swap disk; 0: none."""
    named = [each.size for each in devices_of(entries) if each.is_swap]
    return named[0] if named else int(flavor["swap"])
