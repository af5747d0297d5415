"""Which interfaces stay when their instance ends: those that it was not started with.

The compute room deletes the ports that it made for a server, and gives back those that
were brought, but does not tell which is which.  So a port that somebody makes or
brings here keeps a mark of it.
"""

from __future__ import annotations

from compute.ec2.inventory import Inventory, Thing
from compute.ec2.marking import set_marks, where_possible
from compute.ec2.words import RESERVED, mark, word

_KEPT = f"{RESERVED}kept"
WORD = word(_KEPT, "yes")
"""What a port has from the beginning that is made by itself."""


def is_kept(port: Thing) -> bool:
    """Whether it stays."""
    return bool(mark(port, _KEPT))


def keep(inventory: Inventory, port: Thing) -> None:
    """It is about to be given to an instance.  What one has already was perhaps made
    for that."""
    if not port["device_id"] and not is_kept(port):
        with where_possible():
            set_marks(inventory, "ports", port, {_KEPT: "yes"})
