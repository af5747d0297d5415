"""What an order's block device mappings say, old and new, as devices.  Pure.

``block_device_mapping`` names volumes and snapshots by their places in the guest;
``block_device_mapping_v2`` names sources and destinations.  Both become the same
devices; what is contradictory in itself is refused here, what the volume service or
the flavor forbids by ``volume_choice``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compute.core.errors import BadRequest, Conflict
from compute.instance.block_devices import (
    BLANK,
    IMAGE,
    LETTERS,
    LOCAL,
    ROOT_DEVICE,
    SNAPSHOT,
    SWAP_FORMAT,
    VOLUME,
    VOLUMES_MAX,
    BlockDevice,
    free_device,
)
from compute.instance.schemas.types import is_true

Body = Mapping[str, Any]
NewId = Callable[[], str]
INVALID = "Block Device Mapping is Invalid"
BUSES = frozenset({"", "virtio", "scsi", "ide"})
EPHEMERAL_DISKS_MAX = 8
_DEFAULT_DESTINATION = {VOLUME: VOLUME, SNAPSHOT: VOLUME, IMAGE: LOCAL, BLANK: LOCAL}


@dataclass(frozen=True, slots=True)
class DeviceOrder:
    """``image_id``: the image of the root disk on the host, "" when a device is the
    root."""

    image_id: str
    devices: tuple[BlockDevice, ...] = ()


def asked_devices(body: Body) -> list[dict[str, Any]]:
    """The mappings of an order for servers, all in the newer form.  ``BadRequest``."""
    old = body.get("block_device_mapping") or ()
    new = body.get("block_device_mapping_v2") or ()
    if old and new:
        raise BadRequest(
            "Using different block_device_mapping syntaxes is not allowed in the same"
            " request."
        )
    if old:
        return _from_old(old, bool(body.get("imageRef")))
    return [_plain(each) for each in new if not each.get("no_device")]


def _is_local_image(each: Body) -> bool:
    destination = each.get("destination_type") or LOCAL
    return each["source_type"] == IMAGE and destination == LOCAL


def local_image(asked: Sequence[Body]) -> str:
    """The image that the mappings put on the host's own root disk; "": none."""
    return next((str(each["uuid"]) for each in asked if _is_local_image(each)), "")


def without_image(asked: Sequence[Body]) -> list[Body]:
    """The mappings but for that one."""
    return [each for each in asked if not _is_local_image(each)]


def order_of(
    asked: Sequence[Mapping[str, Any]], image_id: str, new_id: NewId
) -> DeviceOrder:
    """Devices out of mappings in the newer form, as image properties keep them too."""
    devices: list[BlockDevice] = []
    is_image_root = False
    for each in asked:
        device = _device(_plain(each), new_id)
        if device.source == IMAGE and device.destination == LOCAL:
            if not device.is_root:
                raise BadRequest(f"{INVALID}: Mapping image to local is not supported.")
            if image_id and image_id != device.source_id:
                raise BadRequest(
                    "The image of the boot device and imageRef are different"
                )
            image_id = device.source_id
            is_image_root = True
            continue
        devices.append(device)
    if not is_image_root and any(each.is_root for each in devices):
        # The root is said; imageRef beside it only tells where it came from.
        image_id = ""
    _check_boot_order(devices, bool(image_id))
    _check_local(devices)
    return DeviceOrder(image_id, tuple(_placed(devices)))


# ---- the older form ------------------------------------------------------------


def _from_old(old: Sequence[Any], has_image: bool) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for each in old:
        if not isinstance(each, dict):
            raise BadRequest(f"{INVALID}: each device is an object")
        if each.get("no_device"):
            continue
        found.append(_old_device(each))
    disks = [each for each in found if each["source_type"] != BLANK]
    if not has_image and disks:
        named = [each for each in disks if each["device_name"].endswith("da")]
        (named or disks)[0]["boot_index"] = 0
    return found


def _old_device(each: Body) -> dict[str, Any]:
    virtual = str(each.get("virtual_name") or "")
    device: dict[str, Any] = {
        "device_name": str(each.get("device_name") or ""),
        "volume_size": each.get("volume_size"),
        "delete_on_termination": each.get("delete_on_termination") or False,
        "boot_index": None,
    }
    if virtual:
        is_swap = virtual == SWAP_FORMAT
        if not is_swap and not virtual.startswith("ephemeral"):
            raise BadRequest(f"{INVALID}: unknown virtual_name {virtual}")
        guest_format = SWAP_FORMAT if is_swap else ""
        return {**device, "source_type": BLANK, "guest_format": guest_format}
    if each.get("snapshot_id"):
        source = {"source_type": SNAPSHOT, "uuid": each["snapshot_id"]}
    elif each.get("volume_id"):
        source = {"source_type": VOLUME, "uuid": each["volume_id"]}
    else:
        raise BadRequest(f"{INVALID}: Unrecognized legacy format.")
    return {**device, **source}


# ---- the newer form ------------------------------------------------------------


