"""Types of volumes: the cloud's, and the names that AWS's have."""

from __future__ import annotations

from compute.ec2.frame.errors import invalid
from compute.ec2.rooms import Rooms

# Scripts name them without thinking.  Where the cloud has no type of the name, its
# default is meant.
AWS_TYPES = frozenset(("standard", "gp2", "gp3", "io1", "io2", "st1", "sc1"))


def volume_type(rooms: Rooms, name: str) -> str | None:
    """The type that is meant; None: the cloud's default.  ``Ec2Error``."""
    if not name:
        return None
    types = rooms.get("volume", "types")["volume_types"]
    if name in {each["name"] for each in types}:
        return name
    if name in AWS_TYPES:
        return None
    raise invalid("VolumeType", name)
