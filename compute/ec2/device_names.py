"""By which name an order calls a disk, and what the instance's hardware calls it.

Guests name their disks by themselves, and the compute room has one way to name them
(``/dev/vdf`` for what AWS's scripts call ``/dev/sdf``).  A volume keeps as what it was
wanted: tools look for an attachment by the name that they gave.
"""

from __future__ import annotations

import re

from compute.ec2.inventory import Thing
from compute.ec2.words import RESERVED

# Of a volume: the name that was wanted, and which disk was meant by it.
NAMED_AS = f"{RESERVED}device"
_DEV = "/dev/"
# The letters of disks, whatever bus a name is of.
_DISK = re.compile(r"(?:sd|xvd|hd|vd)([a-z]{1,2})[0-9]{0,2}\Z")


def disk_meant(name: str) -> str:
    """What the compute room calls the disk of that name, without ``/dev/``."""
    short = name.removeprefix(_DEV)
    found = _DISK.match(short)
    return f"vd{found[1]}" if found else short


def naming(wanted: str, device: str) -> dict[str, str]:
    """What the volume keeps that was wanted as one name, and is at another."""
    short, is_at = wanted.removeprefix(_DEV), device.removeprefix(_DEV)
    return {NAMED_AS: f"{short} {is_at}"} if short != is_at else {}


def shown_device(volume: Thing, attachment: Thing) -> str:
    """By which name a volume is shown where it is: as it was wanted there."""
    device: str = attachment["device"] or ""
    wanted, _, is_at = volume["metadata"].get(NAMED_AS, "").partition(" ")
    return f"{_DEV}{wanted}" if is_at and _DEV + is_at == device else device