def _plain(each: Body) -> dict[str, Any]:
    """The uuid under its one name."""
    named = {VOLUME: "volume_id", SNAPSHOT: "snapshot_id", IMAGE: "image_id"}
    source = each.get("source_type")
    if source is None:
        source = next((kind for kind, key in named.items() if each.get(key)), None)
    if source is None:
        raise BadRequest(f"{INVALID}: Missing source_type field.")
    uuid = each.get("uuid") or each.get(named.get(source, ""), "")
    return {**each, "source_type": source, "uuid": uuid}


def _device(each: Body, new_id: NewId) -> BlockDevice:
    source = str(each["source_type"])
    source_id = str(each.get("uuid") or "")
    destination = str(each.get("destination_type") or _DEFAULT_DESTINATION[source])
    if source == BLANK and source_id:
        raise BadRequest(f"{INVALID}: Invalid device UUID.")
    if source != BLANK and not source_id:
        raise BadRequest(f"{INVALID}: Missing device UUID of a {source}.")
    if source in (VOLUME, SNAPSHOT) and destination == LOCAL:
        raise BadRequest(f"{INVALID}: a {source} cannot be a local disk.")
    bus = str(each.get("disk_bus") or "")
    if bus not in BUSES:
        raise BadRequest(f"{INVALID}: disk_bus {bus} is not supported.")
    size = _number(each.get("volume_size"), "volume_size") or 0
    boot_index = _number(each.get("boot_index"), "boot_index")
    if bus == "ide" and boot_index != 0:
        raise BadRequest(f"{INVALID}: only the boot disk can be on bus ide.")
    if destination == VOLUME and source in (IMAGE, BLANK) and size < 1:
        what = "Images" if source == IMAGE else "Blank volumes"
        raise BadRequest(
            f"{INVALID}: {what} with destination_type 'volume' need to have a non-zero"
            " size specified"
        )
    return BlockDevice(
        id=new_id(),
        source=source,
        destination=destination,
        source_id=source_id,
        volume_id=source_id if source == VOLUME else "",
        size=size,
        volume_type=str(each.get("volume_type") or ""),
        boot_index=None if boot_index is None or boot_index < 0 else boot_index,
        device=str(each.get("device_name") or ""),
        bus=bus,
        guest_format=str(each.get("guest_format") or ""),
        tag=str(each.get("tag") or ""),
        delete_on_termination=is_true(each.get("delete_on_termination", False)),
        is_made=destination == VOLUME and source != VOLUME,
    )


def _number(value: Any, name: str) -> int | None:
    if value is None or value == "":
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        raise BadRequest(f"{INVALID}: {name} must be a number") from None


def _check_boot_order(devices: Sequence[BlockDevice], has_image: bool) -> None:
    given = [each.boot_index for each in devices if each.boot_index is not None]
    indices = sorted(given + [0] * has_image)
    if not indices and not has_image:
        raise BadRequest("Invalid imageRef provided: an image or a volume is needed.")
    if indices != list(range(len(indices))):
        raise BadRequest(
            f"{INVALID}: Boot sequence for the instance and image/block device mapping"
            " combination is not valid."
        )
    if any(each.is_root and each.destination == LOCAL for each in devices):
        raise BadRequest(f"{INVALID}: nothing boots from a blank disk.")


def _check_local(devices: Sequence[BlockDevice]) -> None:
    if sum(each.is_swap for each in devices) > 1:
        raise BadRequest(f"{INVALID}: more than one swap drive requested.")
    extra = [each for each in devices if not each.is_volume and not each.is_swap]
    if len(extra) > EPHEMERAL_DISKS_MAX:
        raise BadRequest(f"{INVALID}: more local devices than the limit allows.")
    named = [each.volume_id for each in devices if each.volume_id]
    if len(set(named)) < len(named):
        raise BadRequest(f"{INVALID}: a volume is named twice.")
    if sum(each.is_volume for each in devices) > VOLUMES_MAX:
        raise BadRequest(f"{INVALID}: more than {VOLUMES_MAX} volumes.")


def _placed(devices: Sequence[BlockDevice]) -> list[BlockDevice]:
    """Each with its place in the guest: the root first, extra disks, then volumes."""
    extra = [each for each in devices if not each.is_volume and not each.is_swap]
    places = {each.id: f"/dev/vd{LETTERS[n]}" for n, each in enumerate(extra)}
    taken = set(places.values())
    for each in devices:
        if each.is_volume:
            place = ROOT_DEVICE if each.is_root else _place(each.device, taken)
            places[each.id] = place
            taken.add(place)
    return [
        dataclasses.replace(each, device=places.get(each.id, "")) for each in devices
    ]


def _place(wanted: str, taken: set[str]) -> str:
    """As it was asked for, if that can be had: which letter a disk gets is the guest's
    own affair, so a wish that cannot be met is no mistake."""
    try:
        return free_device(taken, wanted)
    except (BadRequest, Conflict):
        return free_device(taken)
