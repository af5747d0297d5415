"""What an instance is protected from: being terminated, or stopped, by this API.

The server keeps it as metadata.  It is a bolt against mistakes, as in EC2, where who
may stop an instance may take the bolt away; ``openstack server lock`` is another, which
forbids much more.
"""

from __future__ import annotations

from compute.ec2.frame.errors import Ec2Error
from compute.ec2.inventory import Thing
from compute.ec2.marking import there_or_not
from compute.ec2.rooms import Rooms
from compute.ec2.words import RESERVED

TERMINATION = "disableApiTermination"
STOP = "disableApiStop"
PROTECTIONS = (TERMINATION, STOP)
_KEYS = {TERMINATION: f"{RESERVED}no-termination", STOP: f"{RESERVED}no-stop"}
_TRUE = "true"


def metadata_for(names: list[str]) -> dict[str, str]:
    """What a server keeps that is to be protected so from its beginning."""
    return {_KEYS[name]: _TRUE for name in names}


def is_kept(server: Thing, name: str) -> bool:
    """Whether a server is protected so."""
    return bool(server["metadata"].get(_KEYS[name]) == _TRUE)


def refuse_if_kept(server: Thing, identifier: str, name: str) -> None:
    """``Ec2Error`` when what is about to be done is what it is protected from."""
    if is_kept(server, name):
        text = (
            f"The instance '{identifier}' may not be terminated or stopped. Modify its"
            f" '{name}' instance attribute and try again."
        )
        raise Ec2Error("OperationNotPermitted", text)


def protect(rooms: Rooms, server: Thing, name: str, is_wanted: bool) -> None:
    """Protect a server so, or do not any more."""
    path = ("servers", server["id"], "metadata")
    if is_wanted:
        rooms.post("compute", *path, body={"metadata": metadata_for([name])})
    elif is_kept(server, name):
        with there_or_not():
            rooms.delete("compute", *path, _KEYS[name])
