"""Types of volumes: the cloud's, and the names that AWS's have.

Where the cloud has no type of such a name, its default is meant, and the volume keeps
by which name it was wanted: tools compare what they wanted with what they are shown.
How fast a volume is, is a matter of the cloud's types, not of orders.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from compute.ec2.frame.errors import Ec2Error, invalid, unsupported
from compute.ec2.frame.parameters import Parameters
from compute.ec2.inventory import Thing
from compute.ec2.rooms import Rooms
from compute.ec2.words import RESERVED

# Scripts name them without thinking.
AWS_TYPES = frozenset(("standard", "gp2", "gp3", "io1", "io2", "st1", "sc1"))
# What the one type has of which orders may say so, and has without saying it.
FAST_TYPE = "gp3"
FAST_TYPE_IOPS = 3000
FAST_TYPE_MIB_A_SECOND = 125
# Of a volume: the name that was wanted, and which type was meant by it.
WANTED_AS = f"{RESERVED}type"


@dataclass(frozen=True, slots=True)
class TypeWish:
    """``type_name`` of the cloud, None for its default; ``metadata`` for the volume."""

    type_name: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def wanted_as(self) -> str:
        """What a volume keeps of it; may be empty."""
        return self.metadata.get(WANTED_AS, "")


def asked_type(rooms: Rooms, parameters: Parameters, now: str = "") -> TypeWish:
    """The type that a request means by ``VolumeType``, ``Iops`` and ``Throughput``;
    ``now``: as what the volume is shown, if it is there.  ``Ec2Error``."""
    name = parameters.text("VolumeType")
    _check_speed(name or now, parameters)
    if not name:
        return TypeWish()
    types = rooms.get("volume", "types")["volume_types"]
    if name in {each["name"] for each in types}:
        return TypeWish(name)
    if name not in AWS_TYPES:
        raise invalid("VolumeType", name)
    default = rooms.get("volume", "types", "default")["volume_type"]["name"]
    return TypeWish(default, {WANTED_AS: f"{name} {default}"})


def check_shared(rooms: Rooms, wish: TypeWish) -> None:
    """``UnsupportedOperation`` unless volumes of the type are shared by instances: that
    is the type's to say."""
    for each in rooms.get("volume", "types")["volume_types"]:
        if each["name"] == wish.type_name:
            said = (each.get("extra_specs") or {}).get("multiattach", "")
            if said.replace(" ", "").lower() == "<is>true":
                return
    raise unsupported(
        "MultiAttachEnabled", "The cloud has no such type of volumes to share."
    )


def _check_speed(name: str, parameters: Parameters) -> None:
    for wish, only in (
        ("Iops", FAST_TYPE_IOPS),
        ("Throughput", FAST_TYPE_MIB_A_SECOND),
    ):
        if (value := parameters.integer(wish)) is None:
            continue
        if name != FAST_TYPE:
            text = f"The parameter {wish} is not supported for {name or 'such'} volumes"
            raise Ec2Error("InvalidParameterCombination", text)
        if value != only:
            raise unsupported(
                wish, f"It can be {only}: types say how fast volumes are."
            )


def shown_type(volume: Thing) -> str:
    """What a volume is called: as it was wanted, unless it has become another."""
    kept = volume["volume_type"] or "standard"
    wanted, _, meant = volume["metadata"].get(WANTED_AS, "").partition(" ")
    return str(wanted if meant == kept else kept)


def shown_speed(volume: Thing) -> dict[str, Any]:
    """What clients expect to read of the type whose orders may say it."""
    if shown_type(volume) != FAST_TYPE:
        return {}
    return {"iops": FAST_TYPE_IOPS, "throughput": FAST_TYPE_MIB_A_SECOND}
